/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct conf;
struct diag;
struct parse_text;

/*
 * The configuration, netns.conf(5), as a tree.  Lists keep the order of the
 * file.  A struct conf owns everything below it; conf_free() gives it back.
 */

/* Where a word stands.  Lines and columns count from 1, columns in bytes. */
struct conf_place {
	const char *file; /* owned by the conf or the diag; never NULL */
	unsigned line;
	unsigned column;
	unsigned length; /* of the word, for the caret line */
};

/* An IPv4 or IPv6 prefix in network byte order; host bits are zero. */
struct conf_prefix {
	int family; /* AF_INET or AF_INET6 */
	unsigned length;
	uint8_t bytes[16];
};

/* "192.0.2.0/24"; an address without its length.  Returns text. */
#define CONF_PREFIX_TEXT_MAX 64
const char *conf_prefix_format(const struct conf_prefix *prefix, char text[CONF_PREFIX_TEXT_MAX]);
bool conf_prefix_contains(const struct conf_prefix *outer, const struct conf_prefix *inner);
bool conf_prefix_equal(const struct conf_prefix *a, const struct conf_prefix *b);

/* One member of an address list: a prefix, or the name of another list. */
struct conf_member {
	struct conf_place place;
	char *name; /* NULL: a prefix */
	const struct conf_addresses *list; /* what name stands for, after conf_parse() */
	struct conf_prefix prefix;
};

struct conf_addresses {
	struct conf_place place;
	char *name;
	struct conf_member *members;
	size_t n_members;
	bool used; /* by a rule, directly or through another list */
	size_t index; /* of the list in the conf */
};

enum conf_target_kind {
	CONF_TARGET_ANY,
	CONF_TARGET_HOST,
	CONF_TARGET_USERS,
	CONF_TARGET_METADATA,
	CONF_TARGET_PRIVATE,
	CONF_TARGET_LIST,
	CONF_TARGET_PREFIX,
};

struct conf_target {
	struct conf_place place;
	enum conf_target_kind kind;
	char *name; /* of the list */
	const struct conf_addresses *list; /* after conf_parse() */
	struct conf_prefix prefix;
};

enum conf_proto {
	CONF_PROTO_TCP,
	CONF_PROTO_UDP,
	CONF_PROTO_ICMP, /* ICMP and ICMPv6 */
};

/* A protocol with an inclusive range of ports; icmp has none (0-0). */
struct conf_service {
	struct conf_place place;
	enum conf_proto proto;
	uint16_t first;
	uint16_t last;
};

enum conf_direction {
	CONF_OUT,
	CONF_IN,
};

enum conf_verb {
	CONF_ALLOW,
	CONF_DENY, /* out: answered with a reset or an ICMP error; in: dropped */
	CONF_DROP,
};

struct conf_rule {
	enum conf_direction direction;
	enum conf_verb verb;
	bool log;
	struct conf_target *targets; /* none means any */
	size_t n_targets;
	struct conf_service *services; /* none means all allowed protocols */
	size_t n_services;
};

struct conf_publish {
	enum conf_proto proto; /* tcp or udp */
	uint16_t port; /* on the host */
	uint16_t to_port; /* in the session */
	struct conf_target *from; /* none means any */
	size_t n_from;
};

enum conf_dns_kind {
	CONF_DNS_AUTO,
	CONF_DNS_NONE,
	CONF_DNS_ADDRESSES,
};

struct conf_dns {
	enum conf_dns_kind kind;
	struct conf_prefix *servers; /* of full length */
	size_t n_servers;
};

/* Bytes per second; 0 means unlimited. */
struct conf_rate {
	uint64_t up;
	uint64_t down;
};

enum conf_statement_kind {
	CONF_USE,
	CONF_RULE,
	CONF_PUBLISH,
	CONF_DNS,
	CONF_RATE,
	CONF_CONNECTIONS,
	CONF_NAT_PORTS,
};

struct conf_statement {
	struct conf_place place;
	enum conf_statement_kind kind;
	union {
		struct {
			char *name;
			const struct conf_policy *policy; /* after conf_parse() */
		} use;
		struct conf_rule rule;
		struct conf_publish publish;
		struct conf_dns dns;
		struct conf_rate rate;
		uint32_t connections;
		uint16_t nat_ports;
	};
};

struct conf_policy {
	struct conf_place place;
	char *name;
	struct conf_statement *statements;
	size_t n_statements;
	bool used; /* by a session line, directly or through "use" */
	size_t index; /* of the policy in the conf */
};

/*
 * Goes through the statements of a policy in the order in which they count,
 * those of the policies it uses behind the CONF_USE that names them.  The
 * parser has seen to it that this ends.
 */
#define CONF_NESTING_MAX 32U
struct conf_walk {
	const struct conf_policy *policies[CONF_NESTING_MAX];
	size_t next[CONF_NESTING_MAX]; /* statement of each */
	unsigned depth; /* of the last statement; 0: it is the policy's own */
	const struct conf_policy *entering; /* after CONF_USE; NULL leaves it out */
};
void conf_walk_start(struct conf_walk *walk, const struct conf_policy *policy);
const struct conf_statement *conf_walk_next(struct conf_walk *walk); /* NULL: the end */

/*
 * The statement of a kind of which a policy has one, CONF_DNS for instance, that holds
 * for a policy, or NULL.  Its own comes before one that it has by "use",
 * wherever the two stand, so that a policy can change what it builds on.
 */
const struct conf_statement *conf_policy_find(const struct conf_policy *policy,
					      enum conf_statement_kind kind);

/* Who answers the name queries of a policy's sessions: its own word, or else "set dns". */
const struct conf_dns *conf_policy_dns(const struct conf *conf, const struct conf_policy *policy);

enum conf_who_kind {
	CONF_WHO_ANY,
	CONF_WHO_USER, /* by name */
	CONF_WHO_GROUP, /* by name; has_id after conf_resolve() */
	CONF_WHO_UIDS, /* first to last, inclusive */
	CONF_WHO_GID, /* first */
};

struct conf_who {
	struct conf_place place;
	enum conf_who_kind kind;
	char *name;
	uint32_t first;
	uint32_t last;
	bool has_id; /* USER or GROUP: first holds its id */
};

enum conf_network {
	CONF_NET_HOST,
	CONF_NET_STAY,
	CONF_NET_LOOPBACK,
	CONF_NET_VETH,
	CONF_NET_JOIN,
};

struct conf_session {
	struct conf_place place;
	struct conf_who *who;
	size_t n_who;
	char **services; /* PAM service names or globs; none means every one */
	size_t n_services;
	enum conf_network network;
	bool private; /* loopback private */
	char *name; /* of the policy (veth) or of the namespace (join) */
	struct conf_place name_place;
	const struct conf_policy *policy; /* veth, after conf_parse() */
};

enum conf_on_error {
	CONF_ON_ERROR_REFUSE,
	CONF_ON_ERROR_SEAL, /* an empty network instead */
};

enum conf_setting {
	CONF_SETTING_POOL4,
	CONF_SETTING_POOL6,
	CONF_SETTING_UPLINK,
	CONF_SETTING_DNS,
	CONF_SETTING_LINGER,
	CONF_SETTING_ON_ERROR,
	CONF_SETTING_FAMILIES,
	CONF_SETTING_HIDE,
	N_CONF_SETTINGS,
};

/* Of "set hide": more is not carried to a session. */
#define CONF_HIDE_MAX      24U
#define CONF_HIDE_PATH_MAX 250U

/* The "set" lines.  A member that is not set has its default. */
struct conf_settings {
	struct conf_prefix pool4;
	struct conf_prefix pool6;
	char **uplinks; /* none means every link */
	size_t n_uplinks;
	struct conf_dns dns;
	uint32_t linger; /* seconds */
	enum conf_on_error on_error;
	bool any_family;
	char **families; /* lower-case names after AF_ */
	size_t n_families;
	bool hide_default;
	char **hide; /* absolute paths */
	size_t n_hide;
	uint32_t is_set; /* a bit for each enum conf_setting */
	struct conf_place set_at[N_CONF_SETTINGS]; /* of the keyword; line 0: not set */
};

/*
 * What the configuration was read from: each file, and each directory that an
 * include looked into.  Two equal lists mean the same configuration.
 */
struct conf_source {
	char *path; /* absolute */
	bool exists;
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

struct conf {
	struct conf_settings settings;
	struct conf_addresses **addresses;
	size_t n_addresses;
	struct conf_policy **policies;
	size_t n_policies;
	struct conf_session **sessions;
	size_t n_sessions;
	struct conf_source *sources;
	size_t n_sources;
	char **file_names; /* what places point to */
	size_t n_file_names;
	struct parse_text *texts; /* of the files, for what is said later of their lines */
	size_t n_texts;
};

/*
 * An include is answered by the caller of conf_parse(): the parser itself does
 * no input or output.  The function calls conf_parse_text() for each file that
 * the pattern names, in order, and returns 0 or a negative errno; a failure it
 * has explained in diag is -EINVAL.
 */
struct conf_parser;
typedef int conf_include_fn(struct conf_parser *p, const char *pattern, const struct conf_place *at,
			    void *userdata);

/*
 * Parses text (length bytes, need not end in NUL, must contain none) under the
 * name file, adds what is wrong with it to diag, and checks the whole:
 * references, duplicates, cycles, what is unused or can never match.
 * Returns 0 with *ret_conf (even when there are warnings), -EINVAL when diag
 * holds errors, -ENOMEM.
 */
int conf_parse(const char *file, const char *text, size_t length, conf_include_fn *include,
	       void *userdata, struct diag *diag, struct conf **ret_conf);
int conf_parse_text(struct conf_parser *p, const char *file, const char *text, size_t length);
struct diag *conf_parser_diag(struct conf_parser *p);
struct conf *conf_parser_conf(struct conf_parser *p);

void conf_free(struct conf *conf);
void conf_free_p(struct conf **conf);

enum conf_load_flags {
	/*
	 * The file and its directory must be a regular file and a directory of
	 * root's that nobody else may write, and no symbolic link: an error
	 * without it is a warning.
	 */
	CONF_LOAD_TRUSTED = 1 << 0,
	/* Skip the search for what is unused or unreachable: the text is our own. */
	CONF_LOAD_QUICK = 1 << 1,
};

/*
 * Reads and parses path and what it includes.  Never blocks on a FIFO or a
 * device, never reads more than CONF_FILE_MAX bytes of a file.  Returns as
 * conf_parse() does, or the negative errno of opening path (-ENOENT, ...)
 * which is in diag too.
 */
#define CONF_FILE_MAX  (4U << 20)
#define CONF_FILES_MAX 256U
int conf_load(const char *path, unsigned flags, struct diag *diag, struct conf **ret_conf);

/* Fills all but path. A path that does not exist is no failure: exists is false. */
int conf_source_stat(struct conf_source *source);

/*
 * Looks user and group names up (NSS): gives every @GROUP its gid and every
 * user name that exists now its uid.  A group that does not exist is an error,
 * since its line would silently match nobody; but a warning in a line for the
 * host's network: whom that line misses is no freer by it.  A failing look-up
 * is an error anywhere.
 */
int conf_resolve(struct conf *conf, struct diag *diag);

/* Who logs in, by which PAM service. */
struct conf_subject {
	const char *name;
	uint32_t uid;
	const uint32_t *gids; /* the primary one too */
	size_t n_gids;
	const char *service; /* NULL: unknown, so lines with "via" do not match */
};

/* The first session line that matches, or NULL: none does, which means host. */
const struct conf_session *conf_match(const struct conf *conf, const struct conf_subject *subject);

/*
 * The lines that decide over sessions of the subject by one service or another,
 * in order; *next starts at 0.  NULL: there are no more.  The last one is for
 * every service, or else the services that none names get the host's network.
 */
const struct conf_session *conf_match_some(const struct conf *conf,
					   const struct conf_subject *subject, size_t *next);

/* Whether the network is not the host's, nor its caller's. */
bool conf_confines(const struct conf_session *session);
/* Whether no service at all gives the subject the host's network, or its caller's. */
bool conf_always_confines(const struct conf *conf, const struct conf_subject *subject);

/* Of the sockets of confined sessions: a bit each, by the number of the AF_; 0 for any. */
uint64_t conf_families(const struct conf_settings *settings);

/* Whether any line gives that network. */
bool conf_has_network(const struct conf *conf, enum conf_network network);

/* "host", "stay", "loopback", "veth", "join" */
const char *conf_network_name(enum conf_network network);

#endif
