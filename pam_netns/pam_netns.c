/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "conf/base.h"
#include "helper/argument.h"
#include "helper/client.h"
#include "helper/proto.h"
#include "helper/wire.h"
#include "pam_netns/account.h"
#include "pam_netns/caller.h"
#include "pam_netns/families.h"
#include "pam_netns/opened.h"
#include "pam_netns/session.h"
#include "pam_netns/user.h"

/*
 * pam_netns(8).  Who gets which network is the helper's business; ours is that
 * the session gets that one, an empty one, or an error.  The rule of this file:
 * for a user who is not exempt, open_session() succeeds only behind
 * session_enter() or the helper's explicit PROTO_STAY, and every other way out
 * leads through refuse().
 */

struct args {
	const char *conf; /* NULL: the default */
	const char *exempt[ARGUMENT_GROUPS_MAX];
	size_t n_exempt;
	bool debug;
	bool quiet; /* nothing is said to the user */
	const char *bad; /* an argument that we do not know */
};

/* One call of open or close. */
struct call {
	pam_handle_t *pamh;
	struct args args;
	struct caller caller;
	struct session *session; /* owned by the PAM handle */
	struct user user;
	char quoted[USER_QUOTED_MAX];
	struct proto_answer answer; /* nothing but zeros: there is none yet */
};

static void call_done(struct call *c)
{
	user_done(&c->user);
	caller_return(&c->caller);
}

static void args_parse(struct args *a, int flags, int argc, const char **argv)
{
	a->quiet = (flags & PAM_SILENT) != 0;
	for (int i = 0; i < argc; i++) {
		const char *value;
		enum argument argument = argument_parse(argv[i], &value);

		if (argument == ARGUMENT_DEBUG)
			a->debug = true;
		else if (argument == ARGUMENT_QUIET)
			a->quiet = true;
		else if (argument == ARGUMENT_CONF)
			a->conf = value;
		else if (argument == ARGUMENT_EXEMPT_GROUP && a->n_exempt < ARGUMENT_GROUPS_MAX)
			a->exempt[a->n_exempt++] = value;
		else
			a->bad = argv[i];
	}
}

static void debug(const struct call *c, const char *format, ...) PRINTF_LIKE(2, 3);
static void debug(const struct call *c, const char *format, ...)
{
	va_list args;

	if (!c->args.debug)
		return;
	va_start(args, format);
	pam_vsyslog(c->pamh, LOG_DEBUG, format, args);
	va_end(args);
}

/*
 * Not even an empty network is to be had, and whoever called us may go on in
 * the host's: a stack that says "optional", a program that ignores errors.
 * Nothing is left but to end it.  A caller without privilege gives nobody a
 * session that they could not have anyway.
 */
static void end_caller(const struct call *c, int error)
{
	pam_syslog(c->pamh, LOG_CRIT, "user %s: cannot enter an empty network: %s%s", c->quoted,
		   strerror(-error), geteuid() == 0 ? "; process ended" : "");
	if (geteuid() != 0)
		return;
	kill(getpid(), SIGKILL);
	/* A filter of system calls may let nobody kill. */
	_exit(PAM_SYSTEM_ERR);
}

static struct account account_of(const struct call *c)
{
	struct account a = {
		.user = c->user.name,
		.has_uid = c->user.name != NULL,
		.uid = c->user.uid,
		.mode = c->answer.mode,
		.name = c->answer.name,
	};
	const void *name = NULL;

	if (!a.user && pam_get_item(c->pamh, PAM_USER, &name) == PAM_SUCCESS)
		a.user = name;
	return a;
}

/* Every failure for a user who is not exempt ends here. */
static int refuse(struct call *c, const char *format, ...) PRINTF_LIKE(2, 3);
static int refuse(struct call *c, const char *format, ...)
{
	const struct account account = account_of(c);
	char text[2 * PROTO_TEXT_MAX];
	va_list args;
	int r;

	/* Before anything else: our result may be ignored by the stack or by the caller. */
	r = session_seal();
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pam_syslog(c->pamh, LOG_ERR, "user %s: %s; the session is refused", c->quoted, text);
	account_refuse(c->pamh, &account, text);
	if (!c->args.quiet)
		pam_error(c->pamh, "The network of your session could not be set up; "
				   "please tell the administrator of this machine.");
	if (r)
		end_caller(c, r);
	return PAM_SYSTEM_ERR;
}

static bool is_exempt(struct call *c)
{
	if (c->user.uid == 0)
		return true;
	for (size_t i = 0; i < c->args.n_exempt; i++) {
		int r = user_is_in(&c->user, c->pamh, c->args.exempt[i]);

		if (r > 0)
			return true;
		if (r < 0)
			pam_syslog(c->pamh, LOG_WARNING,
				   "no such group: exempt_group=%s exempts nobody",
				   c->args.exempt[i]);
	}
	return false;
}

/* Never an error: a broken set-up must not lock the administrator out. */
static int open_exempt(struct call *c)
{
	struct account account = account_of(c);
	int r = session_enter_host();

	/* Who sets it up is often exempt, and would see nothing of it. */
	if (c->args.bad)
		pam_syslog(c->pamh, LOG_ERR,
			   "unusable module argument '%s': all others are refused", c->args.bad);
	if (r)
		pam_syslog(c->pamh, LOG_WARNING, "user %s is exempt but stays where it is: %s",
			   c->quoted, strerror(-r));
	else
		debug(c, "user %s is exempt", c->quoted);
	account.exempt = true;
	account.mode = r ? "stay" : "host";
	if (c->session)
		account_open(c->pamh, c->session, &account, NULL);
	return PAM_SUCCESS;
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

static int fill_request(const struct call *c, struct proto_request *q)
{
	const void *service = NULL;

	if (pam_get_item(c->pamh, PAM_SERVICE, &service) != PAM_SUCCESS || !service)
		return -EINVAL;
	/* A name cut short could match another line. */
	if (strlen(service) >= sizeof(q->service))
		return -ENAMETOOLONG;
	q->op = PROTO_OPEN;
	q->uid = c->user.uid;
	copy_text(q->name, sizeof(q->name), c->user.name);
	copy_text(q->service, sizeof(q->service), service);
	copy_text(q->conf, sizeof(q->conf), c->args.conf ? c->args.conf : "");
	return 0;
}

/* Has the session see files of its own, where the answer brings any. */
static int enter_mounts(struct call *c, const struct wire_fds *fds)
{
	const struct proto_answer *answer = &c->answer;
	struct mounts *mounts = &c->session->mounts;
	const char *step;
	const char *path;
	int r;

	/* Of a session that was not closed. */
	r = mounts_leave(mounts);
	if (r)
		return refuse(c, "cannot go back to the mounts of before: %s", strerror(-r));
	if (answer->n_mounts == 0)
		return PAM_SUCCESS;
	r = mounts_enter(mounts, c->user.uid, answer->mounts, fds->fds + 1, answer->n_mounts, &step,
			 &path);
	if (r)
		return refuse(c, "cannot %s%s%s: %s", step, path ? " " : "", path ? path : "",
			      strerror(-r));
	if (path)
		pam_syslog(c->pamh, LOG_WARNING,
			   "user %s: there is no %s here that the session's could replace",
			   c->quoted, path);
	debug(c, "user %s has %u files of the session's own", c->quoted, answer->n_mounts);
	return PAM_SUCCESS;
}

static int enter_answer(struct call *c, struct client *client, const struct wire_fds *fds)
{
	const struct proto_answer *answer = &c->answer;
	int r = session_enter(fds->fds[0], answer->netns, answer->host == 1);
	int restricted = r ? 0 : families_restrict(answer->families);
	struct account account;

	/* Stopped for so long that the helper has gone: the user's next login may get another. */
	if (!r && !client_is_held(client))
		r = -ETIMEDOUT;
	/* From now on we keep the namespace from being tidied ourselves. */
	client_done(client);
	c->session->uid = c->user.uid;
	c->session->tidy = answer->shared == 1;
	if (r)
		r = refuse(c, "cannot enter network namespace %llu: %s",
			   (unsigned long long)answer->netns, strerror(-r));
	else if (restricted)
		r = refuse(c, "cannot restrict the families of sockets: %s", strerror(-restricted));
	else
		r = enter_mounts(c, fds);
	if (r == PAM_SUCCESS) {
		debug(c, "user %s is in network namespace %llu%s", c->quoted,
		      (unsigned long long)answer->netns, answer->host ? " (the host's)" : "");
		account = account_of(c);
		account.netns = answer->netns;
		account_open(c->pamh, c->session, &account, &answer->traffic);
	} else {
		/* The caller will not close what did not open. */
		opened_tidy(c->pamh, c->session);
	}
	return r;
}

static int open_asked(struct call *c)
{
	_cleanup_(client_done) struct client client = CLIENT_INIT;
	_cleanup_(wire_fds_done) struct wire_fds fds = { .n = 0 };
	struct proto_request request = { 0 };
	struct proto_answer *answer = &c->answer;
	struct account account;
	int r;

	r = fill_request(c, &request);
	if (r)
		return refuse(c, "unusable name of the PAM service: %s", strerror(-r));
	r = client_ask(&client, &request, c->user.gids, (uint32_t)c->user.n_gids, answer, &fds);
	if (r || answer->result == PROTO_FAILED)
		return refuse(c, "%s", answer->text);
	if (answer->text[0])
		pam_syslog(c->pamh, LOG_WARNING, "user %s: %s", c->quoted, answer->text);
	if (answer->result == PROTO_STAY) {
		debug(c, "user %s stays in the caller's network", c->quoted);
		account = account_of(c);
		account_open(c->pamh, c->session, &account, NULL);
		return PAM_SUCCESS;
	}
	if (answer->result == PROTO_ENTER)
		return enter_answer(c, &client, &fds);
	return refuse(c, "the helper answered something else");
}

static int open_session(struct call *c)
{
	const void *name = NULL;
	int borrowed = caller_borrow(&c->caller);
	int noted;
	int groups;
	int r;

	pam_get_item(c->pamh, PAM_USER, &name);
	user_quote(name, c->quoted);
	/* First of all, so that close_session finds back from wherever we end. */
	noted = opened_begin(c->pamh, &c->session);
	r = user_find(c->pamh, &c->user);
	if (r)
		return refuse(c, "cannot find the user in the user data base: %s", strerror(-r));
	groups = user_find_groups(&c->user);
	if (is_exempt(c))
		return open_exempt(c);

	if (borrowed)
		return refuse(c, "the caller's limits are too low, and cannot be raised: %s",
			      strerror(-borrowed));
	if (noted)
		return refuse(c, "cannot tell which network the caller is in: %s",
			      strerror(-noted));
	if (groups == -E2BIG)
		return refuse(c, "the user is in more than %d groups", PROTO_GIDS_MAX);
	if (groups)
		return refuse(c, "cannot find the user's groups: %s", strerror(-groups));
	if (c->args.bad)
		return refuse(c, "unusable module argument '%s'", c->args.bad);
	r = session_check_single_thread();
	if (r)
		return refuse(c, "the calling process has more than one thread: %s", strerror(-r));
	return open_asked(c);
}

PAM_EXTERN __attribute__((visibility("default"))) int pam_sm_open_session(pam_handle_t *pamh,
									  int flags, int argc,
									  const char **argv)
{
	_cleanup_(call_done) struct call c = { .pamh = pamh };
	int r;

	args_parse(&c.args, flags, argc, argv);
	r = open_session(&c);
	if (r == PAM_SUCCESS && c.session)
		c.session->open = true;
	return r;
}

PAM_EXTERN __attribute__((visibility("default"))) int pam_sm_close_session(pam_handle_t *pamh,
									   int flags, int argc,
									   const char **argv)
{
	struct call c = { .pamh = pamh };
	int r;

	args_parse(&c.args, flags, argc, argv);
	c.session = opened_last(pamh);
	if (!c.session) {
		debug(&c, "nothing to close");
		return PAM_SUCCESS;
	}
	if (session_is_covered(c.session))
		pam_syslog(pamh, LOG_WARNING,
			   "closed before a session that was opened later; the process goes back "
			   "when that one is closed");
	r = session_restore(c.session);
	opened_tidy(pamh, c.session);
	if (!r)
		opened_end(pamh);
	/* Without privilege it cannot go back; systemd's (sd-pam) is about to end anyway. */
	if (r && geteuid() == 0) {
		pam_syslog(pamh, LOG_ERR,
			   "cannot go back to the network and the mounts of before: %s",
			   strerror(-r));
		return PAM_SYSTEM_ERR;
	}
	return PAM_SUCCESS;
}
