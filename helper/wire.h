/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_WIRE_H
#define HELPER_WIRE_H

#include <stddef.h>
#include <sys/uio.h>

struct ucred;

/*
 * Messages on a SOCK_SEQPACKET socket, each whole or not at all, with the
 * credentials of its sender and a few descriptors.  All return 0 or a negative
 * errno.
 */
#define WIRE_FDS_MAX 65

/* Those that travel with a message, in its order. */
struct wire_fds {
	int fds[WIRE_FDS_MAX];
	size_t n;
};

/* Closes them. */
void wire_fds_done(struct wire_fds *fds);

/* Makes the two ends, close-on-exec; the second one receives credentials. */
int wire_pair(int ret_fds[2]);

/*
 * Sends one message from n buffers.  The credentials are the effective ids: su
 * runs PAM with the user's real uid, which the kernel would send by itself.
 * fds (NULL: none) stay the caller's.
 */
int wire_send(int sock, struct iovec *iov, size_t n, const struct wire_fds *fds);

/*
 * Receives one message.  -EPROTO closes every descriptor that came: for a
 * message longer than size, ancillary data cut short (also when the caller has
 * no room for another descriptor), of an unknown kind or wrong length, more than
 * WIRE_FDS_MAX descriptors, or any while ret_fds is NULL.
 * -ECONNRESET: the peer is gone.  Those in *ret_fds are the caller's,
 * close-on-exec.  ret_cred may be NULL; its pid is 0 when no credentials came.
 */
int wire_recv(int sock, void *buffer, size_t size, size_t *ret_length, struct wire_fds *ret_fds,
	      struct ucred *ret_cred);

/* Waits until sock can be read or its peer is gone; -ETIMEDOUT after timeout_ms. */
int wire_wait(int sock, int timeout_ms);

#endif
