/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_CTL_H
#define HELPER_CTL_H

#include <stdint.h>

/*
 * netnsctl(8): one function a command, with its own arguments (argv[0] is the
 * command's name).  Each returns the exit status: 0, 1 when what was asked for
 * failed or has errors, CTL_USAGE.
 */
#define CTL_USAGE   2
#define CTL_TROUBLE 2 /* of commands that say something by 1 */

int ctl_check(int argc, char **argv);
int ctl_reload(int argc, char **argv);
int ctl_unload(int argc, char **argv);
int ctl_status(int argc, char **argv);
int ctl_top(int argc, char **argv);
int ctl_denied(int argc, char **argv);
int ctl_who(int argc, char **argv);
int ctl_stats(int argc, char **argv);
int ctl_explain(int argc, char **argv);
int ctl_doctor(int argc, char **argv);
int ctl_exec(int argc, char **argv);
int ctl_sweep(int argc, char **argv);

/*
 * Puts back what the kernel should have of the configuration in force and has
 * not, such as a table that somebody has removed.  The exit status.
 */
int ctl_repair(void);

/*
 * "netnsctl: TEXT" or, with r, "netnsctl: TEXT: strerror(-r)" on stderr, on one line
 * and without what would speak to a terminal.  Returns 1.
 */
int ctl_error(int r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As getopt_long(), which would say raw what is wrong.  '?': it is said. */
struct option;
int ctl_option(int argc, char **argv, const char *letters, const struct option *options);

/* Says on stderr how the command is called.  Returns CTL_USAGE. */
int ctl_usage(const char *command);

/*
 * status; or trouble, and it is said, if what was printed did not arrive: a pipe's
 * reader has gone, or a disk is full.  For a command whose status says something.
 */
int ctl_finish(int status, int trouble);

/* 0 for root; otherwise says that the command needs root.  The exit status. */
int ctl_need_root(const char *command);

/* USER: a name, or the uid of a user who is gone.  Says so if it is neither.  The exit status. */
int ctl_find_uid(const char *text, uint32_t *ret_uid);

/*
 * Seconds, with parts of them, up to an hour, and no less than least_ms.  Says what is
 * wrong.  The exit status.
 */
int ctl_read_interval(const char *text, unsigned least_ms, unsigned *ret_ms);

/* For root: to where links and the firewall are, wherever we were started.  The exit status. */
int ctl_enter_host(void);

#endif
