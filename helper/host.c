/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "conf/base.h"
#include "helper/host.h"
#include "helper/netns.h"
#include "helper/ready.h"
#include "helper/wire.h"

int host_enter(int *ret_fd, uint64_t *ret_inode)
{
	_cleanup_close_ int net = -1;
	_cleanup_close_ int mnt = -1;
	uint64_t inode;
	int r;

	r = netns_open(NETNS_OF_HOST, &net, &inode);
	if (r)
		return r;
	mnt = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (mnt < 0)
		return -errno;
	if (setns(mnt, CLONE_NEWNS) < 0 || setns(net, CLONE_NEWNET) < 0)
		return -errno;
	*ret_fd = steal_fd(&net);
	*ret_inode = inode;
	return 0;
}

static int reload(const char *conf)
{
	const char *const args[] = { "netnsctl", "reload", "--if-changed", "--log", conf, NULL };
	char *argv[ARRAY_SIZE(args)];
	_cleanup_close_ int pidfd = -1;
	int status;
	pid_t pid;
	int r;

	/* execve(2) leaves them alone, whatever its prototype says. */
	memcpy(argv, args, sizeof(argv));
	r = posix_spawn(&pid, NETNS_CTL, NULL, NULL, argv, environ);
	if (r)
		return -r;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	r = pidfd < 0 ? -errno : wire_wait(pidfd, HOST_RELOAD_MS);
	if (r)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (r)
		return r;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

int host_refresh_conf(const char *conf)
{
	return ready_check(conf) ? 0 : reload(conf);
}
