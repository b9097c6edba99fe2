/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_ACCOUNT_H
#define HELPER_ACCOUNT_H

#include <stdint.h>

struct conf_session;
struct link_view;
struct op;
struct proto_request;
struct proto_traffic;
struct tidy_result;

/* Notes for the answer what the session gets.  NULL: no line decides. */
void account_network(struct op *op, const struct conf_session *session);

/* A link that was just made, as the askers have it. */
void account_new_link(int index, struct proto_traffic *ret);

/*
 * What the user's link has counted, and what was denied.  Looks at the kernel, and
 * at nothing else; what it does not learn is missing.
 */
void account_link(uint32_t uid, const struct link_view *view, struct proto_traffic *ret);

/* The same when the session ends, if it is the link that the session began with. */
void account_close(const struct proto_request *request, struct proto_traffic *ret);

/* Logs the totals of the namespaces that were removed. */
void account_removed(const struct tidy_result *result);

#endif
