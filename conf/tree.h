/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_TREE_H
#define CONF_TREE_H

struct conf;
struct conf_session;
struct conf_statement;

/* A conf with the defaults that are no lists. */
int conf_new(struct conf **ret_conf);

/* The default of a list would be in the way while the list is being read. */
int conf_set_default_families(struct conf *conf);

void conf_statement_done(struct conf_statement *statement);
void conf_session_free(struct conf_session *session);

#endif
