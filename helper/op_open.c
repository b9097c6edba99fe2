/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/link.h"
#include "helper/netns.h"
#include "helper/op.h"
#include "helper/privs.h"
#include "helper/state.h"
#include "helper/wire.h"

static int load_conf(struct op *op, struct conf **ret_conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	if (!r)
		r = active_load(op->conf, diag, ret_conf);
	if (r == -ENOENT)
		return op_fail(op, -EINVAL, "no configuration is loaded (see netnsctl check %s)",
			       op->conf);
	if (r)
		return op_fail(op, -EINVAL, "cannot read the active configuration in %s: %s",
			       NETNS_RUN, state_strerror(r));
	return 0;
}

/* The answer is the namespace that this thread is in by now.  It leads back to the host's. */
static int answer_self(struct op *op)
{
	int r = netns_open(NETNS_OF_SELF, &op->answer_fd, &op->answer.netns);

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

/*
 * The kernel counts namespaces by the effective uid of their maker
 * (user.max_net_namespaces): those of a user, who can keep them alive by
 * descriptors, are not to use up root's.  What we may do hangs on capabilities
 * (SECBIT_NO_SETUID_FIXUP), and who may signal us on the other two uids.
 */
static int unshare_as(uid_t uid)
{
	int r = 0;

	if (setresuid((uid_t)-1, uid, (uid_t)-1) < 0)
		return -errno;
	if (unshare(CLONE_NEWNET) < 0)
		r = -errno;
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0)
		return -errno;
	return r;
}

static int make_loopback(struct op *op)
{
	int r = unshare_as(op->request.uid);

	if (r)
		return op_fail(op, r, "cannot make a network namespace");
	r = link_up_loopback();
	return r ? op_fail(op, r, "cannot bring up lo") : 0;
}

/* The user's own namespace, made if there is none.  The user is locked. */
static int enter_user(struct op *op, const struct state *state)
{
	_cleanup_close_ int fd = -1;
	uint64_t inode;
	int r;

	r = state_open_pin(state, op->request.uid, &fd, &inode);
	if (!r) {
		if (setns(fd, CLONE_NEWNET) < 0)
			return op_fail(op, -errno, "cannot enter the user's network namespace");
		state_clear_idle(state, op->request.uid);
		return 0;
	}
	if (r != -ENOENT)
		return op_fail(op, r, "cannot open the user's network namespace");
	r = make_loopback(op);
	if (r)
		return r;
	/* Last, so that what is pinned is complete even if we are killed here. */
	r = state_pin(state, op->request.uid);
	return r ? op_fail(op, r, "cannot pin the network namespace in %s/ns", NETNS_RUN) : 0;
}

static int open_loopback(struct op *op)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	int r;

	r = state_open(&state, true);
	if (r)
		return op_fail_state(op, r);
	r = state_lock(&state, STATE_LOCK_USER(op->request.uid), true);
	if (r)
		return op_fail(op, r, "cannot lock uid %u in %s/lock", op->request.uid, NETNS_RUN);
	r = enter_user(op, &state);
	if (!r)
		r = answer_self(op);
	if (r)
		return r;
	op->answer.shared = 1;
	/* Nobody waits for this one, so it is ours until the asker has entered. */
	r = state_share(&state, STATE_LOCK_ENTERING(op->request.uid));
	if (r)
		return op_fail(op, r, "cannot lock uid %u in %s/lock", op->request.uid, NETNS_RUN);
	state_unlock(&state, STATE_LOCK_USER(op->request.uid));
	op->entering_fd = steal_fd(&state.lock);
	return 0;
}

static int open_private(struct op *op)
{
	int r = make_loopback(op);

	return r ? r : answer_self(op);
}

static int open_host(struct op *op)
{
	op->answer.result = PROTO_ENTER;
	op->answer.host = 1;
	op->answer.netns = op->host_inode;
	op->answer_fd = steal_fd(&op->host_fd);
	return 0;
}

static int open_network(struct op *op, const struct conf_session *session)
{
	switch (session ? session->network : CONF_NET_HOST) {
	case CONF_NET_HOST:
		return open_host(op);
	case CONF_NET_STAY:
		op->answer.result = PROTO_STAY;
		return 0;
	case CONF_NET_LOOPBACK:
		return session->private ? open_private(op) : open_loopback(op);
	case CONF_NET_VETH:
	case CONF_NET_JOIN:
		return op_fail(op, -EINVAL, "%s sessions are not available in this version",
			       conf_network_name(session->network));
	}
	return op_fail(op, -EINVAL, "the configuration names an unknown network");
}

/* "set on-error seal": an empty network instead of a refusal. */
static int open_sealed(struct op *op, int error)
{
	char reason[PROTO_TEXT_MAX];

	memcpy(reason, op->answer.text, sizeof(reason));
	if (unshare_as(op->request.uid) < 0 || answer_self(op))
		return error;
	op_notice(op, "sealed: %.200s", reason);
	return 0;
}

int op_open(struct op *op)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	const struct conf_subject subject = {
		.name = op->request.name,
		.uid = op->request.uid,
		.gids = op->gids,
		.n_gids = op->request.n_gids,
		.service = op->request.service,
	};
	int r;

	r = load_conf(op, &conf);
	if (r)
		return r;
	r = open_network(op, conf_match(conf, &subject));
	if (r && conf->settings.on_error == CONF_ON_ERROR_SEAL)
		r = open_sealed(op, r);
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
