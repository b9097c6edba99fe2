/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_DUMP_H
#define CONF_DUMP_H

#include <stdio.h>

#include "conf/conf.h"

/*
 * Writes the canonical text: includes in place, one statement a line, ids
 * beside or instead of names where conf_resolve() found them (a user is
 * written as NAME,UID, a group as @GID).  Parsing it gives the same conf.
 */
int conf_dump(const struct conf *conf, FILE *out);

/* A single thing of a conf, as conf_dump() writes it, without the end of the line. */
void conf_dump_setting(const struct conf_settings *settings, enum conf_setting setting, FILE *out);
void conf_dump_member(const struct conf_member *member, FILE *out);
void conf_dump_statement(const struct conf_statement *statement, FILE *out);
void conf_dump_session(const struct conf_session *session, FILE *out);

/*
 * What stands in the file from a place to the end of the statement: with one
 * blank between words, without comments, as one line.  The caller's to free; NULL:
 * it is not known, or there is no memory for it.
 */
char *conf_dump_source(const struct conf *conf, const struct conf_place *place);

#endif
