/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   syslogd FILE
 *
 * Receives at /dev/log and appends to FILE, one line a message, in the
 * background.  A control byte is written as #OCTAL, as rsyslogd does: in FILE
 * a message that would have forged a second line shows "#012".
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX 8192

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, 0666) < 0)
		err(1, "%s", path);
	return fd;
}

/* In one write: FILE may be read or cut off at any moment. */
static void write_line(int file, const char *message, size_t length)
{
	char line[MESSAGE_MAX * 4 + 2];
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = message[i];

		if (c < ' ' || c == 0x7f)
			n += snprintf(line + n, sizeof(line) - n, "#%03o", c);
		else
			line[n++] = (char)c;
	}
	line[n++] = '\n';
	if (write(file, line, n) < 0)
		err(1, "write");
}

int main(int argc, char *argv[])
{
	char message[MESSAGE_MAX];
	int file, log;

	if (argc != 2)
		errx(1, "usage: syslogd FILE");
	file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (file < 0)
		err(1, "%s", argv[1]);
	log = listen_at("/dev/log");
	/* Only now: when we return, messages are received. */
	if (daemon(0, 0) < 0)
		err(1, "daemon");
	for (;;) {
		ssize_t n = recv(log, message, sizeof(message), 0);
		const char *text = message;

		if (n < 0)
			err(1, "recv");
		while (n > 0 && (message[n - 1] == '\n' || message[n - 1] == '\0'))
			n--;
		/* <PRIORITY> */
		if (n > 0 && message[0] == '<') {
			text = memchr(message, '>', n);
			text = text ? text + 1 : message;
		}
		write_line(file, text, n - (text - message));
	}
}
