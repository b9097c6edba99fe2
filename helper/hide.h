/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_HIDE_H
#define HELPER_HIDE_H

/*
 * Where those listen who resolve names: what "set hide default" hides.  Their
 * directories rather than the sockets: these are removed and made anew when the
 * daemon is restarted, and with what a mask is on, the kernel removes the mask.
 * /run/nscd is unscd's, too (users and groups are found without it), and /run/mdnsd
 * is the socket of mDNSResponder itself.
 */
#define HIDE_RESOLVED  "/run/systemd/resolve"
#define HIDE_RESOLVERS HIDE_RESOLVED, "/run/nscd", "/run/avahi-daemon", "/run/mdnsd"

#endif
