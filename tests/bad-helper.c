/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for netns-helper and misbehaves as /run/bad-helper-mode says (its
 * environment is not ours to set): one word, of the table at the end, and for
 * some a number or a word.  Everything that it does may also be done by a process that
 * has taken the helper's place, so none of it may end in the host's network.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/proto.h"

#define MODE_FILE "/run/bad-helper-mode"
#define FDS_MAX   253 /* SCM_MAX_FD */

static char argument[PROTO_PATH_MAX]; /* of the mode */
static size_t number; /* the same */

static void read_request(void)
{
	char request[sizeof(struct proto_request) + sizeof(uint32_t) * PROTO_GIDS_MAX];

	if (recv(PROTO_CHANNEL_FD, request, sizeof(request), 0) < 0)
		err(1, "recv");
}

static void send_message(const void *data, size_t size, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
	}
	if (sendmsg(PROTO_CHANNEL_FD, &message, MSG_NOSIGNAL) < 0)
		err(1, "sendmsg");
}

/* Until the asker has hung up: it must not need our end to see ours. */
static void linger(void)
{
	struct pollfd hung_up = { .fd = PROTO_CHANNEL_FD };

	poll(&hung_up, 1, 20000);
}

/* An answer as it should be, for the descriptor fd. */
static struct proto_answer right_answer(int fd)
{
	struct proto_answer answer = { .version = PROTO_VERSION, .result = PROTO_ENTER };
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0)
		answer.netns = st.st_ino;
	return answer;
}

/* As far as its mounts go. */
static void send_answer(const struct proto_answer *answer, const int *fds, size_t n_fds)
{
	send_message(answer, PROTO_ANSWER_SIZE(answer->n_mounts), fds, n_fds);
}

static void send_answer_with(int fd)
{
	struct proto_answer answer = right_answer(fd);

	send_answer(&answer, &fd, fd >= 0);
}

/* A namespace that the session could have. */
static int fresh_netns(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		err(1, "unshare");
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "/proc/self/ns/net");
	return fd;
}

/*
 * No answer
 */

static void mode_exit(void)
{
}

static void mode_fail(void)
{
	exit(1);
}

static void mode_hang(void)
{
	for (;;)
		pause();
}

static void mode_stop(void)
{
	raise(SIGSTOP);
}

static void mode_abort(void)
{
	abort();
}

static void mode_close(void)
{
	close(PROTO_CHANNEL_FD);
	for (;;)
		pause();
}

static void mode_shutdown(void)
{
	shutdown(PROTO_CHANNEL_FD, SHUT_RDWR);
	mode_hang();
}

/*
 * A wrong answer
 */

/* number bytes of rubbish */
static void mode_garbage(void)
{
	char *bytes = malloc(number + 1);

	if (!bytes)
		err(1, "malloc");
	memset(bytes, 0xa5, number);
	send_message(bytes, number, NULL, 0);
	linger();
}

static void send_cut(size_t size)
{
	int fd = fresh_netns();
	struct proto_answer answer = right_answer(fd);
	char bytes[2 * PROTO_ANSWER_SIZE(0)] = { 0 };

	memcpy(bytes, &answer, PROTO_ANSWER_SIZE(0));
	if (size > sizeof(bytes))
		errx(1, "size %zu", size);
	send_message(bytes, size, &fd, 1);
	linger();
}

/* A right one without its last number bytes. */
static void mode_short(void)
{
	send_cut(PROTO_ANSWER_SIZE(0) - number);
}

/* A right one and number bytes more. */
static void mode_long(void)
{
	send_cut(PROTO_ANSWER_SIZE(0) + number);
}

/* A right one after one that refuses, then more than fits into the socket. */
static void mode_many(void)
{
	struct proto_answer answer = { .version = PROTO_VERSION, .result = PROTO_FAILED };

	send_answer(&answer, NULL, 0);
	send_answer_with(fresh_netns());
	for (int i = 0; i < 1000; i++)
		if (send(PROTO_CHANNEL_FD, &answer, PROTO_ANSWER_SIZE(0),
			 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
	linger();
}

static void mode_version(void)
{
	int fd = fresh_netns();
	struct proto_answer answer = right_answer(fd);

	answer.version = (uint32_t)number;
	send_answer(&answer, &fd, 1);
	linger();
}

/* Any result, with no descriptor. */
static void mode_result(void)
{
	struct proto_answer answer = right_answer(-1);

	answer.result = (uint32_t)number;
	answer.netns = 1;
	send_answer(&answer, NULL, 0);
	linger();
}

/* Any result, with a descriptor that could be entered. */
static void mode_result_fd(void)
{
	int fd = fresh_netns();
	struct proto_answer answer = right_answer(fd);

	answer.result = (uint32_t)number;
	send_answer(&answer, &fd, 1);
	linger();
}

/* Text that does not end. */
static void mode_text(void)
{
	struct proto_answer answer = { .version = PROTO_VERSION, .result = PROTO_FAILED };

	memset(answer.text, '%', sizeof(answer.text));
	send_answer(&answer, NULL, 0);
	linger();
}

/* A reason that would be a second line of the log. */
static void mode_forge(void)
{
	struct proto_answer answer = { .version = PROTO_VERSION, .result = PROTO_FAILED };

	strcpy(answer.text, "%s%n\nforged: line");
	send_answer(&answer, NULL, 0);
	linger();
}

/*
 * A right answer with the wrong descriptor
 */

static void send_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	send_answer_with(fd);
	linger();
}

static void mode_regular(void)
{
	send_file("/etc/passwd");
}

static void mode_directory(void)
{
	send_file("/");
}

static void mode_mount(void)
{
	send_file("/proc/self/ns/mnt");
}

static void mode_user(void)
{
	send_file("/proc/self/ns/user");
}

static void mode_host(void)
{
	send_file("/proc/1/ns/net");
}

static void mode_proc(void)
{
	send_file("/proc/self/stat");
}

static void mode_pipe(void)
{
	int fds[2];

	if (pipe(fds) < 0)
		err(1, "pipe");
	send_answer_with(fds[0]);
	linger();
}

static void mode_socket(void)
{
	send_answer_with(PROTO_CHANNEL_FD);
	linger();
}

/* number descriptors, all of a namespace that could be entered */
static void mode_fds(void)
{
	int fd = fresh_netns();
	struct proto_answer answer = right_answer(fd);
	int fds[FDS_MAX];

	if (number > FDS_MAX)
		errx(1, "fds %zu", number);
	for (size_t i = 0; i < number; i++)
		fds[i] = fd;
	send_answer(&answer, fds, number);
	linger();
}

/* The host's namespace under the inode of another one. */
static void mode_lie(void)
{
	int host = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	struct proto_answer answer = right_answer(fresh_netns());

	send_answer(&answer, &host, 1);
	linger();
}

/* A good namespace that is said to be the host's, on purpose. */
static void mode_host_lie(void)
{
	int fd = fresh_netns();
	struct proto_answer answer = right_answer(fd);

	answer.host = 1;
	send_answer(&answer, &fd, 1);
	linger();
}

/*
 * A right answer with the wrong mounts
 */

/* A mount that is attached nowhere, of a file. */
static int fresh_mount(void)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/etc/passwd",
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		err(1, "open_tree");
	return fd;
}

/* announced mounts of which sent have a descriptor; -1: each a good one. */
static void send_mounts(size_t announced, size_t sent, int fd)
{
	static struct {
		struct proto_answer answer;
		struct proto_mount more[2];
	} room;
	int fds[FDS_MAX] = { fresh_netns() };
	struct proto_mount *mounts = room.answer.mounts;

	room.answer = right_answer(fds[0]);
	room.answer.n_mounts = (uint32_t)announced;
	if (announced > PROTO_MOUNTS_MAX + ARRAY_SIZE(room.more))
		announced = 1;
	for (size_t i = 0; i < announced; i++)
		strcpy(mounts[i].path, "/etc/hosts");
	for (size_t i = 0; i < sent; i++)
		fds[1 + i] = fd >= 0 ? fd : fresh_mount();
	send_message(&room, PROTO_ANSWER_SIZE(announced), fds, 1 + sent);
	linger();
}

/* number of them, which are all well but for that. */
static void mode_mounts(void)
{
	send_mounts(number, number < FDS_MAX ? number : 1, -1);
}

static void mode_mounts_without(void)
{
	send_mounts(2, number, -1);
}

static void mode_mounts_spare(void)
{
	send_mounts(1, 1 + number, -1);
}

/* Fewer paths than mounts. */
static void mode_mounts_cut(void)
{
	int fds[] = { fresh_netns(), fresh_mount(), fresh_mount() };
	struct proto_answer answer = right_answer(fds[0]);

	answer.n_mounts = 2;
	strcpy(answer.mounts[0].path, "/etc/hosts");
	send_message(&answer, PROTO_ANSWER_SIZE(1), fds, ARRAY_SIZE(fds));
	linger();
}

static void send_path(const char *path, size_t length)
{
	int fds[] = { fresh_netns(), fresh_mount() };
	struct proto_answer answer = right_answer(fds[0]);

	answer.n_mounts = 1;
	memcpy(answer.mounts[0].path, path, length);
	send_answer(&answer, fds, ARRAY_SIZE(fds));
	linger();
}

/* For another place. */
static void mode_path(void)
{
	send_path(argument, strlen(argument));
}

static void mode_path_empty(void)
{
	send_path("", 0);
}

/* For one that does not end. */
static void mode_path_open(void)
{
	char path[PROTO_PATH_MAX] = "/etc/";

	memset(path + strlen(path), 'x', sizeof(path) - strlen(path));
	send_path(path, sizeof(path));
}

static void mode_path_forge(void)
{
	send_path("/etc/x\nforged: line", strlen("/etc/x\nforged: line"));
}

/* For a descriptor that is no such mount. */
static void send_other(int fd)
{
	if (fd < 0)
		err(1, "%s", argument);
	send_mounts(1, 1, fd);
}

static void mode_no_mount(void)
{
	send_other(open(argument, O_RDONLY | O_CLOEXEC));
}

static void mode_no_mount_path(void)
{
	send_other(open(argument, O_PATH | O_CLOEXEC));
}

static void mode_no_mount_pipe(void)
{
	int fds[2];

	if (pipe(fds) < 0)
		err(1, "pipe");
	send_other(fds[0]);
}

/* A directory in the place of a file. */
static void mode_mount_directory(void)
{
	send_other((int)syscall(SYS_open_tree, AT_FDCWD, "/home", OPEN_TREE_CLONE));
}

/* In any answer but the right one, and in one that leads to the host's network. */
static void mode_mount_result(void)
{
	int fds[] = { fresh_netns(), fresh_mount() };
	struct proto_answer answer = right_answer(fds[0]);

	answer.result = (uint32_t)number;
	answer.n_mounts = 1;
	strcpy(answer.mounts[0].path, "/etc/hosts");
	send_answer(&answer, fds, ARRAY_SIZE(fds));
	linger();
}

static void mode_mount_host(void)
{
	int fds[] = { open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), fresh_mount() };
	struct proto_answer answer = right_answer(fds[0]);

	answer.host = 1;
	answer.n_mounts = 1;
	strcpy(answer.mounts[0].path, "/etc/hosts");
	send_answer(&answer, fds, ARRAY_SIZE(fds));
	linger();
}

/* To show that the rest of this file would be believed: enters an empty namespace. */
static void mode_good(void)
{
	send_answer_with(fresh_netns());
	linger();
}

/* The same, but it does not wait for the asker to have entered. */
static void mode_leave(void)
{
	send_answer_with(fresh_netns());
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{ "exit", mode_exit },
	{ "fail", mode_fail },
	{ "hang", mode_hang },
	{ "stop", mode_stop },
	{ "abort", mode_abort },
	{ "close", mode_close },
	{ "shutdown", mode_shutdown },

	{ "garbage", mode_garbage },
	{ "short", mode_short },
	{ "long", mode_long },
	{ "many", mode_many },
	{ "version", mode_version },
	{ "result", mode_result },
	{ "result-fd", mode_result_fd },
	{ "text", mode_text },
	{ "forge", mode_forge },

	{ "regular", mode_regular },
	{ "directory", mode_directory },
	{ "mount", mode_mount },
	{ "user", mode_user },
	{ "host", mode_host },
	{ "proc", mode_proc },
	{ "pipe", mode_pipe },
	{ "socket", mode_socket },
	{ "fds", mode_fds },
	{ "lie", mode_lie },
	{ "host-lie", mode_host_lie },

	{ "mounts", mode_mounts },
	{ "mounts-without", mode_mounts_without },
	{ "mounts-spare", mode_mounts_spare },
	{ "mounts-cut", mode_mounts_cut },
	{ "path", mode_path },
	{ "path-empty", mode_path_empty },
	{ "path-open", mode_path_open },
	{ "path-forge", mode_path_forge },
	{ "no-mount", mode_no_mount },
	{ "no-mount-path", mode_no_mount_path },
	{ "no-mount-pipe", mode_no_mount_pipe },
	{ "mount-directory", mode_mount_directory },
	{ "mount-result", mode_mount_result },
	{ "mount-host", mode_mount_host },

	{ "good", mode_good },
	{ "leave", mode_leave },
};

int main(void)
{
	_cleanup_fclose_ FILE *f = fopen(MODE_FILE, "re");
	const struct rlimit no_core = { 0, 0 };
	char mode[32];

	if (!f || fscanf(f, "%31s %255s", mode, argument) < 1)
		errx(1, "%s says nothing", MODE_FILE);
	number = strcmp(argument, "answer") == 0 ? PROTO_ANSWER_SIZE(0)
						 : strtoul(argument, NULL, 10);
	setrlimit(RLIMIT_CORE, &no_core);
	read_request();
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(mode, modes[i].name) == 0) {
			modes[i].run();
			return 0;
		}
	}
	errx(1, "unknown mode '%s'", mode);
}
