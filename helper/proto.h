/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_PROTO_H
#define HELPER_PROTO_H

#include <stddef.h>
#include <stdint.h>

/*
 * The contract between whoever asks (the PAM module, netnsctl) and
 * netns-helper: one SOCK_SEQPACKET socketpair, one request with the asker's
 * credentials, one answer with exactly the descriptors that it announces.  Both
 * ends come from one build, so a different version is an error and nothing is
 * negotiated.  Unused bytes are zero; text is NUL-terminated.
 */

#define PROTO_VERSION     1
#define PROTO_CHANNEL_FD  3 /* the helper finds its end here */
#define PROTO_GIDS_MAX    16384
#define PROTO_NAME_MAX    256 /* with the NUL: LOGIN_NAME_MAX */
#define PROTO_SERVICE_MAX 256
#define PROTO_PATH_MAX    256
#define PROTO_TEXT_MAX    256
#define PROTO_MOUNTS_MAX  64
#define PROTO_MODE_MAX    16

/* Within this an operation is over: answered, or its helper killed. */
#define PROTO_DEADLINE_MS 5000

enum proto_op {
	PROTO_OPEN = 1, /* a session begins: which network does it get? */
	PROTO_CLOSE, /* a session ended, or did not begin: tidy the user's namespace */
	PROTO_SWEEP, /* tidy every namespace that nobody is in */
};

/* Followed by n_gids gids; the message has exactly that size. */
struct proto_request {
	uint32_t version;
	uint32_t op;
	uint32_t uid; /* OPEN, CLOSE */
	uint32_t n_gids; /* OPEN: the user's groups, the primary one too */
	uint32_t link; /* CLOSE: that of the session, see below; 0: nothing is to be counted */
	uint32_t unused;
	char name[PROTO_NAME_MAX]; /* OPEN: from the passwd entry */
	char service[PROTO_SERVICE_MAX]; /* OPEN: PAM_SERVICE */
	char conf[PROTO_PATH_MAX]; /* OPEN: another netns.conf, or empty */
};

enum proto_result {
	PROTO_ENTER = 1, /* enter the namespace that comes with the answer, with its mounts */
	PROTO_STAY, /* no change, no descriptor */
	PROTO_DONE, /* CLOSE, SWEEP: no descriptor */
	PROTO_FAILED, /* no descriptor; text says why */
};

/*
 * What the session sees at a path instead of what is there; nothing, where
 * nothing is there.  Its descriptor is a mount that is attached nowhere.  The
 * path is absolute and has no other way to be written, see answer.c.  Where not only
 * root can rename what is there, others is 1, and no session depends on it.
 */
struct proto_mount {
	char path[PROTO_PATH_MAX];
	uint32_t others;
	uint32_t unused;
};

/*
 * What has passed the user's link since it was made; out is what the user has sent.
 * What was denied is counted by the firewall's table, which a reload makes anew.
 */
struct proto_traffic {
	uint32_t link; /* its index; 0: there is no link, and nothing of the rest */
	uint32_t knows_denied; /* 1: the last two are so */
	uint64_t bytes_out;
	uint64_t bytes_in;
	uint64_t packets_out;
	uint64_t packets_in;
	uint64_t denied; /* packets */
	uint64_t table; /* that has counted them; 0: there is none */
};

/*
 * Sent as far as its mounts go.  ENTER has a descriptor for the namespace and
 * one for each mount, in this order.
 */

struct proto_answer {
	uint32_t version;
	uint32_t result;
	uint32_t host; /* ENTER: 1 when the namespace is the host's, on purpose */
	uint32_t shared; /* ENTER: 1 when it is kept for the user's other sessions: ask CLOSE later
			  */
	uint32_t count; /* CLOSE, SWEEP: namespaces removed */
	uint32_t n_mounts; /* ENTER, and never into the host's namespace */
	uint64_t netns; /* ENTER: inode of the namespace */
	uint64_t families; /* ENTER, not the host's: of sockets to be had, see below; 0: all */
	struct proto_traffic traffic; /* ENTER, CLOSE */
	char text[PROTO_TEXT_MAX]; /* for the log; a notice, or why it failed */
	char mode[PROTO_MODE_MAX]; /* OPEN: what the session gets, or would have; may be empty */
	char name[PROTO_NAME_MAX]; /* OPEN: of the policy, or of the namespace it joins */
	struct proto_mount mounts[PROTO_MOUNTS_MAX];
};

/* Families of sockets: a bit each, by the number of the AF_. */
#define PROTO_FAMILY(n) (UINT64_C(1) << (n))

/* Whether the module knows this architecture's system calls, so that it can restrict them. */
#if (defined(__x86_64__) && defined(__LP64__)) || (defined(__aarch64__) && defined(__LP64__)) || \
	defined(__ARM_EABI__) || (defined(__riscv) && __riscv_xlen == 64) ||                     \
	(defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) ||                 \
	defined(__loongarch_lp64)
#define PROTO_HAS_FAMILIES 1
#else
#define PROTO_HAS_FAMILIES 0
#endif

#define PROTO_ANSWER_SIZE(n_mounts) \
	(offsetof(struct proto_answer, mounts) + (n_mounts) * sizeof(struct proto_mount))

#endif
