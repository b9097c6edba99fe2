/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FW_VIEW_H
#define HELPER_FW_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/fw_ir.h"

struct fw_packet;

/* A packet as the rules of a base chain see it, for fw_eval.c. */
struct fw_view {
	const struct fw_packet *packet;
	const struct fw_base *base;
	uint32_t mark; /* by now */
};

/* A rule that asks for what is not there does not match, whatever it wants it to be. */
bool fw_view_has(const struct fw_view *view, enum fw_field field);

/* Of a field that is there, and is a number of up to 32 bits. */
uint32_t fw_view_number(const struct fw_view *view, enum fw_field field);

/* The value of any field, in first; false: it is not there. */
bool fw_view_load(const struct fw_view *view, enum fw_field field, struct span *ret_value);

/* Whether the value is in span, and in which element of set, or NULL; false: it is not there. */
bool fw_view_is_in(const struct fw_view *view, enum fw_field field, const struct span *span,
		   bool *ret_is);
bool fw_view_find(const struct fw_view *view, enum fw_field field, const struct fw_set *set,
		  const struct fw_element **ret_element);

#endif
