/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/mount.h> /* and not sys/mount.h: glibc has the newer calls since 2.36 only */
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/answer.h"
#include "helper/proto.h"
#include "pam_netns/mounts.h"

#define MOUNTS_OF_HOST "/proc/1/ns/mnt"
#define MOUNTS_OF_SELF "/proc/thread-self/ns/mnt"
#define CWD_OF_SELF    "/proc/thread-self/cwd"

/* Of umount2(2), which are in sys/mount.h alone. */
#define DETACH    2
#define NO_FOLLOW 8

static int find_inode(const char *path, uint64_t *ret_inode)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	*ret_inode = st.st_ino;
	return 0;
}

/* Which file, by which mount; without asking a server. */
static int look(int at, const char *path, int flags, struct statx *ret)
{
	return statx(at, path, flags | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, ret) < 0
		       ? -errno
		       : 0;
}

static bool is_same(const struct statx *a, const struct statx *b)
{
	return a->stx_mnt_id == b->stx_mnt_id && a->stx_ino == b->stx_ino &&
	       a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

static int open_directory(const char *path, int *ret_fd)
{
	*ret_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

/* Opens path, unless it is what is at other. */
static int open_unless(const char *path, const char *other, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct statx here, there;
	int r;

	r = open_directory(path, &fd);
	if (!r)
		r = look(fd, "", AT_EMPTY_PATH, &here);
	if (!r)
		r = look(AT_FDCWD, other, 0, &there);
	if (!r && !is_same(&here, &there))
		*ret_fd = steal_fd(&fd);
	return r;
}

/* Notes where the process is. */
static int note(struct mounts *m, uint64_t *ret_before)
{
	uint64_t host;
	int r;

	r = find_inode(MOUNTS_OF_HOST, &host);
	if (!r)
		r = find_inode(MOUNTS_OF_SELF, ret_before);
	/* Not ".": that takes leave to enter it, which root has not on every file system. */
	if (!r)
		r = open_unless(CWD_OF_SELF, "/", &m->cwd_fd);
	if (r)
		return r;
	if (*ret_before == host)
		return open_unless("/", "/proc/1/root", &m->root_fd);
	m->before_fd = open(MOUNTS_OF_SELF, O_RDONLY | O_CLOEXEC);
	if (m->before_fd < 0)
		return -errno;
	return open_directory("/", &m->root_fd);
}

/* What is mounted elsewhere comes to the mounts at path, and nothing goes there. */
static int follow_only(const char *path)
{
	return syscall(SYS_mount, NULL, path, NULL, MS_SLAVE | MS_REC, NULL) < 0 ? -errno : 0;
}

/*
 * A copy of a mount of the host's may be one that the host's follow, too: not from then
 * on.  By its descriptor, wherever somebody has moved what it is mounted on; and that it
 * fails is nobody's doing who exchanges things.
 */
static int follow_only_by(int fd)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = follow_only(path);
	return !r || r == -EPERM || r == -ENOMEM ? r : -EIO;
}

/*
 * Not onto what a symbolic link leads to but onto the link itself, as
 * /etc/resolv.conf often is one.  There it stays when whoever owns the file at the
 * other end renames a new one over it.  Believed when seen: of another descriptor
 * than the right one the kernel would make something else, if anything.  -ENOENT:
 * there is nothing at path.  -ELOOP: a link is on the way there; whoever owns a
 * directory of it has put one there after the helper has looked.
 */
static int attach(const char *path, int fd)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	_cleanup_close_ int place = -1;
	struct statx mount, seen;
	int r;

	r = look(fd, "", AT_EMPTY_PATH, &mount);
	if (r)
		return r;
	place = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (place < 0)
		return -errno;
	if (syscall(SYS_move_mount, fd, "", place, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	r = follow_only_by(fd);
	if (!r)
		r = look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &seen);
	return r || is_same(&mount, &seen) ? r : -ESTALE;
}

/* What comes of it when somebody exchanges what is there; no other failure is a user's doing. */
static bool is_exchanged(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EACCES || r == -EINVAL ||
	       r == -ESTALE;
}

static int attach_all(const struct proto_mount *list, const int *fds, size_t n,
		      const char **ret_path)
{
	for (size_t i = 0; i < n; i++) {
		int r = attach(list[i].path, fds[i]);

		if (r)
			*ret_path = list[i].path;
		if (r && r != -ENOENT && !(list[i].others && is_exchanged(r)))
			return r;
	}
	return 0;
}

/* A process that is in what has been replaced goes to what is there now. */
static int follow_into(const struct proto_mount *list, size_t n)
{
	char cwd[PATH_MAX];
	ssize_t length = readlink(CWD_OF_SELF, cwd, sizeof(cwd) - 1);

	if (length < 0)
		return -errno;
	cwd[length] = '\0';
	for (size_t i = 0; i < n; i++)
		if (answer_path_is_below(cwd, list[i].path))
			return chdir(cwd) < 0 && chdir("/") < 0 ? -errno : 0;
	return 0;
}

/* One thread only: glibc's wrapper would change the ids of all. */
static int set_effective_uid(uid_t uid)
{
	return syscall(SYS_setresuid, (uid_t)-1, uid, (uid_t)-1) < 0 ? -errno : 0;
}

/*
 * The kernel counts mount namespaces by the effective uid of their maker
 * (user.max_mnt_namespaces): those of a user, who can keep them alive by
 * descriptors, are not to use up root's.  With another uid go the effective
 * capabilities, but may be taken back; to be dumped, and the signal at the
 * parent's end, are the caller's affair.
 */
static int unshare_as(uid_t uid)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	const uid_t before = geteuid();
	const int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	int parent_death = 0;
	int back;
	int r;

	if (dumpable < 0 || syscall(SYS_capget, &header, caps) < 0 ||
	    prctl(PR_GET_PDEATHSIG, &parent_death) < 0)
		return -errno;
	r = set_effective_uid(uid);
	if (r)
		return r;
	if (syscall(SYS_capset, &header, caps) < 0 || unshare(CLONE_NEWNS) < 0)
		r = -errno;
	back = set_effective_uid(before);
	if (!back && (syscall(SYS_capset, &header, caps) < 0 ||
		      (dumpable == 1 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0) ||
		      (parent_death && prctl(PR_SET_PDEATHSIG, parent_death, 0, 0, 0) < 0)))
		back = -errno;
	return r ? r : back;
}

static int move(struct mounts *m, uid_t uid, const char **ret_step)
{
	uint64_t before;
	uint64_t now;
	int r;

	*ret_step = "find its place in the file system";
	r = note(m, &before);
	if (r)
		return r;
	*ret_step = "make a mount namespace";
	r = unshare_as(uid);
	/* Also when only the way back to what the process was has failed. */
	if (!r || (find_inode(MOUNTS_OF_SELF, &now) == 0 && now != before))
		m->before = before;
	return r;
}

static int fill(const struct proto_mount *list, const int *fds, size_t n, const char **ret_step,
		const char **ret_path)
{
	int r;

	*ret_step = "keep its mounts from the host";
	r = follow_only("/");
	if (r)
		return r;
	/* Nobody needs the copies of all users' pins here; where they stay, they cost memory. */
	(void)syscall(SYS_umount2, NETNS_RUN "/ns", DETACH | NO_FOLLOW);
	*ret_step = "replace";
	r = attach_all(list, fds, n, ret_path);
	if (r)
		return r;
	*ret_step = "leave a directory that is hidden";
	return follow_into(list, n);
}

/* setns(2) leads to the root of the namespace. */
static int go_back_to(int ns, const struct mounts *m)
{
	uint64_t now;
	int r;

	if (setns(ns, CLONE_NEWNS) < 0)
		return -errno;
	if (m->root_fd >= 0 && (fchdir(m->root_fd) < 0 || chroot(".") < 0))
		return -errno;
	if (chdir("/") < 0)
		return -errno;
	if (m->cwd_fd >= 0)
		(void)!fchdir(m->cwd_fd);
	r = find_inode(MOUNTS_OF_SELF, &now);
	return r || now == m->before ? r : -ESTALE;
}

int mounts_leave(struct mounts *m)
{
	_cleanup_close_ int host = -1;
	int r;

	if (m->before == 0)
		return 0;
	if (m->before_fd < 0) {
		host = open(MOUNTS_OF_HOST, O_RDONLY | O_CLOEXEC);
		if (host < 0)
			return -errno;
	}
	/* setns(2) refuses a process that shares its directory with another. */
	if (unshare(CLONE_FS) < 0)
		return -errno;
	r = go_back_to(m->before_fd < 0 ? host : m->before_fd, m);
	if (!r)
		mounts_forget(m);
	return r;
}

void mounts_forget(struct mounts *m)
{
	const struct mounts none = MOUNTS_INIT;

	close_p(&m->before_fd);
	close_p(&m->root_fd);
	close_p(&m->cwd_fd);
	*m = none;
}

int mounts_enter(struct mounts *m, uid_t uid, const struct proto_mount *list, const int *fds,
		 size_t n, const char **ret_step, const char **ret_path)
{
	int r;

	*ret_path = NULL;
	r = move(m, uid, ret_step);
	if (!r)
		r = fill(list, fds, n, ret_step, ret_path);
	if (r && mounts_leave(m) == 0)
		mounts_forget(m);
	return r;
}
