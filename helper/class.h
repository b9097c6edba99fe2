/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_CLASS_H
#define HELPER_CLASS_H

#include <stdint.h>

/*
 * The class of a policy: the group of the links of its users, by which the
 * firewall finds the rules for a packet.  It follows from the name alone, so a
 * policy that comes or goes never lends its number to another.
 */
#define CLASS_PREFIX        0x6e000000U
#define CLASS_PREFIX_LENGTH 8U
#define CLASS_MASK          0xff000000U

/* No policy ever has these: of a link whose user may do nothing while a reload is at work, */
#define CLASS_NOTHING CLASS_PREFIX
/* and of one that is not whole yet, or not any more. */
#define CLASS_UNFINISHED (CLASS_PREFIX | ~CLASS_MASK)

uint32_t class_of_policy(const char *name);

#endif
