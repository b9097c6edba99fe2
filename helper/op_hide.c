/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/answer.h"
#include "helper/hide.h"
#include "helper/op.h"
#include "helper/trust.h"

/*
 * "set hide": what whoever listens in the file system would reach the network by for
 * a session, and the host's links.  A mask is a mount, attached nowhere yet, of what
 * is of no use: for a directory an empty one, for all else a socket on which nobody
 * listens.
 */

static const char *const resolvers[] = { HIDE_RESOLVERS };

/* What lies beside the sockets of systemd-resolved and /etc/resolv.conf may lead to. */
static const char *const resolved_files[] = { "resolv.conf", "stub-resolv.conf" };

/* Below /sys, what depends on the network namespace of who has mounted it. */
static const char *const links[] = { "class/net", "devices/virtual/net" };

static const char *const link_paths[] = { "/sys/class/net", "/sys/devices/virtual/net" };
_Static_assert(ARRAY_SIZE(links) == ARRAY_SIZE(link_paths), "the same below /sys");

#define LINKS_MAX 40 /* the kernel's own number */

#define UNUSABLE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static int configure(int context, unsigned command, const char *key, const char *value)
{
	return syscall(SYS_fsconfig, context, command, key, value, 0) < 0 ? -errno : 0;
}

/* A new file system of this type, mounted nowhere.  *ret_context can change it. */
static int mount_new(const char *type, const char *mode, unsigned attributes, int *ret_context,
		     int *ret_fd)
{
	_cleanup_close_ int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int r = context < 0 ? -errno : 0;

	if (!r && mode)
		r = configure(context, FSCONFIG_SET_STRING, "mode", mode);
	if (!r)
		r = configure(context, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (r)
		return r;
	*ret_fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
	if (*ret_fd < 0)
		return -errno;
	*ret_context = steal_fd(&context);
	return 0;
}

static int clone_tree(int at, const char *path, int *ret_fd)
{
	*ret_fd = (int)syscall(SYS_open_tree, at, path,
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	return *ret_fd < 0 ? -errno : 0;
}

/*
 * The links
 */

/* /sys as it is in the session's network. */
static int mount_sysfs(const struct op *op, int *ret_fd)
{
	_cleanup_close_ int context = -1;
	int r;

	if (setns(op->fds.fds[0], CLONE_NEWNET) < 0)
		return -errno;
	r = mount_new("sysfs", NULL, UNUSABLE, &context, ret_fd);
	return setns(op->host_fd, CLONE_NEWNET) < 0 ? -errno : r;
}

/*
 * Before Linux 6.15, only what is mounted somewhere can be cloned.  In a mount
 * namespace of our own; the rest of the work is done.
 */
static int attach_here(int sysfs)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    syscall(SYS_mount, NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0 ||
	    syscall(SYS_move_mount, sysfs, "", AT_FDCWD, "/sys", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

static int add_links(struct op *op)
{
	_cleanup_close_ int sysfs = -1;
	bool attached = false;
	int r;

	if (access(link_paths[0], F_OK) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : op_fail(op, -errno, "cannot look for %s", link_paths[0]);
	r = mount_sysfs(op, &sysfs);
	for (size_t i = 0; i < ARRAY_SIZE(links) && !r; i++) {
		int fd = -1;

		r = clone_tree(sysfs, links[i], &fd);
		if (r == -EINVAL && !attached) {
			attached = true;
			r = attach_here(sysfs);
			if (!r)
				r = clone_tree(sysfs, links[i], &fd);
		}
		if (!r)
			r = op_add_mount(op, link_paths[i], fd);
	}
	return r ? op_fail(op, r, "cannot have /sys show the session's links") : 0;
}

/*
 * The masks
 */

/* The socket on which nobody listens.  It stays, for all. */
static int mask_file(int *ret_fd)
{
	const char *const path = NETNS_RUN "/hidden";
	const mode_t mask = umask(0);
	int r = mknod(path, S_IFSOCK | 0666, 0) < 0 ? -errno : 0;
	_cleanup_close_ int fd = -1;
	struct stat st;

	umask(mask);
	if (r && r != -EEXIST)
		return r;
	r = clone_tree(AT_FDCWD, path, &fd);
	if (r || fstat(fd, &st) < 0)
		return r ? r : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int mask_directory(int *ret_fd)
{
	_cleanup_close_ int context = -1;

	return mount_new("tmpfs", "0555", UNUSABLE | MOUNT_ATTR_RDONLY, &context, ret_fd);
}

/* Not by following a link: it is not root's, and would be read as root. */
static int copy(int from, int to, const char *name)
{
	char target[PATH_MAX] = { 0 };
	_cleanup_close_ int in = -1;
	_cleanup_close_ int out = -1;
	struct stat st;

	if (readlinkat(from, name, target, sizeof(target) - 1) > 0)
		return symlinkat(target, to, name) < 0 ? -errno : 0;
	in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (in < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(in, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0 || fchmod(out, 0644) < 0 || sendfile(out, in, NULL, INT16_MAX) < 0)
		return -errno;
	return 0;
}

/* A directory with nothing but these files, as they are now. */
static int mask_resolved(int from, int *ret_fd)
{
	_cleanup_close_ int context = -1;
	_cleanup_close_ int dir = -1;
	_cleanup_close_ int fd = -1;
	int r;

	dir = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = mount_new("tmpfs", "0755", UNUSABLE, &context, &fd);
	for (size_t i = 0; i < ARRAY_SIZE(resolved_files) && !r; i++)
		r = copy(dir, fd, resolved_files[i]);
	if (!r)
		r = configure(context, FSCONFIG_SET_FLAG, "ro", NULL);
	if (!r)
		r = configure(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL);
	if (!r)
		*ret_fd = steal_fd(&fd);
	return r;
}

static int make_mask(int fd, bool is_resolved, int *ret_fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.stx_mode))
		return mask_file(ret_fd);
	return is_resolved ? mask_resolved(fd, ret_fd) : mask_directory(ret_fd);
}

/* No link is followed; path may be one. */
static int open_plain(const char *path, uint64_t flags, int *ret_fd)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_NO_SYMLINKS,
	};

	*ret_fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	return *ret_fd < 0 ? -errno : 0;
}

/* Puts what the link leads to in its place: it is what of path lies between start and end. */
static int put_target(int link, char path[PATH_MAX], size_t start, size_t end)
{
	char target[PATH_MAX];
	char rest[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	memcpy(rest, path + end, strlen(path + end) + 1);
	if (target[0] == '/')
		start = 0;
	if (start + (size_t)n + strlen(rest) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path + start, target, (size_t)n);
	memcpy(path + start + n, rest, strlen(rest) + 1);
	return 0;
}

/*
 * The first link in path that is not root's, or what path leads to.  Whoever can
 * make links where the administrator has only thought of a socket is not to decide
 * what all users miss.
 */
static int open_by_links(const char *path, int *ret_fd)
{
	char here[PATH_MAX];
	size_t end = 0;

	snprintf(here, sizeof(here), "%s", path);
	for (unsigned followed = 0; followed < LINKS_MAX;) {
		_cleanup_close_ int fd = -1;
		size_t start = end + strspn(here + end, "/");
		struct statx st;
		char next;
		int r;

		end = start + strcspn(here + start, "/");
		next = here[end];
		here[end] = '\0';
		r = open_plain(here, O_NOFOLLOW, &fd);
		here[end] = next;
		if (!r && statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_UID,
				&st) < 0)
			r = -errno;
		if (r)
			return r;
		if ((S_ISLNK(st.stx_mode) && st.stx_uid != 0) || (!S_ISLNK(st.stx_mode) && !next)) {
			*ret_fd = steal_fd(&fd);
			return 0;
		}
		if (!S_ISLNK(st.stx_mode))
			continue;
		followed++;
		r = put_target(fd, here, start, end);
		if (r)
			return r;
		end = 0;
	}
	return -ELOOP;
}

static int open_hidden(const char *path, int *ret_fd)
{
	int r = open_plain(path, 0, ret_fd);

	return r == -ELOOP ? open_by_links(path, ret_fd) : r;
}

/* Where fd is, whatever links have led there. */
static int find_path(int fd, char ret_where[PATH_MAX])
{
	char fd_link[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
	ssize_t n;

	snprintf(fd_link, sizeof(fd_link), "/proc/self/fd/%d", fd);
	n = readlink(fd_link, ret_where, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	ret_where[n] = '\0';
	return 0;
}

/* Whether path is behind one of the masks from the first one on. */
static bool is_hidden(const struct op *op, size_t first, const char *path)
{
	for (size_t i = first; i < op->answer.n_mounts; i++)
		if (answer_path_is_below(path, op->answer.mounts[i].path))
			return true;
	return false;
}

/*
 * They could also take it away from under the mask.  That they exchange it while we
 * look is not to keep anybody out.
 */
static int add_mask_of(struct op *op, const char *path, int mask)
{
	bool others = trust_others_lead_to(path);
	int r = op_add_mount(op, path, mask);

	if (r || !others)
		return others && r == -ENAMETOOLONG ? 0 : r;
	op->answer.mounts[op->answer.n_mounts - 1].others = 1;
	return 0;
}

/* What is not there needs no mask. */
static int add_mask(struct op *op, size_t first, const char *path, bool is_resolved)
{
	_cleanup_close_ int fd = -1;
	char real[PATH_MAX];
	int mask = -1;
	int r;

	r = open_hidden(path, &fd);
	if (r)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	r = find_path(fd, real);
	if (r || is_hidden(op, first, real))
		return r;
	r = make_mask(fd, is_resolved, &mask);
	return r ? r : add_mask_of(op, real, mask);
}

static int add_masks(struct op *op, const char *const *paths, size_t n, size_t first)
{
	for (size_t i = 0; i < n; i++) {
		int r = add_mask(op, first, paths[i], paths[i] == resolvers[0]);

		/* A file system of theirs, by FUSE for instance, that root is not let into. */
		if (r == -EACCES && trust_others_lead_to(paths[i]))
			continue;
		if (r)
			return op_fail(op, r, "cannot hide %.160s", paths[i]);
	}
	return 0;
}

/* Whether the host's resolvers answer what the session's network would not. */
static bool is_elsewhere(const struct conf *conf, const struct conf_session *session)
{
	return !session || session->network != CONF_NET_VETH ||
	       conf_policy_dns(conf, session->policy)->kind != CONF_DNS_AUTO;
}

int op_hide(struct op *op, const struct conf *conf, const struct conf_session *session)
{
	const struct conf_settings *settings = &conf->settings;
	const size_t first = op->answer.n_mounts;
	int r = 0;

	if (settings->hide_default && is_elsewhere(conf, session))
		r = add_masks(op, resolvers, ARRAY_SIZE(resolvers), first);
	if (!r)
		r = add_masks(op, (const char *const *)settings->hide, settings->n_hide, first);
	/* Last, see attach_here(). */
	if (!r && settings->hide_default && (!session || session->network == CONF_NET_LOOPBACK))
		r = add_links(op);
	return r;
}
