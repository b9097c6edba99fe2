/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/conf.h"
#include "helper/doctor.h"
#include "helper/list.h"
#include "helper/netns.h"
#include "helper/procs.h"
#include "helper/state.h"

#define COMM_MAX   64
#define NAMED_MAX  4U /* processes that are named; programs are told all pids */
#define IN_HOST    UINT32_MAX
#define UNHIDDEN   (UINT32_MAX - 1)
#define LINE_BYTES 512

struct pin {
	uint64_t netns;
	uint32_t uid;
};

/* Processes of a user that are in the same wrong place. */
struct group {
	uint32_t uid;
	uint32_t place; /* IN_HOST, UNHIDDEN, or the user in whose network they are */
	pid_t *pids;
	size_t n_pids;
};

struct scan {
	struct doctor *doctor;
	uint64_t host;
	uint64_t host_mounts;
	struct pin *pins; /* by namespace */
	size_t n_pins;
	struct group *groups;
	size_t n_groups;
	int error; /* some users could not be looked up */
};

static int compare_pins(const void *a, const void *b)
{
	const struct pin *x = a;
	const struct pin *y = b;

	return x->netns < y->netns ? -1 : x->netns > y->netns;
}

static int find_pins(struct scan *scan)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	_cleanup_free_ uint32_t *uids = NULL;
	size_t n = 0;
	int r = state_open(&state, false);

	if (!r)
		r = state_list(&state, &uids, &n);
	for (size_t i = 0; !r && i < n; i++) {
		_cleanup_close_ int fd = -1;
		struct pin *pin;
		uint64_t netns;

		if (state_open_pin(&state, uids[i], &fd, &netns))
			continue;
		pin = list_add(scan->pins, scan->n_pins);
		if (!pin)
			return -ENOMEM;
		*pin = (struct pin){ netns, uids[i] };
	}
	if (scan->n_pins)
		qsort(scan->pins, scan->n_pins, sizeof(*scan->pins), compare_pins);
	return r == -ENOENT ? 0 : r;
}

static int add_process(struct scan *scan, uint32_t uid, uint32_t place, pid_t pid)
{
	struct group *group = NULL;
	pid_t *slot;

	/* Processes of one user often come one after the other. */
	for (size_t i = scan->n_groups; i-- > 0 && !group;)
		if (scan->groups[i].uid == uid && scan->groups[i].place == place)
			group = &scan->groups[i];
	if (!group) {
		group = list_add(scan->groups, scan->n_groups);
		if (!group)
			return -ENOMEM;
		group->uid = uid;
		group->place = place;
	}
	/* Threads that are elsewhere come again. */
	if (group->n_pids && group->pids[group->n_pids - 1] == pid)
		return 0;
	slot = list_add(group->pids, group->n_pids);
	if (!slot)
		return -ENOMEM;
	*slot = pid;
	return 0;
}

static bool is_in_host_mounts(const struct scan *scan, pid_t pid)
{
	char path[COMM_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return stat(path, &st) == 0 && st.st_ino == scan->host_mounts;
}

static int look_at(void *data, pid_t pid, uint64_t netns)
{
	const struct pin key = { .netns = netns };
	const struct doctor_user *user;
	uint32_t uids[PROCS_UIDS];
	struct scan *scan = data;
	const struct pin *pin;
	int r;

	/* Gone meanwhile, or root's for whatever user. */
	if (procs_uids(pid, uids) || uids[1] == 0)
		return 0;
	user = doctor_user(scan->doctor, uids[1], &r);
	if (!user && r != -ENOMEM)
		scan->error = r;
	if (!user || !user->confined)
		return r == -ENOMEM ? r : 0;
	if (netns == scan->host)
		return add_process(scan, uids[1], IN_HOST, pid);
	pin = scan->n_pins ? bsearch(&key, scan->pins, scan->n_pins, sizeof(key), compare_pins)
			   : NULL;
	if (pin && pin->uid != uids[1])
		return add_process(scan, uids[1], pin->uid, pid);
	if (user->hides && is_in_host_mounts(scan, pid))
		return add_process(scan, uids[1], UNHIDDEN, pid);
	return 0;
}

static void read_comm(pid_t pid, char comm[COMM_MAX])
{
	_cleanup_close_ int fd = -1;
	char path[COMM_MAX];
	ssize_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, comm, COMM_MAX - 1);
	if (n > 0 && comm[n - 1] == '\n')
		n--;
	comm[n > 0 ? n : 0] = '\0';
}

static void name_processes(const struct group *group, char text[LINE_BYTES])
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < group->n_pids && i < NAMED_MAX; i++) {
		char comm[COMM_MAX];

		read_comm(group->pids[i], comm);
		n += (size_t)snprintf(text + n, LINE_BYTES - n, "%s%d (%s)", i ? ", " : "",
				      (int)group->pids[i], comm);
	}
	if (group->n_pids > NAMED_MAX)
		snprintf(text + n, LINE_BYTES - n, " and more");
}

static void say_where(const struct group *group, char text[COMM_MAX])
{
	if (group->place == IN_HOST)
		snprintf(text, COMM_MAX, "in the host's network");
	else if (group->place == UNHIDDEN)
		snprintf(text, COMM_MAX, "with nothing hidden");
	else
		snprintf(text, COMM_MAX, "in the network of uid %u", group->place);
}

static void report(struct doctor *doctor, const struct group *group)
{
	bool is_outside = group->place != UNHIDDEN;
	const struct doctor_user *user;
	struct doctor_finding *f;
	char processes[LINE_BYTES];
	char where[COMM_MAX];
	char uid[16];
	int r;

	user = doctor_user(doctor, group->uid, &r);
	snprintf(uid, sizeof(uid), "uid %u", group->uid);
	name_processes(group, processes);
	say_where(group, where);
	f = doctor_add(doctor, is_outside ? DOCTOR_PROCESS_OUTSIDE : DOCTOR_SESSION_UNHIDDEN, NULL,
		       0, "%s has %zu process%s %s: %s", user && user->name ? user->name : uid,
		       group->n_pids, group->n_pids == 1 ? "" : "es", where, processes);
	doctor_about(doctor, f, user ? user->name : NULL, group->pids, group->n_pids);
	doctor_mend(doctor, f, "%s",
		    is_outside
			    ? "end them, as by kill(1), and start what is needed from a new session"
			    : "log out, so that all of them end, and in again");
}

static int scan_all(struct scan *scan)
{
	struct stat st;
	int r;

	if (stat("/proc/1/ns/mnt", &st) < 0)
		return -errno;
	scan->host_mounts = st.st_ino;
	r = netns_inode(NETNS_OF_HOST, &scan->host);
	if (!r)
		r = find_pins(scan);
	if (!r)
		r = procs_scan(look_at, scan);
	for (size_t i = 0; i < scan->n_groups; i++)
		report(scan->doctor, &scan->groups[i]);
	return r ? r : scan->error;
}

int doctor_procs(struct doctor *doctor)
{
	struct scan scan = { .doctor = doctor };
	int r = doctor->conf ? scan_all(&scan) : 0;

	for (size_t i = 0; i < scan.n_groups; i++)
		free(scan.groups[i].pids);
	free(scan.groups);
	free(scan.pins);
	return r;
}
