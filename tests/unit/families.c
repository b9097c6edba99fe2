/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter on families of sockets, without a kernel: its program, run here.
 * Also for the ways into the kernel that this machine's may not have.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "conf/base.h"
#include "pam_netns/families.h"
#include "tests/tap.h"

#define BIT(family) (UINT64_C(1) << (family))
#define DEFAULT     (BIT(AF_UNIX) | BIT(AF_INET) | BIT(AF_INET6) | BIT(AF_NETLINK))
#define HIGH        (UINT64_C(0xdeadbeef) << 32) /* of a register, where an int is meant */

static struct sock_filter code[FAMILIES_PROGRAM_MAX];
static size_t length;
static size_t steps; /* of the last run */

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	if (offset % sizeof(word) || offset >= sizeof(*data))
		return 0xbad;
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

/* What the kernel would do: 0 lets it through, an errno refuses; -1: no sound program. */
static int run(const struct seccomp_data *data)
{
	uint32_t a = 0;

	steps = 0;
	for (size_t i = 0; i < length; i++, steps++) {
		const struct sock_filter *f = &code[i];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(data, f->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += a == f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			if (f->k == SECCOMP_RET_ALLOW)
				return 0;
			return (f->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO
				       ? (int)(f->k & SECCOMP_RET_DATA)
				       : -1;
		default:
			return -1;
		}
	}
	return -1;
}

static int call(uint32_t arch, uint32_t number, uint64_t a, uint64_t b, uint64_t c)
{
	const struct seccomp_data data = {
		.nr = (int)number,
		.arch = arch,
		.args = { a, b, c },
	};

	return run(&data);
}

static void compile(uint64_t families)
{
	length = families_compile(families, code);
}

struct numbers {
	const char *name;
	uint32_t arch;
	uint32_t socket, socketpair, io_uring_setup;
	uint32_t socketcall; /* 0: none */
	uint32_t write; /* something else */
};

static const struct numbers archs[] = {
#if defined(__x86_64__) && defined(__LP64__)
	{ "x86_64", AUDIT_ARCH_X86_64, 41, 53, 425, 0, 1 },
	{ "x32", AUDIT_ARCH_X86_64, 0x40000029, 0x40000035, 0x400001a9, 0, 0x40000001 },
	{ "i386", AUDIT_ARCH_I386, 359, 360, 425, 102, 4 },
#elif defined(__aarch64__)
	{ "aarch64", AUDIT_ARCH_AARCH64, 198, 199, 425, 0, 64 },
	{ "arm", AUDIT_ARCH_ARM, 281, 288, 425, 0, 4 },
#elif defined(__riscv) && __riscv_xlen == 64
	{ "riscv64", AUDIT_ARCH_RISCV64, 198, 199, 425, 0, 64 },
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	{ "ppc64el", AUDIT_ARCH_PPC64LE, 326, 333, 425, 102, 4 },
#endif
	{ 0 },
};

static bool is_among(int value, const int *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

/* As the manual has it. */
static int wanted(uint64_t families, int family, int type, int protocol)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };
	static const int protocols[] = { 0, 1, 6, 17, 58, 262 };

	if (family < 0 || family > 63 || !(families & BIT(family)))
		return EAFNOSUPPORT;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	type &= ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (type == SOCK_PACKET)
		return families & BIT(AF_PACKET) ? 0 : EAFNOSUPPORT;
	if (!is_among(type, types, ARRAY_SIZE(types)))
		return ESOCKTNOSUPPORT;
	if (type != SOCK_RAW && !is_among(protocol, protocols, ARRAY_SIZE(protocols)))
		return EPROTONOSUPPORT;
	return 0;
}

/* Every family, and more; in registers with something in their other half. */
static void test_sockets(const struct numbers *n, uint64_t families)
{
	const uint32_t numbers[] = { n->socket, n->socketpair };
	unsigned wrong = 0;

	compile(families);
	for (int family = -2; family < 300; family++)
		for (int type = 0; type < 12; type++)
			for (int protocol = -1; protocol < 300; protocol++) {
				int want = wanted(families, family, type, protocol);

				for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
					wrong += call(n->arch, numbers[i], HIGH | (uint32_t)family,
						      HIGH | (uint32_t)(type | SOCK_CLOEXEC),
						      HIGH | (uint32_t)protocol) != want;
			}
	is_int(wrong, 0, "%s, families %#llx: sockets", n->name, (unsigned long long)families);
}

static void test_others(const struct numbers *n)
{
	compile(DEFAULT);
	is_int(call(n->arch, n->io_uring_setup, 1, 0, 0), ENOSYS, "%s: no io_uring", n->name);
	is_int(call(n->arch, n->write, 40, 1, 0), 0, "%s: write(2) is let through", n->name);
	is_int(call(n->arch, UINT32_MAX, 40, 1, 0), 0, "%s: so is no call at all", n->name);
	if (!n->socketcall)
		return;
	for (uint32_t what = 0; what < 24; what++)
		is_int(call(n->arch, n->socketcall, HIGH | what, 0, 0),
		       what == SYS_SOCKET || what == SYS_SOCKETPAIR ? EAFNOSUPPORT : 0,
		       "%s: socketcall %u", n->name, what);
}

/* By which the module asks whether the filter is there: it must be this one, to the last bit. */
static void test_mark(const struct numbers *n)
{
	const uint64_t families = DEFAULT | BIT(40);
	const uint32_t mark = 0x6e657473;
	const uint32_t low = (uint32_t)families;
	const uint32_t high = (uint32_t)(families >> 32);

	compile(families);
	is_int(call(n->arch, n->socket, mark, low, high), EXFULL, "%s: the filter says so",
	       n->name);
	is_int(call(n->arch, n->socket, mark, low ^ 2, high), 0, "%s: another set: not", n->name);
	is_int(call(n->arch, n->socket, mark, low, high ^ 1), 0, "%s: nor in its other half",
	       n->name);
}

/* Where the kernel can tell by the number alone, it does not run the program. */
static void test_is_seen_through(const struct numbers *n)
{
	compile(~UINT64_C(0));
	(void)call(n->arch, n->write, 0, 0, 0);
	ok(steps < 30, "%s: %zu steps to another call", n->name, steps);
	ok(length < FAMILIES_PROGRAM_MAX, "%s: %zu instructions for every family", n->name, length);
}

int main(void)
{
	static const uint64_t sets[] = {
		DEFAULT,
		BIT(AF_UNIX),
		DEFAULT | BIT(AF_PACKET) | BIT(AF_VSOCK),
		BIT(AF_INET6) | BIT(63),
		~UINT64_C(0),
	};

	for (const struct numbers *n = archs; n->name; n++) {
		for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
			test_sockets(n, sets[i]);
		test_others(n);
		test_mark(n);
		test_is_seen_through(n);
	}
	compile(DEFAULT);
	if (length > 0)
		is_int(call(0, SYS_write, 0, 0, 0), ENOSYS, "an unknown architecture has no calls");
	is_int(families_restrict(0), 0, "any family: nothing is restricted");
	return done_testing();
}
