/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   storm SEED LOGINS AT-ONCE FIRST-UID USERS ADDRESS PORT
 *
 * So many log-ins and log-outs of the users u1 to uUSERS by the service "storm", so
 * many at once.  A tenth at least of the programs that log in, and of the helpers, are
 * killed at random moments.
 *
 * Whoever comes in looks where that is: in the network that is pinned for the user,
 * and that is the user's.  Of each four users the first two have lo alone; the
 * third reaches the port, where a line "UID ADDRESS" is not asked for, but whatever
 * is sent comes back; the fourth does not.
 *
 * Prints figures, "NAME NUMBER", and a line "wrong TEXT" for what must not be.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf/base.h"

#define AT_ONCE_MAX  256
#define KINDS        4 /* of users, in turn; see above */
#define HOLD_MAX_US  40000 /* a session's time */
#define KILL_MAX_US  60000 /* when a program dies */
#define MARKED       5 /* one of so many callers is to be killed: some end before */
#define OWED         4 /* and one helper for so many log-ins, each of which has two */
#define NEWEST       200 /* pids that are looked at for a helper */
#define STEP_US      500
#define ECHO_TRIES   3
#define ECHO_WAIT_MS 2000

enum outcome {
	OPENED,
	REFUSED,
	WRONG,
	N_OUTCOMES
};

struct storm {
	unsigned logins;
	unsigned at_once;
	unsigned first_uid;
	unsigned users;
	struct sockaddr_in peer;
	uint64_t host;
};

struct caller {
	pid_t pid; /* 0: none */
	long long dies; /* in microseconds of the clock; 0: not by us */
};

static struct caller callers[AT_ONCE_MAX];
static unsigned outcomes[N_OUTCOMES];
static unsigned callers_killed;
static unsigned helpers_killed;

static long long clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

static uint64_t inode(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/*
 * One that logs in
 */

static int converse(int n, const struct pam_message **messages, struct pam_response **ret_answers,
		    void *data)
{
	(void)messages;
	(void)data;
	*ret_answers = calloc((size_t)n, sizeof(**ret_answers));
	return *ret_answers ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int is_wrong(unsigned uid, const char *format, ...) PRINTF_LIKE(2, 3);
static int is_wrong(unsigned uid, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "wrong uid %u: %s\n", uid, text);
	return WRONG;
}

/* How many links are up, lo included; -1: not even that is known. */
static int count_links(void)
{
	struct if_nameindex *links = if_nameindex();
	int n = 0;

	if (!links)
		return -1;
	while (links[n].if_name)
		n++;
	if_freenameindex(links);
	return n;
}

/* Whether what is sent to the peer comes back. */
static bool reaches(const struct sockaddr_in *peer)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char answer[8];

	if (connect(fd, (const struct sockaddr *)peer, sizeof(*peer)) < 0)
		return false;
	for (unsigned i = 0; i < ECHO_TRIES; i++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (write(fd, "hello", 5) != 5)
			return false;
		if (poll(&p, 1, ECHO_WAIT_MS) == 1)
			return read(fd, answer, sizeof(answer)) == 5;
	}
	return false;
}

static int look_around(const struct storm *s, unsigned uid)
{
	unsigned kind = (uid - s->first_uid) % KINDS;
	bool has_link = kind >= KINDS / 2;
	uint64_t here = inode("/proc/thread-self/ns/net");
	char pin[64];

	/* As the host has it: a session with mounts of its own has no pins. */
	snprintf(pin, sizeof(pin), "/proc/1/root/run/pam_netns/ns/%u", uid);
	if (here == 0 || here == s->host)
		return is_wrong(uid, "in the host's network");
	if (here != inode(pin))
		return is_wrong(uid, "in %llu, where the pin is %llu", (unsigned long long)here,
				(unsigned long long)inode(pin));
	if (count_links() != 1 + has_link)
		return is_wrong(uid, "has %d links", count_links());
	if (has_link && reaches(&s->peer) != (kind == KINDS / 2))
		return is_wrong(uid, "%s",
				kind == KINDS / 2 ? "reaches nobody" : "reaches whom it must not");
	return OPENED;
}

static int log_in(const struct storm *s, unsigned uid)
{
	static const struct pam_conv conv = { .conv = converse };
	int outcome = REFUSED;
	pam_handle_t *pamh;
	char name[32];

	snprintf(name, sizeof(name), "u%u", uid - s->first_uid);
	if (pam_start("storm", name, &conv, &pamh) != PAM_SUCCESS)
		return is_wrong(uid, "pam_start");
	if (pam_open_session(pamh, 0) == PAM_SUCCESS) {
		outcome = look_around(s, uid);
		usleep(below(HOLD_MAX_US));
		if (pam_close_session(pamh, 0) != PAM_SUCCESS ||
		    inode("/proc/thread-self/ns/net") != s->host)
			outcome = is_wrong(uid, "not led back");
	} else if (inode("/proc/thread-self/ns/net") == s->host || count_links() != 1) {
		outcome = is_wrong(uid, "refused, but not sealed");
	}
	pam_end(pamh, PAM_SUCCESS);
	return outcome;
}

/*
 * All of them
 */

static void start(const struct storm *s, struct caller *c)
{
	unsigned uid = s->first_uid + 1 + below(s->users);
	unsigned seed = (unsigned)random();

	c->dies = below(MARKED) == 0 ? clock_us() + below(KILL_MAX_US) : 0;
	c->pid = fork();
	if (c->pid < 0)
		err(1, "fork");
	if (c->pid == 0) {
		(void)setpriority(PRIO_PROCESS, 0, 0);
		srandom(seed);
		_exit(log_in(s, uid));
	}
}

static struct caller *find(pid_t pid)
{
	for (unsigned i = 0; i < AT_ONCE_MAX; i++)
		if (callers[i].pid == pid)
			return &callers[i];
	return NULL;
}

static void end(int status, struct caller *c)
{
	c->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) < N_OUTCOMES)
		outcomes[WEXITSTATUS(status)]++;
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && c->dies)
		callers_killed++;
	else
		outcomes[is_wrong(0, "a caller ended with status %d", status)]++;
}

/* Helpers whose asker has gone are our children, too. */
static unsigned reap(void)
{
	unsigned ended = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct caller *c = find(pid);

		if (!c)
			continue;
		end(status, c);
		ended++;
	}
	return ended;
}

static void kill_callers(void)
{
	long long time = clock_us();

	for (unsigned i = 0; i < AT_ONCE_MAX; i++)
		if (callers[i].pid && callers[i].dies && callers[i].dies <= time)
			kill(callers[i].pid, SIGKILL);
}

/* One that lives: who has been killed may still be there to be reaped. */
static bool is_helper(int pid)
{
	char stat[64] = "";
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, stat, sizeof(stat) - 1) < 0)
		stat[0] = '\0';
	close(fd);
	return strstr(stat, " (netns-helper) ") && !strstr(stat, ") Z ");
}

/* Half of the newest, as many as there are to be killed. */
static unsigned kill_helpers(unsigned debt)
{
	unsigned n = 0;
	char line[128] = "";
	const char *word;
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	int last;

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		err(1, "/proc/loadavg");
	close(fd);
	word = strrchr(line, ' ');
	last = word ? atoi(word) : 0;
	for (int pid = last > NEWEST ? last - NEWEST : 1; pid <= last && n < debt; pid++)
		n += is_helper(pid) && below(2) == 0 && kill(pid, SIGKILL) == 0;
	return n;
}

static void run(const struct storm *s)
{
	unsigned started = 0;
	unsigned ended = 0;
	unsigned debt = 0; /* helpers that are still to be killed */

	while (ended < s->logins) {
		unsigned before = ended;
		unsigned killed;

		for (unsigned i = 0; i < s->at_once && started < s->logins; i++)
			if (!callers[i].pid) {
				start(s, &callers[i]);
				started++;
				debt += below(OWED) == 0;
			}
		kill_callers();
		killed = debt ? kill_helpers(debt) : 0;
		debt -= killed;
		helpers_killed += killed;
		ended += reap();
		if (ended == before)
			usleep(STEP_US);
	}
}

int main(int argc, char *argv[])
{
	struct storm s = { .peer = { .sin_family = AF_INET } };

	if (argc != 8)
		errx(2, "usage: storm SEED LOGINS AT-ONCE FIRST-UID USERS ADDRESS PORT");
	srandom((unsigned)strtoul(argv[1], NULL, 10));
	s.logins = (unsigned)atoi(argv[2]);
	s.at_once = (unsigned)atoi(argv[3]);
	s.first_uid = (unsigned)atoi(argv[4]);
	s.users = (unsigned)atoi(argv[5]);
	s.peer.sin_port = htons((uint16_t)atoi(argv[7]));
	if (s.at_once > AT_ONCE_MAX || inet_pton(AF_INET, argv[6], &s.peer.sin_addr) != 1)
		errx(2, "unusable arguments");
	s.host = inode("/proc/1/ns/net");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	/* A helper is often gone before one among so many has looked for it. */
	(void)setpriority(PRIO_PROCESS, 0, -10);
	run(&s);
	printf("opened %u\nrefused %u\nwrong %u\ncallers-killed %u\nhelpers-killed %u\n",
	       outcomes[OPENED], outcomes[REFUSED], outcomes[WRONG], callers_killed,
	       helpers_killed);
	return outcomes[WRONG] != 0;
}
