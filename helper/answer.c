/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/base.h"
#include "helper/answer.h"
#include "helper/proto.h"
#include "helper/wire.h"

_Static_assert(WIRE_FDS_MAX == 1 + PROTO_MOUNTS_MAX,
	       "a namespace, and as many mounts as there can be");

/* Directories of which an entry can be another one for a session. */
static const char *const places[] = { "/etc/" };

/* Without a way out, and fit for a log of lines. */
static bool is_entry(const char *name)
{
	for (const char *p = name; *p; p++)
		if (*p == '/' || (unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool answer_path_is_sound(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strncmp(path, places[i], strlen(places[i])) == 0)
			return is_entry(path + strlen(places[i]));
	return false;
}

static bool mounts_are_sound(const struct proto_answer *a)
{
	for (size_t i = 0; i < a->n_mounts; i++) {
		const char *path = a->mounts[i].path;

		if (!memchr(path, '\0', sizeof(a->mounts[i].path)) || !answer_path_is_sound(path))
			return false;
	}
	return true;
}

bool answer_is_sound(const struct proto_answer *a, size_t length, size_t n_fds)
{
	if (length < PROTO_ANSWER_SIZE(0) || a->version != PROTO_VERSION ||
	    a->n_mounts > PROTO_MOUNTS_MAX || length != PROTO_ANSWER_SIZE(a->n_mounts) ||
	    !memchr(a->text, '\0', sizeof(a->text)))
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
