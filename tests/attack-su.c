/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 *   attack-su ROUNDS
 *
 * Runs su as a user who kills whatever su starts, as soon as it is there: the
 * last pid in /proc/loadavg, and the one before.  Prints how often su was
 * refused, let in, and ended by a signal.  su must never end by one: it is root's,
 * and what kills it is our work on its memory.
 */

static pid_t last_pid(int loadavg)
{
	char text[128];
	ssize_t n = pread(loadavg, text, sizeof(text) - 1, 0);

	if (n <= 0)
		err(2, "/proc/loadavg");
	text[n] = '\0';
	return (pid_t)atoi(strrchr(text, ' ') + 1);
}

static pid_t start_su(void)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		err(2, "fork");
	if (pid > 0)
		return pid;
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	execlp("su", "su", "bob", "-c", "true", (char *)NULL);
	_exit(127);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	int loadavg = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	int counts[3] = { 0, 0, 0 }; /* let in, refused, ended by a signal */

	if (rounds <= 0 || loadavg < 0)
		errx(2, "usage: attack-su ROUNDS");
	while (rounds-- > 0) {
		pid_t su = start_su();
		int status;

		while (waitpid(su, &status, WNOHANG) == 0) {
			pid_t last = last_pid(loadavg);

			for (pid_t pid = last; pid > su && pid > last - 2; pid--)
				kill(pid, SIGKILL);
		}
		counts[WIFSIGNALED(status) ? 2 : WEXITSTATUS(status) != 0]++;
	}
	printf("let in %d, refused %d, ended by a signal %d\n", counts[0], counts[1], counts[2]);
	return 0;
}
