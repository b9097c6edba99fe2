/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_TEXTFILE_H
#define HELPER_TEXTFILE_H

/*
 * Reads a whole text file of somebody else's, whatever it may be: never waits for
 * a FIFO or a device (-EINVAL), never reads more than TEXTFILE_MAX bytes (-EFBIG).
 * It ends in a NUL, and has none before: each is made a '?'.  *ret_text is the
 * caller's to free.  0 or a negative errno.
 */
#define TEXTFILE_MAX (1U << 20)
int textfile_read(const char *path, char **ret_text);

/*
 * Cuts the next line off *rest, without its newline; NULL: there are no more.
 */
char *textfile_line(char **rest);

#endif
