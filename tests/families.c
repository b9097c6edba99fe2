/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   families [WAY]...
 *
 * Tries to make sockets of every family, type and protocol of the lists below, by
 * every way into the kernel that there is here, or those named.  Prints a line
 * for each:
 *
 *   socket 40/1/0 EAFNOSUPPORT       WAY FAMILY/TYPE/PROTOCOL RESULT
 *   socket 2/2/17 possible
 *
 * and "io_uring RESULT".  A way that this machine does not have: "socket32 absent".
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <linux/net.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"

/* Higher ones than there are, and what is only half an int. */
static const int families[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,   12, 13,
				14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,   26, 27,
				28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,   40, 41,
				42, 43, 44, 45, 46, 63, 64, 66, 74, 80, -1, 0x102 };
static const int types[] = { 1, 2, 3, 4, 5, 6, 10, SOCK_STREAM | SOCK_CLOEXEC };
static const int protocols[] = { 0, 1, 6, 17, 33, 58, 115, 132, 136, 256, 262 };

struct call {
	int family;
	int type;
	int protocol;
};

/* What a way returns: a descriptor, or a negative errno. */
static long from_libc(long r)
{
	return r < 0 ? -errno : r;
}

static long by_socket(const struct call *c)
{
	return from_libc(syscall(SYS_socket, c->family, c->type, c->protocol));
}

static long by_socketpair(const struct call *c)
{
	int pair[2];
	long r = from_libc(syscall(SYS_socketpair, c->family, c->type, c->protocol, pair));

	if (r < 0)
		return r;
	close(pair[1]);
	return pair[0];
}

#ifdef __LP64__
/* The kernel looks at ints, in registers that are longer. */
static long by_long(const struct call *c)
{
	const long high = LONG_MAX ^ UINT32_MAX;

	return from_libc(syscall(SYS_socket, high | (unsigned)c->family, high | (unsigned)c->type,
				 high | (unsigned)c->protocol));
}
#endif

#ifdef __x86_64__
#define X32 0x40000000

/* The calls of i386 are there for 64-bit code, too. */
static long call32(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"((long)number), "b"((long)a), "c"((long)b), "d"((long)c), "S"((long)d)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

static sigjmp_buf without32;

static void no_call32(int sig)
{
	(void)sig;
	siglongjmp(without32, 1);
}

/* getpid(2): a kernel without them ends the process, or knows no such call. */
static bool has_call32(void)
{
	static int has = -1;

	if (has >= 0)
		return has;
	signal(SIGSEGV, no_call32);
	has = sigsetjmp(without32, 1) == 0 && call32(20, 0, 0, 0, 0) == getpid();
	signal(SIGSEGV, SIG_DFL);
	return has;
}

static bool has_x32(void)
{
	return syscall(SYS_getpid | X32) == getpid();
}

/* Where a pointer of 32 bits reaches. */
static uint32_t *low_memory(void)
{
	static uint32_t *memory;

	if (memory)
		return memory;
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		      -1, 0);
	if (memory == MAP_FAILED)
		err(2, "mmap");
	return memory;
}

static long by_socket32(const struct call *c)
{
	return call32(359, (uint32_t)c->family, (uint32_t)c->type, (uint32_t)c->protocol, 0);
}

static long first_of_pair(long r)
{
	const uint32_t *pair = low_memory() + 8;

	if (r < 0)
		return r;
	close((int)pair[1]);
	return (int)pair[0];
}

static long by_socketpair32(const struct call *c)
{
	return first_of_pair(call32(360, (uint32_t)c->family, (uint32_t)c->type,
				    (uint32_t)c->protocol,
				    (uint32_t)(uintptr_t)(low_memory() + 8)));
}

static long socketcall(uint32_t what, const struct call *c)
{
	uint32_t *arguments = low_memory();

	arguments[0] = (uint32_t)c->family;
	arguments[1] = (uint32_t)c->type;
	arguments[2] = (uint32_t)c->protocol;
	arguments[3] = (uint32_t)(uintptr_t)(arguments + 8);
	return call32(102, what, (uint32_t)(uintptr_t)arguments, 0, 0);
}

static long by_socketcall(const struct call *c)
{
	return socketcall(SYS_SOCKET, c);
}

static long by_socketcall_pair(const struct call *c)
{
	return first_of_pair(socketcall(SYS_SOCKETPAIR, c));
}

static long by_x32(const struct call *c)
{
	return from_libc(syscall(SYS_socket | X32, c->family, c->type, c->protocol));
}
#endif

static const struct {
	const char *name;
	long (*make)(const struct call *c);
	bool (*is_there)(void); /* NULL: always */
} ways[] = {
	{ "socket", by_socket, NULL },
	{ "socketpair", by_socketpair, NULL },
#ifdef __LP64__
	{ "long", by_long, NULL },
#endif
#ifdef __x86_64__
	{ "socket32", by_socket32, has_call32 },
	{ "socketpair32", by_socketpair32, has_call32 },
	{ "socketcall", by_socketcall, has_call32 },
	{ "socketcall-pair", by_socketcall_pair, has_call32 },
	{ "x32", by_x32, has_x32 },
#endif
};

static const char *result(long r)
{
	return r >= 0 ? "possible" : strerrorname_np((int)-r);
}

static void try_way(size_t way)
{
	if (ways[way].is_there && !ways[way].is_there()) {
		printf("%s absent\n", ways[way].name);
		return;
	}
	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		for (size_t t = 0; t < ARRAY_SIZE(types); t++)
			for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
				const struct call c = { families[f], types[t], protocols[p] };
				long r = ways[way].make(&c);

				printf("%s %d/%d/%d %s\n", ways[way].name, c.family,
				       c.type & ~SOCK_CLOEXEC, c.protocol, result(r));
				if (r >= 0)
					close((int)r);
			}
}

static void try_io_uring(void)
{
	struct io_uring_params parameters = { 0 };
	long fd = from_libc(syscall(SYS_io_uring_setup, 1, &parameters));

	printf("io_uring %s\n", result(fd));
	if (fd >= 0)
		close((int)fd);
#ifdef __x86_64__
	if (!has_call32())
		return;
	memset(low_memory(), 0, sizeof(parameters));
	fd = call32(425, 1, (uint32_t)(uintptr_t)low_memory(), 0, 0);
	printf("io_uring %s\n", result(fd));
	if (fd >= 0)
		close((int)fd);
#endif
}

static bool is_wanted(const char *name, char **argv)
{
	for (char **a = argv; *a; a++)
		if (strcmp(*a, name) == 0)
			return true;
	return !*argv;
}

int main(int argc, char **argv)
{
	(void)argc;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (is_wanted(ways[i].name, argv + 1))
			try_way(i);
	try_io_uring();
	return 0;
}
