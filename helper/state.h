/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_STATE_H
#define HELPER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What we keep in /run/pam_netns (0700, root's):
 *
 *   ns/UID       a user's network namespace: an empty file with nsfs mounted on it;
 *                ns itself is a private mount, made with the first one
 *   idle/UID     since when nobody has been in it (mtime); only with linger
 *   joined/UID   see joined.h
 *   lock         locks of its bytes, see below
 *   active*.conf see active.h
 *   session/     see fw_files.h
 *   host         see ground.h
 *   hidden       see op_hide.c
 *   pending      see ready.h
 *
 * Nothing here counts sessions; who is inside is asked of the kernel.  All
 * return 0 or a negative errno.
 */
struct state {
	int run; /* descriptors, -1: not open */
	int ns;
	int lock;
};

#define STATE_INIT                              \
	{                                       \
		.run = -1, .ns = -1, .lock = -1 \
	}

/*
 * The bytes of the lock file: a user's own, for who makes or removes the user's
 * namespace; one for reloads; one for making ns a mount; and one of each user that is shared by
 * those who are about to enter it, from before the first is let go until they are inside and /proc
 * shows them.
 */
#define STATE_LOCK_USER(uid)     ((uint64_t)(uid))
#define STATE_LOCK_RELOAD        (UINT64_C(1) << 32)
#define STATE_LOCK_MOUNT         ((UINT64_C(1) << 32) + 1)
#define STATE_LOCK_ENTERING(uid) ((UINT64_C(1) << 33) + (uid))

/*
 * Opens the runtime directory and makes what is missing of it.  -EPERM: it, or
 * a part of it, is not root's alone.  With create false nothing is made, and
 * -ENOENT says that there is nothing.
 */
int state_open(struct state *state, bool create);
const char *state_strerror(int r); /* of state_open(), for people */
void state_close(struct state *state);

/*
 * Locks byte until state_unlock(), or until the lock file is closed.  Never hold
 * a lock that others wait for while waiting for a peer.  -EAGAIN: somebody else
 * holds it and wait is false.  -ETIMEDOUT: a signal came while waiting.
 */
int state_lock(const struct state *state, uint64_t byte, bool wait);

/*
 * Waits for so long at most, and takes that from left_ms: whoever is logging in holds
 * the lock of a user for a moment only, if not on purpose.  -EAGAIN: it is held still.
 */
#define STATE_WAIT_MS 6000 /* no helper lives longer; but another may be there already */
int state_lock_soon(const struct state *state, uint64_t byte, unsigned *left_ms);

int state_share(const struct state *state, uint64_t byte);
void state_unlock(const struct state *state, uint64_t byte);

/*
 * Opens the namespace of uid.  -ENOENT: there is none; a file left by an
 * interrupted state_pin() counts as none.
 */
int state_open_pin(const struct state *state, uint32_t uid, int *ret_fd, uint64_t *ret_inode);

/* Pins the calling thread's network namespace for uid, under the user's lock. */
int state_pin(const struct state *state, uint32_t uid);

/* Removes the pin of uid, or what is left of one, under the user's lock. */
int state_unpin(const struct state *state, uint32_t uid);

/* The uids that have a pin, or what is left of one. *ret_uids is the caller's to free. */
int state_list(const struct state *state, uint32_t **ret_uids, size_t *ret_n);

/*
 * Marks of a user.  state_mark() makes one if it is not there; *ret_seconds is how
 * long ago it was made, or last made anew, whatever happens to the clock.  Under
 * the user's lock.
 */
enum state_mark {
	STATE_IDLE, /* nobody is in the namespace */
	STATE_JOINED, /* see joined.h */
	N_STATE_MARKS,
};
int state_mark(const struct state *state, enum state_mark mark, uint32_t uid,
	       uint32_t *ret_seconds);
int state_mark_anew(const struct state *state, enum state_mark mark, uint32_t uid);
void state_unmark(const struct state *state, enum state_mark mark, uint32_t uid);
bool state_is_marked(const struct state *state, enum state_mark mark, uint32_t uid);
int state_list_marked(const struct state *state, enum state_mark mark, uint32_t **ret_uids,
		      size_t *ret_n);

#endif
