/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/active.h"
#include "helper/confined.h"
#include "helper/joined.h"
#include "helper/named.h"
#include "helper/op.h"
#include "helper/trust.h"

/*
 * Sessions in a network namespace that is not ours, by the conventions of
 * ip-netns(8): /run/netns/NAME is one, and the files in /etc/netns/NAME are seen
 * by what runs in it, instead of those of the same name in /etc.
 */
#define FILES     "/etc/netns"
#define FILES_MAX 32 /* which leaves room for what is hidden */

#define UNTRUSTED "is not root's, or others may write to it"

/* The parser takes no other; here it becomes part of a path. */
static bool is_plain(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int answer_namespace(struct op *op, const char *name)
{
	char text[PROTO_TEXT_MAX];
	int r = named_open(name, op->host_inode, &op->fds.fds[0], &op->answer.netns);

	if (r) {
		named_explain(name, r, text, sizeof(text));
		return op_fail(op, -EINVAL, "%s", text);
	}
	op->fds.n = 1;
	return 0;
}

/* A mount of the file that is attached nowhere yet. */
static int clone_file(int dir, const char *file, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	fd = openat(dir, file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = trust_check(fd, S_ISDIR(st.st_mode) ? S_IFDIR : S_IFREG);
	if (r)
		return r;
	*ret_fd = (int)syscall(SYS_open_tree, fd, "",
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	return *ret_fd < 0 ? -errno : 0;
}

static int add_file(struct op *op, int dir, const char *file)
{
	char path[sizeof("/etc/") + NAME_MAX];
	int fd = -1;
	int r;

	snprintf(path, sizeof(path), "/etc/%s", file);
	/* What it could not be seen instead of is for programs that look here themselves. */
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (op->answer.n_mounts == FILES_MAX)
		return -E2BIG;
	r = clone_file(dir, file, &fd);
	return r ? r : op_add_mount(op, path, fd);
}

static int fail_file(struct op *op, int r, const char *name, const char *file)
{
	if (r == -EPERM)
		return op_fail(op, -EINVAL,
			       FILES "/%s/%.80s is neither a file nor a directory, or " UNTRUSTED,
			       name, file);
	if (r == -E2BIG)
		return op_fail(op, -EINVAL, "more than %d files in " FILES "/%s", FILES_MAX, name);
	return op_fail(op, r, "cannot use " FILES "/%s/%.80s", name, file);
}

static int add_files(struct op *op, const char *name, DIR *dir)
{
	const struct dirent *d;

	while (errno = 0, (d = readdir(dir))) {
		int r;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		r = add_file(op, dirfd(dir), d->d_name);
		if (r)
			return fail_file(op, r, name, d->d_name);
	}
	return errno ? op_fail(op, -errno, "cannot read " FILES "/%s", name) : 0;
}

static int answer_files(struct op *op, const char *name)
{
	_cleanup_(closedir_p) DIR *dir = NULL;
	_cleanup_close_ int files = -1;
	_cleanup_close_ int fd = -1;
	int r;

	r = trust_open_dir(AT_FDCWD, FILES, &files);
	if (!r)
		r = trust_open_dir(files, name, &fd);
	if (r == -ENOENT)
		return 0;
	if (r == -EPERM)
		return op_fail(op, -EINVAL, FILES "%s%s " UNTRUSTED, files < 0 ? "" : "/",
			       files < 0 ? "" : name);
	dir = r ? NULL : fdopendir(fd);
	if (!dir)
		return op_fail(op, r ? r : -errno, "cannot open " FILES "/%s", name);
	steal_fd(&fd);
	return add_files(op, name, dir);
}

/* The table is the default file's. */
bool op_is_in_table(const struct op *op, const struct conf *conf)
{
	return strcmp(op->conf, NETNS_CONF) == 0 && !active_exempts(op->conf) &&
	       confined_has(conf, op->request.uid);
}

int op_open_join(struct op *op, const struct conf *conf, const struct conf_session *session,
		 bool confined)
{
	const char *name = session->name;
	int r;

	if (!is_plain(name))
		return op_fail(op, -EINVAL, "the configuration names no network namespace");
	r = answer_namespace(op, name);
	if (!r)
		r = answer_files(op, name);
	if (!r)
		r = op_hide(op, conf, session);
	if (r)
		return r;
	op->answer.result = PROTO_ENTER;
	/* No session depends on it. */
	r = confined && !op_is_in_table(op, conf) ? joined_note(op->request.uid) : 0;
	if (r)
		op_notice(op, "the firewall's tripwire is not set for the user: %s", strerror(-r));
	return 0;
}
