/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/account.h"
#include "helper/active.h"
#include "helper/class.h"
#include "helper/fit.h"
#include "helper/joined.h"
#include "helper/link.h"
#include "helper/netns.h"
#include "helper/nl.h"
#include "helper/op.h"
#include "helper/privs.h"
#include "helper/state.h"
#include "helper/tidy.h"
#include "helper/veth.h"
#include "helper/wire.h"

#define ATTEMPTS 3

/* A session that is being opened. */
struct opening {
	const struct conf *conf;
	const struct conf_session *session; /* NULL: none decides */
	bool always_confined; /* the user, whatever the service */
	struct active_stamp stamp; /* of what conf was loaded from */
	bool made; /* the user's namespace, just now */
	bool outdated; /* conf, while we worked */
};

static int load_conf(struct op *op, struct active_stamp *ret_stamp, struct conf **ret_conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	/* First: a stamp that is too old is found to be so later. */
	if (!r)
		r = active_stamp(op->conf, ret_stamp);
	if (!r)
		r = active_load(op->conf, diag, ret_conf);
	if (r == -ENOENT)
		return op_fail(op, -EINVAL, "no configuration is loaded (see netnsctl reload %s)",
			       op->conf);
	if (r)
		return op_fail(op, -EINVAL, "cannot read the active configuration in %s: %s",
			       NETNS_RUN, state_strerror(r));
	return 0;
}

/* The answer is the namespace that this thread is in by now.  It leads back to the host's. */
static int answer_self(struct op *op)
{
	int r = netns_open(NETNS_OF_SELF, &op->fds.fds[0], &op->answer.netns);

	op->fds.n = r == 0;
	if (r)
		return op_fail(op, r, "cannot open the new network namespace");
	/* Never the host's network by accident: whatever happened before, not with our answer. */
	if (op->answer.netns == op->host_inode)
		return op_fail(op, -EINVAL, "the new network namespace is the host's");
	/* A namespace is in use by those whom /proc shows in it: not by us. */
	if (setns(op->host_fd, CLONE_NEWNET) < 0)
		return op_fail(op, -errno, "cannot go back to the host's network");
	op->answer.result = PROTO_ENTER;
	return 0;
}

static int make_namespace(struct op *op)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	struct nl_batch batch;
	int r = privs_unshare_netns(op->request.uid);

	if (r)
		return op_fail(op, r, "cannot make a network namespace");
	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r) {
		nl_batch_init(&batch);
		link_put_up(&batch, LINK_LOOPBACK, NULL);
		r = nl_commit(socket, &batch, NULL);
	}
	return r ? op_fail(op, r, "cannot bring up lo") : 0;
}

static int enter(struct op *op, int fd, const char *whose)
{
	return setns(fd, CLONE_NEWNET) < 0 ? op_fail(op, -errno, "cannot enter the %s", whose) : 0;
}

/* Gives the thread's namespace a link.  It has none, and the user is locked. */
static int connect_user(struct op *op, const struct opening *o)
{
	struct fit fit = {
		.uid = op->request.uid,
		.user = op->request.name,
		.settings = &o->conf->settings,
		.policy = o->session->policy,
		.host_fd = op->host_fd,
		.netns_fd = -1,
		.live = o->always_confined,
	};
	_cleanup_close_ int fd = -1;
	uint64_t inode;
	int r;

	r = netns_open(NETNS_OF_SELF, &fd, &inode);
	if (r)
		return op_fail(op, r, "cannot open the new network namespace");
	fit.netns_fd = fd;
	r = fit_make(&fit);
	if (r == -ENOENT && !fit.step)
		return op_fail(op, -EINVAL,
			       "the firewall table is not loaded (see netnsctl reload)");
	if (r)
		return op_fail(op, r, "cannot %s", fit.step);
	account_new_link(fit.link, &op->answer.traffic);
	if (fit.taken)
		op_notice(op, "port %u leads to another user", fit.taken);
	return enter(op, fd, "user's network namespace");
}

/* What the user has no namespace for yet is made.  The user is locked. */
static int make_user(struct op *op, struct opening *o, const struct state *state)
{
	int r;

	r = make_namespace(op);
	if (r)
		return r;
	/* First: a sweep goes by the pins, and finds what we leave if we are killed. */
	r = state_pin(state, op->request.uid);
	if (r)
		return op_fail(op, r, "cannot pin the network namespace in %s/ns", NETNS_RUN);
	if (o->session->network == CONF_NET_VETH)
		r = connect_user(op, o);
	/* What is left all the same, the next sweep finds. */
	if (r)
		(void)tidy_take_back(state, op->host_fd, op->request.uid);
	o->made = r == 0;
	return r;
}

/*
 * A namespace with a link is for sessions with the link's policy; one without is
 * for those with nothing but loopback.  *ret_fits: whether the pinned one is for
 * this session.
 */
static int look_at_link(struct op *op, const struct conf_session *session, bool *ret_fits)
{
	struct link_view view = { 0 };
	int r;

	r = tidy_find_link(op->request.uid, &view);
	if (r && r != -ENODEV)
		return op_fail(op, r, "cannot look at the user's link");
	*ret_fits = session->network == CONF_NET_VETH
			    ? r == 0 && view.group == class_of_policy(session->policy->name)
			    : r == -ENODEV;
	if (*ret_fits)
		account_link(op->request.uid, &view, &op->answer.traffic);
	if (!*ret_fits && !r && session->network == CONF_NET_VETH)
		return op_fail(op, -EINVAL,
			       "the user has sessions with another policy than %s: a user's "
			       "sessions share one link",
			       session->policy->name);
	return 0;
}

/*
 * Of two networks of the user one is not pinned: when the other one goes, the tripwire
 * is to know the user still.  No session depends on it.
 */
static void note_both(struct op *op, const struct opening *o, const struct state *state)
{
	int r = o->always_confined && !op_is_in_table(op, o->conf)
			? joined_note_locked(state, op->request.uid)
			: 0;

	if (r)
		op_notice(op, "the firewall's tripwire is not set for the user: %s", strerror(-r));
}

/* The user's namespace, made if there is none.  The user is locked. */
static int enter_user(struct op *op, struct opening *o, const struct state *state)
{
	_cleanup_close_ int fd = -1;
	uint64_t inode;
	bool fits = false;
	int r;

	r = state_open_pin(state, op->request.uid, &fd, &inode);
	if (r == -ENOENT)
		return make_user(op, o, state);
	if (r)
		return op_fail(op, r, "cannot open the user's network namespace");
	r = look_at_link(op, o->session, &fits);
	if (r)
		return r;
	if (fits) {
		r = enter(op, fd, "user's network namespace");
		if (!r)
			state_unmark(state, STATE_IDLE, op->request.uid);
		return r;
	}
	note_both(op, o, state);
	/* Sessions by another service have a link, which is not for this one. */
	if (o->session->network != CONF_NET_VETH)
		return make_namespace(op);
	/* Sessions without a link keep their namespace, as private ones have it. */
	r = state_unpin(state, op->request.uid);
	if (r)
		return op_fail(op, r, "cannot unpin the user's network namespace");
	return make_user(op, o, state);
}

/* Takes back what was made by a configuration that is not in force any more. */
static int undo_user(struct op *op, struct opening *o, const struct state *state)
{
	int r = tidy_take_back(state, op->host_fd, op->request.uid);

	o->outdated = r == 0;
	return op_fail(op, r ? r : -EINVAL, "cannot keep up with changes of the configuration");
}

/*
 * A reload looks at those who are live when its configuration is in force
 * already: who came with the old one, and too late to be seen, has to notice.
 */
static int enter_current(struct op *op, struct opening *o, const struct state *state)
{
	int r = enter_user(op, o, state);

	if ((!r && !o->made) || active_is_same(op->conf, &o->stamp))
		return r;
	if (!r)
		return undo_user(op, o, state);
	/* Refused for what is not so any more, such as another policy of the link. */
	o->outdated = true;
	return r;
}

/* No session depends on it. */
static void note_live(struct op *op)
{
	int r = fit_note_live(op->request.uid);

	if (r)
		op_notice(op, "the firewall's tripwire is not set for the user: %s", strerror(-r));
}

/* What the session gets, which is ours until the asker has entered.  The user is locked. */
static int answer_user(struct op *op, const struct opening *o, const struct state *state)
{
	int r = answer_self(op);

	if (!r)
		r = op_hide(op, o->conf, o->session);
	if (r)
		return r;
	if (o->always_confined && o->session->network != CONF_NET_VETH)
		note_live(op);
	op->answer.shared = 1;
	/* Nobody waits for this one. */
	r = state_share(state, STATE_LOCK_ENTERING(op->request.uid));
	return r ? op_fail(op, r, "cannot lock uid %u in %s/lock", op->request.uid, NETNS_RUN) : 0;
}

static int open_user(struct op *op, struct opening *o)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	int r;

	r = state_open(&state, true);
	if (r)
		return op_fail_state(op, r);
	r = state_lock(&state, STATE_LOCK_USER(op->request.uid), true);
	if (r)
		return op_fail(op, r, "cannot lock uid %u in %s/lock", op->request.uid, NETNS_RUN);
	r = enter_current(op, o, &state);
	if (r)
		return r;
	r = answer_user(op, o, &state);
	if (r && o->made)
		(void)tidy_take_back(&state, op->host_fd, op->request.uid);
	if (r)
		return r;
	state_unlock(&state, STATE_LOCK_USER(op->request.uid));
	op->entering_fd = steal_fd(&state.lock);
	return 0;
}

static int open_private(struct op *op, const struct opening *o)
{
	int r = make_namespace(op);

	if (!r)
		r = answer_self(op);
	return r ? r : op_hide(op, o->conf, o->session);
}

static int open_host(struct op *op)
{
	op->answer.result = PROTO_ENTER;
	op->answer.host = 1;
	op->answer.netns = op->host_inode;
	op->fds = (struct wire_fds){ .fds = { steal_fd(&op->host_fd) }, .n = 1 };
	return 0;
}

static int open_network(struct op *op, struct opening *o)
{
	switch (o->session ? o->session->network : CONF_NET_HOST) {
	case CONF_NET_HOST:
		return open_host(op);
	case CONF_NET_STAY:
		op->answer.result = PROTO_STAY;
		return 0;
	case CONF_NET_LOOPBACK:
		return o->session->private ? open_private(op, o) : open_user(op, o);
	case CONF_NET_VETH:
		return open_user(op, o);
	case CONF_NET_JOIN:
		return op_open_join(op, o->conf, o->session, o->always_confined);
	}
	return op_fail(op, -EINVAL, "the configuration names an unknown network");
}

/* "set on-error seal": an empty network instead of a refusal. */
static int open_sealed(struct op *op, const struct conf *conf, int error)
{
	char reason[PROTO_TEXT_MAX];

	memcpy(reason, op->answer.text, sizeof(reason));
	if (privs_unshare_netns(op->request.uid) < 0 || answer_self(op) || op_hide(op, conf, NULL))
		return error;
	op->mode = "sealed";
	op_notice(op, "sealed: %.200s", reason);
	return 0;
}

static int open_once(struct op *op, bool *ret_outdated)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	const struct conf_subject subject = {
		.name = op->request.name,
		.uid = op->request.uid,
		.gids = op->gids,
		.n_gids = op->request.n_gids,
		.service = op->request.service,
	};
	struct opening o = { 0 };
	int r;

	r = load_conf(op, &o.stamp, &conf);
	if (r)
		return r;
	o.conf = conf;
	o.session = conf_match(conf, &subject);
	account_network(op, o.session);
	o.always_confined = conf_always_confines(conf, &subject);
	r = open_network(op, &o);
	*ret_outdated = o.outdated;
	if (r && !o.outdated && conf->settings.on_error == CONF_ON_ERROR_SEAL)
		r = open_sealed(op, conf, r);
	if (op->answer.result == PROTO_ENTER && !op->answer.host)
		op->answer.families = conf_families(&conf->settings);
	return r;
}

int op_open(struct op *op)
{
	const struct proto_answer before = op->answer; /* it may have a notice */
	bool outdated = true;
	int r = 0;

	for (unsigned attempt = 0; attempt < ATTEMPTS && outdated; attempt++) {
		op->answer = before;
		outdated = false;
		r = open_once(op, &outdated);
	}
	if (r)
		return r;
	/* All that is left is to wait for the asker. */
	r = privs_drop_final();
	return r ? op_fail(op, r, "cannot drop the last capabilities") : 0;
}

void op_open_after(struct op *op)
{
	(void)op;
	/* Nothing is read: readable means that the asker is gone, or breaks the rules. */
	(void)wire_wait(PROTO_CHANNEL_FD, PROTO_DEADLINE_MS);
}
