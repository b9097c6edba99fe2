/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "conf/base.h"
#include "helper/procs.h"
#include "helper/usage.h"

/*
 * How many sessions a user has, the kernel does not know, and nobody else is to be
 * asked: it is how many ways there are into the namespace.  Whoever opens a session
 * (sshd, login, su, cron) enters it, stays there until the session ends, has a parent
 * who is elsewhere, and keeps root's rights to close it.  What is the user's alone is
 * none, whoever its parent is: process 1 has adopted what a session left behind, and is
 * the parent of the user's systemd manager, with which nobody logs in; and users can
 * leave for a namespace of their own, while their children stay.
 */
struct inside {
	pid_t pid;
	struct usage *usage;
};

struct scan {
	struct usage **by_netns;
	size_t n_netns;
	struct inside *list;
	size_t n;
	size_t room;
};

static int compare_netns(const void *a, const void *b)
{
	const struct usage *x = *(struct usage *const *)a;
	const struct usage *y = *(struct usage *const *)b;

	return x->netns < y->netns ? -1 : x->netns > y->netns;
}

static int compare_inside(const void *a, const void *b)
{
	const struct inside *x = a;
	const struct inside *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->usage < y->usage ? -1 : x->usage > y->usage;
}

static int note_process(void *userdata, pid_t pid, uint64_t netns)
{
	struct scan *scan = userdata;
	const struct usage key = { .netns = netns };
	const struct usage *const wanted = &key;
	struct usage *const *found;

	found = bsearch(&wanted, scan->by_netns, scan->n_netns, sizeof(struct usage *),
			compare_netns);
	if (!found)
		return 0;
	/* Several threads of one process may be there while its first one is not. */
	if (scan->n && scan->list[scan->n - 1].pid == pid &&
	    scan->list[scan->n - 1].usage == *found)
		return 0;
	if (scan->n == scan->room) {
		size_t room = scan->room ? scan->room * 2 : 256;
		struct inside *list = reallocarray(scan->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		scan->list = list;
		scan->room = room;
	}
	scan->list[scan->n++] = (struct inside){ pid, *found };
	return 0;
}

static bool is_users_alone(pid_t pid, uint32_t uid)
{
	uint32_t uids[PROCS_UIDS];
	char path[32];
	struct stat st;

	/* Gone meanwhile: then it is no session either. */
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (stat(path, &st) < 0)
		return true;
	/*
	 * Most are, and this is cheap: what has had another uid belongs to root in /proc, or
	 * the user could look into it, see proc(5).
	 */
	if (st.st_uid == uid)
		return true;
	if (procs_uids(pid, uids))
		return true;
	for (size_t i = 0; i < PROCS_UIDS; i++)
		if (uids[i] != uid)
			return false;
	return true;
}

static bool is_way_in(const struct scan *scan, const struct inside *inside)
{
	struct inside parent = { .usage = inside->usage };

	if (is_users_alone(inside->pid, inside->usage->uid))
		return false;
	parent.pid = procs_parent(inside->pid);
	return !bsearch(&parent, scan->list, scan->n, sizeof(parent), compare_inside);
}

static void count(struct scan *scan)
{
	qsort(scan->list, scan->n, sizeof(*scan->list), compare_inside);
	for (size_t i = 0; i < scan->n; i++) {
		struct usage *usage = scan->list[i].usage;

		usage->processes++;
		usage->sessions += is_way_in(scan, &scan->list[i]);
	}
}

int usage_read_processes(struct usages *usages)
{
	struct scan scan = { .n_netns = usages->n };
	int r = 0;

	if (usages->n == 0)
		return 0;
	scan.by_netns = calloc(usages->n, sizeof(struct usage *));
	if (!scan.by_netns)
		return -ENOMEM;
	for (size_t i = 0; i < usages->n; i++)
		scan.by_netns[i] = &usages->list[i];
	qsort(scan.by_netns, scan.n_netns, sizeof(struct usage *), compare_netns);
	r = procs_scan(note_process, &scan);
	if (!r && scan.n)
		count(&scan);
	free(scan.by_netns);
	free(scan.list);
	return r;
}
