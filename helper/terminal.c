/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/terminal.h"

#define NS_PER_S  1000000000LL
#define NS_PER_MS 1000000LL

#define WIDTH_DEFAULT 80
#define ROWS_DEFAULT  24

/* Another screen, without a cursor; and back. */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME  "\033[H"
#define REST  "\033[K\033[J"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH };

static int put(const char *text, size_t length)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (length > 0) {
		ssize_t n = write(STDOUT_FILENO, text, length);

		if (n < 0 && errno == EAGAIN)
			(void)poll(&out, 1, -1);
		else if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
	return 0;
}

/* Signals are read, not caught. */
static int catch_signals(struct terminal *terminal)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	terminal->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return terminal->signals < 0 ? -errno : 0;
}

/* Keys come at once, and are not shown.  Also when it has been somebody else's meanwhile. */
static int take_screen(struct terminal *terminal)
{
	struct termios raw = terminal->before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (terminal->has_keys && tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return -errno;
	terminal->taken = true;
	return put(ENTER, strlen(ENTER));
}

static void give_screen_back(struct terminal *terminal)
{
	if (!terminal->taken)
		return;
	terminal->taken = false;
	(void)put(LEAVE, strlen(LEAVE));
	if (terminal->has_keys)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
}

int terminal_start(struct terminal *terminal)
{
	const char *term = getenv("TERM");
	int r;

	if (!isatty(STDOUT_FILENO) || !term || !*term || strcmp(term, "dumb") == 0)
		return -ENOTTY;
	terminal->has_keys = tcgetattr(STDIN_FILENO, &terminal->before) == 0;
	r = catch_signals(terminal);
	return r ? r : take_screen(terminal);
}

void terminal_done(struct terminal *terminal)
{
	give_screen_back(terminal);
	close_p(&terminal->signals);
	terminal->signals = -1;
}

void terminal_size(size_t *ret_width, size_t *ret_rows)
{
	struct winsize size = { 0 };

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*ret_width = size.ws_col ? size.ws_col : WIDTH_DEFAULT;
	*ret_rows = size.ws_row ? size.ws_row : ROWS_DEFAULT;
}

int terminal_draw(const char *text, size_t length)
{
	int r = put(HOME, strlen(HOME));

	if (!r)
		r = put(text, length);
	return r ? r : put(REST, strlen(REST));
}

/* As the signal would have done. */
static void obey(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	raise(signal);
	/* It comes now, and returns if it does not kill: once the program goes on again. */
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static enum terminal_event read_signal(struct terminal *terminal)
{
	struct signalfd_siginfo info;

	if (read(terminal->signals, &info, sizeof(info)) != sizeof(info))
		return TERMINAL_CHANGED;
	if (info.ssi_signo == SIGWINCH)
		return TERMINAL_CHANGED;
	if (info.ssi_signo == SIGINT)
		return TERMINAL_INTERRUPTED;
	if (info.ssi_signo != SIGCONT) {
		give_screen_back(terminal);
		obey((int)info.ssi_signo);
	}
	return take_screen(terminal) ? TERMINAL_LOST : TERMINAL_CHANGED;
}

enum terminal_event terminal_wait(struct terminal *terminal, long long until_ns, char *ret_key)
{
	struct pollfd fds[] = {
		{ .fd = terminal->signals, .events = POLLIN },
		{ .fd = terminal->has_keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	struct timespec now;
	long long left_ns;
	int n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left_ns = until_ns - (now.tv_sec * NS_PER_S + now.tv_nsec);
	n = poll(fds, ARRAY_SIZE(fds),
		 left_ns > 0 ? (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS) : 0);
	if (n <= 0)
		return n == 0 ? TERMINAL_TIME : TERMINAL_CHANGED;
	if (fds[0].revents)
		return read_signal(terminal);
	return read(STDIN_FILENO, ret_key, 1) == 1 ? TERMINAL_KEY : TERMINAL_LOST;
}
