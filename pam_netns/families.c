/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/proto.h"
#include "pam_netns/families.h"

/*
 * A program for seccomp(2).  It is asked about every system call; the kernel
 * notices that its answer to all but a few depends on nothing but the number, and
 * asks no more about those.
 */

/* By which numbers a kernel of ours can be called.  0: not at all. */
struct arch {
	uint32_t audit; /* AUDIT_ARCH_ */
	uint32_t ignored; /* bits of a number that make no difference */
	uint32_t socket;
	uint32_t socketpair;
	uint32_t io_uring_setup; /* IORING_OP_SOCKET makes sockets past any filter */
	uint32_t socketcall; /* its arguments are in memory, out of sight */
};

/*
 * Where the C library calls socketcall(2), as on i386 and s390x, all sockets or
 * none could be had: such are left out.
 */
static const struct arch archs[] = {
#if defined(__x86_64__) && defined(__LP64__)
	/* x32 has the same numbers, and a bit. */
	{ AUDIT_ARCH_X86_64, 0x40000000, SYS_socket, SYS_socketpair, SYS_io_uring_setup, 0 },
	{ AUDIT_ARCH_I386, 0, 359, 360, 425, 102 },
#elif defined(__aarch64__) && defined(__LP64__)
	{ AUDIT_ARCH_AARCH64, 0, SYS_socket, SYS_socketpair, SYS_io_uring_setup, 0 },
	{ AUDIT_ARCH_ARM, 0, 281, 288, 425, 0 },
#elif defined(__ARM_EABI__)
	{ AUDIT_ARCH_ARM, 0, SYS_socket, SYS_socketpair, SYS_io_uring_setup, 0 },
	{ AUDIT_ARCH_AARCH64, 0, 198, 199, 425, 0 },
#elif defined(__riscv) && __riscv_xlen == 64
	{ AUDIT_ARCH_RISCV64, 0, SYS_socket, SYS_socketpair, SYS_io_uring_setup, 0 },
	{ AUDIT_ARCH_RISCV32, 0, 198, 199, 425, 0 },
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	{ AUDIT_ARCH_PPC64LE, 0, SYS_socket, SYS_socketpair, SYS_io_uring_setup, SYS_socketcall },
#elif defined(__loongarch_lp64)
	{ AUDIT_ARCH_LOONGARCH64, 0, SYS_socket, SYS_socketpair, SYS_io_uring_setup, 0 },
#endif
	{ 0 },
};
_Static_assert((ARRAY_SIZE(archs) > 1) == PROTO_HAS_FAMILIES,
	       "netnsctl warns where there are none");

/* The kernel takes ints for these and does not look at the other half of the register. */
#define ARGUMENT(n)  ((uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t)))
#define REFUSE(code) (SECCOMP_RET_ERRNO | (code))

_Static_assert(ARRAY_SIZE(archs) * 256 < FAMILIES_PROGRAM_MAX, "no room for the program");

#define N_FAMILIES       64
#define HAS(families, f) (((families) >> (f)) & 1)

/*
 * No family, by which the process can ask whether the filter is there: of the
 * type and protocol that are the two halves of its set of families, the filter
 * refuses it in a way that no kernel does.  To all else it has no objection, so
 * that another filter's answer is heard.
 */
#define MARK_FAMILY 0x6e657473
#define MARK_ERRNO  EXFULL

struct program {
	struct sock_filter *code; /* FAMILIES_PROGRAM_MAX */
	unsigned short n;
};

static void put(struct program *p, uint16_t code, uint32_t k)
{
	p->code[p->n++] = (struct sock_filter)BPF_STMT(code, k);
}

static void put_load(struct program *p, uint32_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, offset);
}

static void put_return(struct program *p, uint32_t action)
{
	put(p, BPF_RET | BPF_K, action);
}

/*
 * What comes between begin_if() and its end_if() is passed over unless k is loaded:
 * a jump of 255 at most, and an architecture with every family takes 200.
 */
static size_t begin_if(struct program *p, uint32_t k)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, k);
	return p->n;
}

static void end_if(struct program *p, size_t begin)
{
	p->code[begin - 1].jf = (uint8_t)(p->n - begin);
}

static void put_return_if(struct program *p, uint32_t k, uint32_t action)
{
	size_t begin = begin_if(p, k);

	put_return(p, action);
	end_if(p, begin);
}

static void put_return_unless(struct program *p, uint32_t k, uint32_t or, uint32_t action)
{
	p->code[p->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 2, 0);
	p->code[p->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, or, 1, 0);
	put_return(p, action);
}

/*
 * Of these two families a policy's rules know TCP, UDP and ICMP only: no others
 * of those that anyone may have (SCTP, DCCP, UDP-Lite, L2TP, SMC).  Multipath TCP
 * is TCP on the wire.  SOCK_PACKET is AF_PACKET by its old name.
 */
static void put_inet(struct program *p, bool has_packet)
{
	static const uint32_t protocols[] = { 0,           IPPROTO_ICMP,   IPPROTO_TCP,
					      IPPROTO_UDP, IPPROTO_ICMPV6, IPPROTO_MPTCP };
	put_load(p, ARGUMENT(1));
	put(p, BPF_ALU | BPF_AND | BPF_K, ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK));
	put_return_if(p, SOCK_RAW, SECCOMP_RET_ALLOW);
	put_return_if(p, SOCK_PACKET, has_packet ? SECCOMP_RET_ALLOW : REFUSE(EAFNOSUPPORT));
	put_return_unless(p, SOCK_STREAM, SOCK_DGRAM, REFUSE(ESOCKTNOSUPPORT));
	put_load(p, ARGUMENT(2));
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		put_return_if(p, protocols[i], SECCOMP_RET_ALLOW);
	put_return(p, REFUSE(EPROTONOSUPPORT));
}

static void put_mark(struct program *p, uint64_t families)
{
	size_t family = begin_if(p, MARK_FAMILY);
	size_t half;

	put_load(p, ARGUMENT(1));
	half = begin_if(p, (uint32_t)families);
	put_load(p, ARGUMENT(2));
	put_return_if(p, (uint32_t)(families >> 32), REFUSE(MARK_ERRNO));
	end_if(p, half);
	put_return(p, SECCOMP_RET_ALLOW);
	end_if(p, family);
}

/* socket(2) and socketpair(2) */
static void put_socket(struct program *p, uint64_t families)
{
	put_load(p, ARGUMENT(0));
	for (uint32_t f = 0; f < N_FAMILIES; f++) {
		if (!HAS(families, f))
			continue;
		if (f == AF_INET || f == AF_INET6) {
			size_t begin = begin_if(p, f);

			put_inet(p, HAS(families, AF_PACKET));
			end_if(p, begin);
		} else {
			put_return_if(p, f, SECCOMP_RET_ALLOW);
		}
	}
	put_mark(p, families);
	put_return(p, REFUSE(EAFNOSUPPORT));
}

/* What is to be made is the first argument, and all that can be seen. */
static void put_socketcall(struct program *p)
{
	put_load(p, ARGUMENT(0));
	put_return_if(p, SYS_SOCKET, REFUSE(EAFNOSUPPORT));
	put_return_if(p, SYS_SOCKETPAIR, REFUSE(EAFNOSUPPORT));
	put_return(p, SECCOMP_RET_ALLOW);
}

static void put_arch(struct program *p, const struct arch *arch, uint64_t families)
{
	size_t begin = begin_if(p, arch->audit);

	put_load(p, offsetof(struct seccomp_data, nr));
	if (arch->ignored)
		put(p, BPF_ALU | BPF_AND | BPF_K, ~arch->ignored);
	put_return_if(p, arch->io_uring_setup, REFUSE(ENOSYS));
	if (arch->socketcall) {
		size_t call = begin_if(p, arch->socketcall);

		put_socketcall(p);
		end_if(p, call);
	}
	put_return_unless(p, arch->socket, arch->socketpair, SECCOMP_RET_ALLOW);
	put_socket(p, families);
	end_if(p, begin);
}

static bool is_restricted(uint64_t families)
{
	long fd = syscall(SYS_socket, MARK_FAMILY, (uint32_t)families, (uint32_t)(families >> 32));

	if (fd >= 0)
		close((int)fd);
	return fd < 0 && errno == MARK_ERRNO;
}

size_t families_compile(uint64_t families, struct sock_filter *code)
{
	struct program p = { .code = code };

	if (archs[0].audit == 0)
		return 0;
	put_load(&p, offsetof(struct seccomp_data, arch));
	for (const struct arch *arch = archs; arch->audit; arch++)
		put_arch(&p, arch, families);
	/* Calls of other architectures: there are none yet. */
	put_return(&p, REFUSE(ENOSYS));
	return p.n;
}

/*
 * By a process with CAP_SYS_ADMIN, so that programs with the setuid bit keep their
 * power: no_new_privs is not needed.  Nobody's speculation is to be restrained, at
 * the cost of all that the session computes (SECCOMP_FILTER_FLAG_SPEC_ALLOW).
 */
int families_restrict(uint64_t families)
{
	struct sock_filter code[FAMILIES_PROGRAM_MAX];
	struct sock_fprog program = { .filter = code };

	if (families == 0 || is_restricted(families))
		return 0;
	program.len = (unsigned short)families_compile(families, code);
	if (program.len == 0)
		return -ENOSYS;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		    &program) < 0)
		return -errno;
	/* Believed when seen. */
	return is_restricted(families) ? 0 : -ESTALE;
}
