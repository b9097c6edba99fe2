/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <err.h>
#include <net/if.h>
#include <netinet/in.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/base.h"
#include "tests/faults/faultrun.h"
#include "tests/faults/trace.h"

/* Of oom.c, where that is loaded. */
extern void oom_count(int on) __attribute__((weak));

/* A user is told something at most. */
static int converse(int n, const struct pam_message **messages, struct pam_response **ret_answers,
		    void *data)
{
	(void)messages;
	(void)data;
	*ret_answers = calloc((size_t)n, sizeof(**ret_answers));
	return *ret_answers ? PAM_SUCCESS : PAM_BUF_ERR;
}

static uint64_t netns(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) < 0 ? 0 : st.st_ino;
}

static bool has_links(void)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *links = if_nameindex();
	bool has = false;

	if (fd < 0 || !links)
		err(2, "links");
	for (const struct if_nameindex *l = links; l->if_name; l++) {
		struct ifreq request = { 0 };

		snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", l->if_name);
		has |= ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
	}
	if_freenameindex(links);
	return has;
}

/* The C library keeps one for the log. */
static bool is_syslog(int fd)
{
	struct sockaddr_un peer = { 0 };
	socklen_t length = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &length) == 0 &&
	       peer.sun_family == AF_UNIX && strcmp(peer.sun_path, "/dev/log") == 0;
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir)))
		n += e->d_name[0] != '.' && !is_syslog(atoi(e->d_name));
	if (dir)
		closedir(dir);
	return n;
}

static void count(bool on)
{
	if (oom_count)
		oom_count(on);
	trace_mark(on);
}

static void send_report(int fd, const struct report *r)
{
	if (write(fd, r, sizeof(*r)) != (ssize_t)sizeof(*r))
		err(2, "report");
}

static void open_it(pam_handle_t *pamh, struct report *r)
{
	double start = now();

	count(true);
	r->opened = pam_open_session(pamh, 0);
	count(false);
	r->seconds = now() - start;
	r->has_opened = true;
	r->inside = netns();
	r->has_links = has_links();
}

static void close_it(pam_handle_t *pamh, bool leaves, struct report *r)
{
	double start = now();

	count(true);
	r->closed = leaves ? PAM_SUCCESS : pam_close_session(pamh, 0);
	(void)pam_end(pamh, PAM_SUCCESS);
	count(false);
	if (now() - start > r->seconds)
		r->seconds = now() - start;
	r->has_closed = true;
	r->outside = netns();
	r->fds_after = count_fds();
}

/*
 * The host has a connection of the user's from then on, where policy p is in force.  Always
 * the same one: where the link stays there are soon too many.
 */
static void send_datagram(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(53),
					.sin_addr.s_addr = htonl(0xc6336435) }; /* 198.51.100.53 */
	const struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(4053) };
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0)
		(void)sendto(fd, "", 1, 0, (const struct sockaddr *)&to, sizeof(to));
}

void app_run(const struct run *run, bool traced, const char *picture, int report_fd)
{
	static const struct pam_conv conv = { .conv = converse };
	struct report r = { 0 };
	pam_handle_t *pamh;

	if (pam_start(run->service, run->user, &conv, &pamh) != PAM_SUCCESS)
		errx(2, "pam_start");
	if (traced)
		trace_begin();
	r.fds_before = count_fds();
	open_it(pamh, &r);
	send_report(report_fd, &r);
	if (r.opened == PAM_SUCCESS)
		send_datagram();
	if (picture && (r.opened == PAM_SUCCESS || r.has_links))
		picture_of_session(picture, run->uid);
	close_it(pamh, traced && run->leaves, &r);
	send_report(report_fd, &r);
}
