/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include <stddef.h>
#include <sys/stat.h>

struct conf_parser;
struct conf_place;
struct conf_source;
struct diag;

/* The files being read: this one is included by parent. */
struct load_frame {
	const struct load_frame *parent;
	const char *path;
	dev_t dev;
	ino_t ino;
};

struct loader {
	unsigned flags; /* enum conf_load_flags */
	struct diag *diag;
	struct conf_source *sources;
	size_t n_sources;
	unsigned n_files;
	const struct load_frame *top;
};

/* Where a path was named; p NULL: by the caller of conf_load(). */
struct load_origin {
	struct conf_parser *p;
	const struct conf_place *place;
};

struct load_file {
	struct stat stat;
	char *text;
	size_t length;
};

/*
 * All failures but -ENOMEM are explained in the diagnostics, except that a
 * directory which does not exist is not: a pattern then matches nothing.
 */
int load_open_directory(struct loader *l, const struct load_origin *origin, const char *path,
			int flags, int *ret_fd, struct stat *ret_stat);
int load_read_file(struct loader *l, const struct load_origin *origin, int directory,
		   const char *name, const char *path, struct load_file *ret_file);
int load_explain(struct loader *l, const struct load_origin *origin, const char *path, int r);
void load_file_done(struct load_file *file);

#endif
