/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include <stddef.h>

struct conf_source;
struct stat;

/* "/etc/security" and "netns.conf"; "." and the name for a path without '/'. */
int path_split(const char *path, char **ret_directory, const char **ret_name);
int path_join(const char *directory, const char *name, char **ret_path);

/* Appends what stat says about path, made absolute; stat NULL: it does not exist. */
int source_add(struct conf_source **sources, size_t *n, const char *path, const struct stat *stat);
void sources_free(struct conf_source *sources, size_t n);

#endif
