/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "helper/live.h"
#include "helper/procs.h"
#include "helper/state.h"

static int compare_netns(const void *a, const void *b)
{
	const struct live *x = a;
	const struct live *y = b;

	return x->netns < y->netns ? -1 : x->netns > y->netns;
}

static int compare_uid(const void *a, const void *b)
{
	const struct live *x = a;
	const struct live *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static char *user_name(uint32_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	return pw ? strdup(pw->pw_name) : NULL;
}

/* -ENOENT: gone meanwhile. */
static int read_pin(const struct state *state, uint32_t uid, struct live *ret_live)
{
	_cleanup_close_ int fd = -1;
	struct live live = { .uid = uid };
	struct stat st;
	int r;

	r = state_open_pin(state, uid, &fd, &live.netns);
	if (r)
		return r;
	/* The inode of a namespace is made when it is first looked at: for its pin. */
	live.since = fstat(fd, &st) == 0 ? st.st_ctime : 0;
	r = veth_find_link(uid, &live.group, &live.addresses);
	if (r)
		return r;
	live.name = user_name(uid);
	*ret_live = live;
	return 0;
}

struct count {
	struct live *live;
	size_t n;
};

static int count_process(void *userdata, pid_t pid, uint64_t netns)
{
	const struct count *count = userdata;
	const struct live key = { .netns = netns };
	struct live *l = bsearch(&key, count->live, count->n, sizeof(key), compare_netns);

	(void)pid;
	if (l)
		l->processes++;
	return 0;
}

int live_list(const struct state *state, struct live **ret_live, size_t *ret_n)
{
	_cleanup_free_ uint32_t *uids = NULL;
	struct count count = { 0 };
	size_t n;
	int r;

	r = state_list(state, &uids, &n);
	if (r)
		return r;
	count.live = calloc(n ? n : 1, sizeof(*count.live));
	if (!count.live)
		return -ENOMEM;
	for (size_t i = 0; i < n && !r; i++) {
		r = read_pin(state, uids[i], &count.live[count.n]);
		if (!r)
			count.n++;
		else if (r == -ENOENT)
			r = 0;
	}
	qsort(count.live, count.n, sizeof(*count.live), compare_netns);
	if (!r)
		r = procs_scan(count_process, &count);
	if (r) {
		live_free(count.live, count.n);
		return r;
	}
	qsort(count.live, count.n, sizeof(*count.live), compare_uid);
	*ret_live = count.live;
	*ret_n = count.n;
	return 0;
}

void live_free(struct live *live, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(live[i].name);
	free(live);
}
