/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/base.h"
#include "helper/answer.h"
#include "helper/proto.h"
#include "helper/wire.h"

_Static_assert(WIRE_FDS_MAX == 1 + PROTO_MOUNTS_MAX,
	       "a namespace, and as many mounts as there can be");

/* A name in a path, of length bytes: no way out, and fit for a log of lines. */
static bool is_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return length > 0 && !(length == 1 && name[0] == '.') &&
	       !(length == 2 && name[0] == '.' && name[1] == '.');
}

bool answer_path_is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool answer_path_is_sound(const char *path)
{
	size_t length;

	/* Not the root; nor where whoever enters looks whether it is there. */
	if (*path != '/' || answer_path_is_below(path, "/proc"))
		return false;
	for (; *path == '/'; path += length) {
		length = strcspn(++path, "/");
		if (!is_name(path, length))
			return false;
	}
	return true;
}

static bool mounts_are_sound(const struct proto_answer *a)
{
	for (size_t i = 0; i < a->n_mounts; i++) {
		const char *path = a->mounts[i].path;

		if (!memchr(path, '\0', sizeof(a->mounts[i].path)) || !answer_path_is_sound(path) ||
		    a->mounts[i].others > 1)
			return false;
	}
	return true;
}

bool answer_is_sound(const struct proto_answer *a, size_t length, size_t n_fds)
{
	if (length < PROTO_ANSWER_SIZE(0) || a->version != PROTO_VERSION ||
	    a->n_mounts > PROTO_MOUNTS_MAX || length != PROTO_ANSWER_SIZE(a->n_mounts) ||
	    !memchr(a->text, '\0', sizeof(a->text)) || !memchr(a->mode, '\0', sizeof(a->mode)) ||
	    !memchr(a->name, '\0', sizeof(a->name)))
		return false;
	switch (a->result) {
	case PROTO_ENTER:
		return n_fds == 1 + a->n_mounts && a->netns != 0 && a->host <= 1 &&
		       a->shared <= 1 && !(a->host && (a->n_mounts || a->families)) &&
		       mounts_are_sound(a);
	case PROTO_STAY:
	case PROTO_DONE:
	case PROTO_FAILED:
		return n_fds == 0 && a->n_mounts == 0 && a->families == 0;
	default:
		return false;
	}
}
