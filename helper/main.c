/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>

#include "conf/base.h"
#include "helper/host.h"
#include "helper/op.h"
#include "helper/privs.h"
#include "helper/proto.h"
#include "helper/wire.h"

/*
 * netns-helper(8): one request, one answer, gone.  Privilege falls on the way,
 * see privs.h: started (the caller's capabilities) - limited (those of the
 * operation) - none, while waiting for the asker to enter.
 */

#define ADMIN   PRIVS_CAP(CAP_SYS_ADMIN) /* unshare, setns, mount and umount of nsfs */
#define NETWORK PRIVS_CAP(CAP_NET_ADMIN) /* links, in a namespace of ours */
#define SETUID  PRIVS_CAP(CAP_SETUID) /* to make a namespace on the user's account */
#define SEARCH  PRIVS_CAP(CAP_DAC_READ_SEARCH) /* what is hidden, in anybody's directory */
#define PTRACE  PRIVS_CAP(CAP_SYS_PTRACE) /* /proc/PID/ns/net of everybody */

static const struct operation {
	enum proto_op op;
	uint64_t caps;
	bool decides; /* takes gids and a service, reads the configuration */
	int (*run)(struct op *op);
	void (*after)(struct op *op); /* once answered; may be NULL */
} operations[] = {
	{ PROTO_OPEN, ADMIN | NETWORK | SETUID | SEARCH, true, op_open, op_open_after },
	{ PROTO_CLOSE, ADMIN | NETWORK | PTRACE, false, op_close, op_close_after },
	{ PROTO_SWEEP, ADMIN | NETWORK | PTRACE, false, op_sweep, NULL },
};

/* Everything that came with the request, at its largest. */
struct message {
	struct proto_request request;
	uint32_t gids[PROTO_GIDS_MAX];
};

static void note_deadline(int number)
{
	(void)number;
}

/* Without room for one more signal there is no timer, but the deadline is another. */
static void start_timer(int signal, int ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal };
	const struct itimerspec end = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L },
	};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
		(void)timer_settime(timer, 0, &end, NULL);
}

/*
 * The asker blocked all signals, and may have ignored some; our end is a signal, too.
 * The first only ends a wait, so that we can say why.  SIGALRM has its default: a
 * helper that its user has frozen, by a control group, takes no other.  SIGKILL ends
 * a stopped one as well.
 */
static void reset_signals(void)
{
	const struct sigaction once = { .sa_handler = note_deadline };
	const struct itimerval deadline = { .it_value = { .tv_sec = PROTO_DEADLINE_MS / 1000 } };
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigaction(SIGUSR1, &once, NULL);
	setitimer(ITIMER_REAL, &deadline, NULL);
	start_timer(SIGUSR1, PROTO_DEADLINE_MS - 500);
	start_timer(SIGKILL, PROTO_DEADLINE_MS);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool channel_is_ours(void)
{
	int type = 0;
	socklen_t length = sizeof(type);

	/* It came through an exec, and goes through no other. */
	return getsockopt(PROTO_CHANNEL_FD, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
	       type == SOCK_SEQPACKET && fcntl(PROTO_CHANNEL_FD, F_SETFD, FD_CLOEXEC) == 0;
}

/* A text that fills its field with zeros to the end. */
static bool text_is_sound(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	if (length == size)
		return false;
	for (size_t i = length; i < size; i++)
		if (text[i])
			return false;
	return true;
}

/* The module sends nothing else; whoever does is not obeyed. */
static const struct operation *check_request(const struct message *m, size_t length,
					     const struct ucred *cred)
{
	const struct proto_request *q = &m->request;

	if (length < sizeof(*q) || q->version != PROTO_VERSION || cred->pid <= 0 ||
	    cred->uid != 0 || q->n_gids > PROTO_GIDS_MAX ||
	    length != sizeof(*q) + q->n_gids * sizeof(*m->gids) ||
	    !text_is_sound(q->name, sizeof(q->name)) ||
	    !text_is_sound(q->service, sizeof(q->service)) ||
	    !text_is_sound(q->conf, sizeof(q->conf)) || q->uid == UINT32_MAX)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (operations[i].op == q->op)
			return operations[i].decides || q->n_gids == 0 ? &operations[i] : NULL;
	return NULL;
}

static int run(struct op *op, const struct operation *operation)
{
	int r;

	r = host_enter(&op->host_fd, &op->host_inode);
	if (r)
		return op_fail(op, r, "cannot enter the namespaces of process 1");
	if (operation->decides && host_refresh_conf(op->conf) < 0)
		op_notice(op, "%s could not be loaded; the last good one is in force", op->conf);
	r = privs_limit(operation->caps);
	if (r)
		return op_fail(op, r, "cannot limit the helper to its capabilities");
	return operation->run(op);
}

static int answer(struct op *op)
{
	struct iovec iov = { .iov_base = &op->answer,
			     .iov_len = PROTO_ANSWER_SIZE(op->answer.n_mounts) };

	op->answer.version = PROTO_VERSION;
	snprintf(op->answer.mode, sizeof(op->answer.mode), "%s", op->mode ? op->mode : "");
	memcpy(op->answer.name, op->name, sizeof(op->answer.name));
	return wire_send(PROTO_CHANNEL_FD, &iov, 1, &op->fds);
}

static int serve(void)
{
	static struct message message;
	struct op op = { .host_fd = -1, .entering_fd = -1 };
	const struct operation *operation;
	struct ucred cred = { 0 };
	size_t length;
	int r;

	r = wire_wait(PROTO_CHANNEL_FD, PROTO_DEADLINE_MS);
	if (!r)
		r = wire_recv(PROTO_CHANNEL_FD, &message, sizeof(message), &length, NULL, &cred);
	if (r)
		return r;
	operation = check_request(&message, length, &cred);
	if (!operation) {
		syslog(LOG_ERR, "unsound request from process %d", (int)cred.pid);
		return -EPROTO;
	}

	op.request = message.request;
	op.gids = message.gids;
	op.conf = message.request.conf[0] ? message.request.conf : NETNS_CONF;
	op.asker = cred.pid;
	r = run(&op, operation);
	if (answer(&op) == 0 && r == 0 && operation->after)
		operation->after(&op);
	return r;
}

int main(int argc, char **argv)
{
	int r;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("netns-helper " VERSION) < 0;
	if (argc > 1 || !channel_is_ours()) {
		fputs("netns-helper is started by pam_netns(8) and netnsctl(8), not by hand\n",
		      stderr);
		return 2;
	}
	reset_signals();
	openlog("netns-helper", LOG_PID, LOG_AUTHPRIV);
	r = privs_start();
	if (!r)
		r = serve();
	return r ? 1 : 0;
}
