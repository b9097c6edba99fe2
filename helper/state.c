/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "conf/base.h"
#include "helper/netns.h"
#include "helper/state.h"
#include "helper/trust.h"

#define PAUSE_MS 10

#define UID_TEXT_MAX 16

static void uid_text(char text[UID_TEXT_MAX], uint32_t uid)
{
	snprintf(text, UID_TEXT_MAX, "%u", uid);
}

static int open_dir(int at, const char *name, bool create, int *ret_fd)
{
	if (create && mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	return trust_open_dir(at, name, ret_fd);
}

static int open_lock(struct state *state, bool create)
{
	int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (create ? O_CREAT : 0);

	state->lock = openat(state->run, "lock", flags, 0600);
	if (state->lock < 0)
		return -errno;
	return trust_check(state->lock, S_IFREG);
}

static int is_mount_point(int fd, bool *ret_is)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, 0, &stx) < 0)
		return -errno;
	*ret_is = (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
	return 0;
}

static int open_ns(struct state *state, bool create, bool *ret_is_mount)
{
	int r;

	close_p(&state->ns);
	state->ns = -1;
	r = open_dir(state->run, "ns", create, &state->ns);
	return r ? r : is_mount_point(state->ns, ret_is_mount);
}

static int mount_ns(const char *source, unsigned long flags)
{
	if (mount(source, NETNS_RUN "/ns", NULL, flags, NULL) == 0)
		return 0;
	/* A caller that may not mount; -EPERM is of what cannot be trusted. */
	return errno == EPERM ? -EACCES : -errno;
}

static int set_private(void)
{
	return mount_ns(NULL, MS_PRIVATE);
}

/*
 * Makes ns a mount of its own, private: pins must not go to every mount namespace
 * that follows ours, of which one that is full (fs.mount-max; any user can have
 * one) makes mounting fail for all.
 */
static int make_mount(struct state *state)
{
	bool is_mount = false;
	int r;

	r = state_lock(state, STATE_LOCK_MOUNT, true);
	if (r)
		return r;
	r = open_ns(state, true, &is_mount);
	if (!r && !is_mount)
		r = mount_ns(NETNS_RUN "/ns", MS_BIND);
	if (!r)
		r = set_private();
	if (!r)
		r = open_ns(state, true, &is_mount);
	state_unlock(state, STATE_LOCK_MOUNT);
	return r;
}

int state_open(struct state *state, bool create)
{
	bool is_mount = false;
	int r;

	r = open_dir(AT_FDCWD, NETNS_RUN, create, &state->run);
	if (!r)
		r = open_ns(state, create, &is_mount);
	if (!r)
		r = open_lock(state, create);
	/* Each time: whoever made it a mount may have been killed before it was private. */
	if (!r && create)
		r = is_mount ? set_private() : make_mount(state);
	return r;
}

const char *state_strerror(int r)
{
	return r == -EPERM ? "it is not root's, or others may write to it; remove it"
			   : strerror(-r);
}

void state_close(struct state *state)
{
	close_p(&state->run);
	close_p(&state->ns);
	close_p(&state->lock);
	state->run = state->ns = state->lock = -1;
}

/*
 * Open file description locks: they belong to our open file, not to the process
 * (fcntl(2)), and one file serves any number of users without leaving any behind.
 */
static int set_lock(const struct state *state, int command, short type, uint64_t byte)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)byte,
		.l_len = 1,
	};

	if (fcntl(state->lock, command, &lock) == 0)
		return 0;
	/* The one signal that does not end us says that our time is up. */
	return errno == EACCES ? -EAGAIN : errno == EINTR ? -ETIMEDOUT : -errno;
}

int state_lock(const struct state *state, uint64_t byte, bool wait)
{
	return set_lock(state, wait ? F_OFD_SETLKW : F_OFD_SETLK, F_WRLCK, byte);
}

int state_lock_soon(const struct state *state, uint64_t byte, unsigned *left_ms)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int r;

	while ((r = state_lock(state, byte, false)) == -EAGAIN && *left_ms >= PAUSE_MS) {
		*left_ms -= PAUSE_MS;
		nanosleep(&pause, NULL);
	}
	return r;
}

int state_share(const struct state *state, uint64_t byte)
{
	return set_lock(state, F_OFD_SETLKW, F_RDLCK, byte);
}

void state_unlock(const struct state *state, uint64_t byte)
{
	(void)set_lock(state, F_OFD_SETLK, F_UNLCK, byte);
}

/* mount(2) takes paths only; every directory on this one is root's, see state_open(). */
static void pin_path(char *path, size_t size, uint32_t uid)
{
	snprintf(path, size, NETNS_RUN "/ns/%u", uid);
}

int state_open_pin(const struct state *state, uint32_t uid, int *ret_fd, uint64_t *ret_inode)
{
	_cleanup_close_ int fd = -1;
	char name[UID_TEXT_MAX];
	int r;

	uid_text(name, uid);
	fd = openat(state->ns, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = netns_identify(fd, ret_inode);
	if (r)
		return r == -EINVAL ? -ENOENT : r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int state_pin(const struct state *state, uint32_t uid)
{
	_cleanup_close_ int fd = -1;
	char path[sizeof(NETNS_RUN "/ns/") + UID_TEXT_MAX];
	char name[UID_TEXT_MAX];
	int r;

	uid_text(name, uid);
	pin_path(path, sizeof(path), uid);
	fd = openat(state->ns, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	if (mount(NETNS_OF_SELF, path, NULL, MS_BIND, NULL) < 0) {
		r = -errno;
		unlinkat(state->ns, name, 0);
		return r;
	}
	return 0;
}

int state_unpin(const struct state *state, uint32_t uid)
{
	char path[sizeof(NETNS_RUN "/ns/") + UID_TEXT_MAX];
	char name[UID_TEXT_MAX];

	uid_text(name, uid);
	pin_path(path, sizeof(path), uid);
	/* EINVAL: nothing is mounted there, as after an interrupted state_pin(). */
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		return -errno;
	/*
	 * Removing the file also detaches the copies of this mount that mount
	 * namespaces made meanwhile hold (Linux 4.0 and later).
	 */
	if (unlinkat(state->ns, name, 0) < 0 && errno != ENOENT)
		return -errno;
	state_unmark(state, STATE_IDLE, uid);
	return 0;
}

static bool parse_uid(const char *name, uint32_t *ret_uid)
{
	unsigned long long value;
	char *end;

	if (name[0] < '0' || name[0] > '9')
		return false;
	errno = 0;
	value = strtoull(name, &end, 10);
	if (errno || *end || value >= UINT32_MAX)
		return false;
	*ret_uid = (uint32_t)value;
	return true;
}

static int list_uids(int at, const char *name, uint32_t **ret_uids, size_t *ret_n)
{
	_cleanup_free_ uint32_t *uids = NULL;
	_cleanup_(closedir_p) DIR *dir = NULL;
	_cleanup_close_ int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *d;
	size_t n = 0;
	size_t room = 0;
	uint32_t uid;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	steal_fd(&fd);
	while (errno = 0, (d = readdir(dir))) {
		if (!parse_uid(d->d_name, &uid))
			continue;
		if (n == room) {
			size_t more = room ? room * 2 : 64;
			uint32_t *grown = reallocarray(uids, more, sizeof(*uids));

			if (!grown)
				return -ENOMEM;
			uids = grown;
			room = more;
		}
		uids[n++] = uid;
	}
	if (errno)
		return -errno;
	*ret_uids = steal_ptr(&uids);
	*ret_n = n;
	return 0;
}

int state_list(const struct state *state, uint32_t **ret_uids, size_t *ret_n)
{
	return list_uids(state->ns, ".", ret_uids, ret_n);
}

static const char *const mark_dirs[] = {
	[STATE_IDLE] = "idle",
	[STATE_JOINED] = "joined",
};
_Static_assert(ARRAY_SIZE(mark_dirs) == N_STATE_MARKS, "a kind of mark without a directory");

#define MARK_PATH_MAX (sizeof("joined/") + UID_TEXT_MAX)

static void mark_path(char path[MARK_PATH_MAX], enum state_mark mark, uint32_t uid)
{
	snprintf(path, MARK_PATH_MAX, "%s/%u", mark_dirs[mark], uid);
}

/* Makes the mark, with the time since boot as its time: no clock that anybody sets. */
static int make_mark(int dir, const char *name, bool anew)
{
	_cleanup_close_ int fd = -1;
	struct timespec times[2];

	fd = openat(dir, name, O_WRONLY | O_CREAT | (anew ? 0 : O_EXCL) | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	clock_gettime(CLOCK_BOOTTIME, &times[0]);
	times[1] = times[0];
	return futimens(fd, times) < 0 ? -errno : 0;
}

static int read_mark(int dir, const char *name, uint32_t *ret_seconds)
{
	struct timespec now;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	clock_gettime(CLOCK_BOOTTIME, &now);
	/* A mark whose maker was killed has the time of day, which is later: no use. */
	*ret_seconds = st.st_mtime > now.tv_sec ? UINT32_MAX : (uint32_t)(now.tv_sec - st.st_mtime);
	return 0;
}

static int open_and_mark(const struct state *state, const char *marks, uint32_t uid, bool anew,
			 uint32_t *ret_seconds)
{
	_cleanup_close_ int dir = -1;
	char name[UID_TEXT_MAX];
	int r;

	uid_text(name, uid);
	/* Another user's tidy may remove the directory when it is empty: not under our lock. */
	do {
		close_p(&dir);
		dir = -1;
		r = open_dir(state->run, marks, true, &dir);
		if (!r)
			r = make_mark(dir, name, anew);
	} while (r == -ENOENT);
	return r ? r : read_mark(dir, name, ret_seconds);
}

int state_mark(const struct state *state, enum state_mark mark, uint32_t uid, uint32_t *ret_seconds)
{
	return open_and_mark(state, mark_dirs[mark], uid, false, ret_seconds);
}

int state_mark_anew(const struct state *state, enum state_mark mark, uint32_t uid)
{
	uint32_t seconds;

	return open_and_mark(state, mark_dirs[mark], uid, true, &seconds);
}

void state_unmark(const struct state *state, enum state_mark mark, uint32_t uid)
{
	char path[MARK_PATH_MAX];

	mark_path(path, mark, uid);
	if (unlinkat(state->run, path, 0) == 0)
		/* Fails while others have one. */
		unlinkat(state->run, mark_dirs[mark], AT_REMOVEDIR);
}

bool state_is_marked(const struct state *state, enum state_mark mark, uint32_t uid)
{
	char path[MARK_PATH_MAX];

	mark_path(path, mark, uid);
	return faccessat(state->run, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int state_list_marked(const struct state *state, enum state_mark mark, uint32_t **ret_uids,
		      size_t *ret_n)
{
	int r = list_uids(state->run, mark_dirs[mark], ret_uids, ret_n);

	if (r != -ENOENT)
		return r;
	*ret_uids = NULL;
	*ret_n = 0;
	return 0;
}
