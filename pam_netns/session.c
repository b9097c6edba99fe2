/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/netns.h"
#include "helper/proto.h"
#include "pam_netns/families.h"
#include "pam_netns/session.h"

/* As when the configuration, which is not known here, does not set any. */
#define FAMILIES_OF_SEALED                                                        \
	(PROTO_FAMILY(AF_UNIX) | PROTO_FAMILY(AF_INET) | PROTO_FAMILY(AF_INET6) | \
	 PROTO_FAMILY(AF_NETLINK))

/*
 * The sessions that this process has open, the last one first.  A program may
 * close them in another order, by PAM handles that know nothing of each other:
 * the way back of one may not lead out of the network of one that is open still.
 * With several threads none is put here; and then none is confined.
 */
static struct session *newest;

static void put_on_top(struct session *s)
{
	if (session_check_single_thread() < 0)
		return;
	s->below = newest;
	newest = s;
}

/*
 * A child has no way back; what would be one leads past what is hidden.  sshd runs
 * such a child for the user, which executes nothing, and connects to any path that
 * the user says, "/proc/self/fd/N/..." too.
 */
static void forget_in_child(void)
{
	for (struct session *s = newest; s; s = s->below) {
		s->owner = 0; /* whatever its pid: it may have a pid namespace of its own */
		close_p(&s->before_fd);
		s->before_fd = -1;
		mounts_forget(&s->mounts);
	}
}

/* As long as this module is loaded: the C library sees to that. */
static int keep_from_children(void)
{
	static bool done;
	int r = done ? 0 : -pthread_atfork(NULL, NULL, forget_in_child);

	done = r == 0;
	return r;
}

static void take_out(struct session *s)
{
	struct session **at = &newest;

	while (*at && *at != s)
		at = &(*at)->below;
	if (*at)
		*at = s->below;
	s->below = NULL;
}

static struct session *find_cover(const struct session *s)
{
	struct session *above = newest;

	while (above && above->below != s)
		above = above->below;
	/* Not in a child that only has a copy. */
	return above && s->owner == getpid() ? above : NULL;
}

/* above will go back to where s came from. */
static void hand_over(struct session *s, struct session *above)
{
	const struct mounts none = MOUNTS_INIT;

	close_p(&above->before_fd);
	above->before = s->before;
	above->before_fd = s->before_fd;
	s->before_fd = -1;
	if (s->mounts.before == 0)
		return;
	mounts_forget(&above->mounts);
	above->mounts = s->mounts;
	s->mounts = none;
}

/*
 * Of a session that was refused and is tried again: if others have been opened
 * since, it comes after them now, and its way back is theirs.
 */
static bool give_up_place(struct session *s)
{
	struct session *above = find_cover(s);

	if (!above)
		return false;
	hand_over(s, above);
	session_forget(s);
	return true;
}

int session_note(struct session *s)
{
	_cleanup_close_ int fd = -1;
	uint64_t host;
	uint64_t self;
	int r;

	if (s->before != 0 && !give_up_place(s))
		return 0;
	r = keep_from_children();
	if (r)
		return r;
	r = netns_inode(NETNS_OF_HOST, &host);
	if (r)
		return r;
	r = netns_open(NETNS_OF_SELF, &fd, &self);
	if (r)
		return r;
	s->owner = getpid();
	s->before = self;
	s->before_fd = self == host ? -1 : steal_fd(&fd);
	put_on_top(s);
	return 0;
}

/* setns(2), believed only when seen. */
static int enter(int fd, uint64_t inode)
{
	uint64_t now;
	int r;

	if (setns(fd, CLONE_NEWNET) < 0)
		return -errno;
	r = netns_inode(NETNS_OF_SELF, &now);
	if (r)
		return r;
	return now == inode ? 0 : -ESTALE;
}

int session_enter(int fd, uint64_t inode, bool host_intended)
{
	uint64_t host;
	uint64_t actual;
	int r;

	r = netns_identify(fd, &actual);
	if (r)
		return r;
	r = netns_inode(NETNS_OF_HOST, &host);
	if (r)
		return r;
	if (actual != inode || (actual == host) != host_intended)
		return -ESTALE;
	return enter(fd, inode);
}

int session_enter_host(void)
{
	_cleanup_close_ int fd = -1;
	uint64_t host;
	uint64_t self;
	int r;

	r = netns_inode(NETNS_OF_SELF, &self);
	if (r)
		return r;
	r = netns_open(NETNS_OF_HOST, &fd, &host);
	if (r)
		return r;
	return self == host ? 0 : enter(fd, host);
}

int session_seal(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	/* Without a filter it is an empty network all the same: no cause for ending the caller. */
	(void)!families_restrict(FAMILIES_OF_SEALED);
	return 0;
}

bool session_is_covered(const struct session *s)
{
	return find_cover(s) != NULL;
}

int session_restore(struct session *s)
{
	struct session *above;
	int mounts;
	int r;

	if (s->before == 0 || s->owner != getpid())
		return 0;
	above = find_cover(s);
	if (above) {
		hand_over(s, above);
		return 0;
	}
	mounts = mounts_leave(&s->mounts);
	r = s->before_fd < 0 ? session_enter_host() : enter(s->before_fd, s->before);
	return r ? r : mounts;
}

void session_forget(struct session *s)
{
	take_out(s);
	close_p(&s->before_fd);
	s->before_fd = -1;
	s->before = 0;
	mounts_forget(&s->mounts);
}

int session_check_single_thread(void)
{
	struct stat st;

	/* "task" has a directory per thread, and so two links and one for each. */
	if (stat("/proc/self/task", &st) < 0)
		return -errno;
	return st.st_nlink == 3 ? 0 : -EBUSY;
}
