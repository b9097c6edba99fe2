/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_WIRE_H
#define HELPER_WIRE_H

#include <stddef.h>
#include <sys/uio.h>

struct ucred;

/*
 * Messages on a SOCK_SEQPACKET socket, each whole or not at all, with the
 * credentials of its sender and at most one descriptor.  All return 0 or a
 * negative errno.
 */

/* Makes the two ends, close-on-exec; the second one receives credentials. */
int wire_pair(int ret_fds[2]);

/*
 * Sends one message from n buffers.  The credentials are the effective ids: su
 * runs PAM with the user's real uid, which the kernel would send by itself.
 * fd travels with the message unless it is -1, and stays the caller's.
 */
int wire_send(int sock, struct iovec *iov, size_t n, int fd);

/*
 * Receives one message.  -EPROTO closes every descriptor that came: for a
 * message longer than size, ancillary data cut short, of an unknown kind or
 * wrong length, more than one descriptor, or any while ret_fd is NULL.
 * -ECONNRESET: the peer is gone.  The descriptor in *ret_fd (-1: none) is the
 * caller's, close-on-exec.  ret_cred may be NULL; its pid is 0 when no
 * credentials came.
 */
int wire_recv(int sock, void *buffer, size_t size, size_t *ret_length, int *ret_fd,
	      struct ucred *ret_cred);

/* Waits until sock can be read or its peer is gone; -ETIMEDOUT after timeout_ms. */
int wire_wait(int sock, int timeout_ms);

#endif
