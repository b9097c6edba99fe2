/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper/pamstack.c: session stacks as libpam makes them, and the ways through them. */
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "helper/pamstack.h"
#include "tests/tap.h"

#define OURS "pam_netns.so"

static char etc[] = "/tmp/pamstack.XXXXXX/etc";
static char vendor[] = "/tmp/pamstack.XXXXXX/usr";
static const char *const dirs[] = { etc, vendor, NULL };

static void write_to(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void put(const char *name, const char *text)
{
	write_to(etc, name, text);
}

/* "file:line:level module" for each, with a star for a line that may be missing. */
static const char *show(const struct pamstack *stack)
{
	static char text[4096];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < stack->n_lines && n < sizeof(text) - 200; i++) {
		const struct pamstack_line *l = &stack->lines[i];

		n += (size_t)snprintf(text + n, 200, "%s%s:%u:%u:%u %s%s", i ? ", " : "",
				      strrchr(l->file, '/') + 1, l->line, l->line_of_service,
				      l->level, l->module, l->may_be_missing ? "*" : "");
	}
	return text;
}

static void is_stack(const char *service, const char *wanted, const char *name)
{
	struct pamstack stack;
	int r = pamstack_read(dirs, service, &stack);

	if (r)
		ok(false, "%s: %s", name, strerror(-r));
	else
		is_str(show(&stack), wanted, "%s", name);
	if (stack.wrong)
		ok(false, "%s:%u %s", stack.wrong_file, stack.wrong_line, stack.wrong);
	pamstack_done(&stack);
}

/* "passed", "skipped LINE" by which, "missing", "closed" */
static const char *way(const struct pamstack *stack)
{
	static char text[64];
	const struct pamstack_line *by;
	bool has = false;

	for (size_t i = 0; i < stack->n_lines; i++)
		has |= pamstack_is(&stack->lines[i], OURS);
	if (!pamstack_opens(stack, NULL))
		return "closed";
	if (!pamstack_opens(stack, OURS))
		return "passed";
	if (!has)
		return "missing";
	by = pamstack_skips(stack, OURS);
	snprintf(text, sizeof(text), "skipped %u", by ? by->line : 0);
	return text;
}

static void is_way(const char *text, const char *wanted)
{
	struct pamstack stack;
	char *shown = strdup(text);

	put("service", text);
	for (char *c = shown; c && *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = *c == '\t' ? ' ' : ';';
	if (pamstack_read(dirs, "service", &stack) < 0)
		abort();
	is_str(way(&stack), wanted, "%s", shown ? shown : "");
	pamstack_done(&stack);
	free(shown);
}

static void test_debian(void)
{
	put("common-session", "session\t[default=1]\t\t\tpam_permit.so\n"
			      "session\trequisite\t\t\tpam_deny.so\n"
			      "session\trequired\t\t\tpam_permit.so\n"
			      "session\trequired\tpam_unix.so \n"
			      "session\toptional\tpam_systemd.so \n");
	put("common-auth", "auth [success=1 default=ignore] pam_unix.so nullok\n"
			   "auth requisite pam_deny.so\n");
	put("sshd", "# PAM configuration for the Secure Shell service\n"
		    "@include common-auth\n"
		    "account    required     pam_nologin.so # session required pam_netns.so\n"
		    "session [success=ok ignore=ignore module_unknown=ignore default=bad]  "
		    "pam_selinux.so close\n"
		    "session    required     pam_loginuid.so\n"
		    "@include common-session\n"
		    "session    optional     pam_motd.so  motd=/run/motd.dynamic\n");
	is_stack("sshd",
		 "sshd:4:4:0 pam_selinux.so, sshd:5:5:0 pam_loginuid.so, "
		 "common-session:1:6:0 pam_permit.so, common-session:2:6:0 pam_deny.so, "
		 "common-session:3:6:0 pam_permit.so, common-session:4:6:0 pam_unix.so, "
		 "common-session:5:6:0 pam_systemd.so, sshd:7:7:0 pam_motd.so",
		 "Debian: sshd");
	is_way("@include common-session\n", "missing");
	is_way("session required pam_netns.so\n@include common-session\n", "passed");
	is_way("@include common-session\nsession required pam_netns.so\n", "passed");

	put("su", "session required pam_limits.so\n@include common-session\n");
	put("su-l", "auth\t\tinclude\t\tsu\nsession\t\toptional\tpam_keyinit.so force revoke\n"
		    "session\t\tinclude\t\tsu\n");
	is_stack("su-l",
		 "su-l:2:2:0 pam_keyinit.so, su:1:3:0 pam_limits.so, "
		 "common-session:1:3:0 pam_permit.so, common-session:2:3:0 pam_deny.so, "
		 "common-session:3:3:0 pam_permit.so, common-session:4:3:0 pam_unix.so, "
		 "common-session:5:3:0 pam_systemd.so",
		 "Debian: su-l, by su");
}

/* As authselect writes them. */
static void test_fedora(void)
{
	static const char system_auth[] = "auth        required      pam_env.so\n"
					  "session     optional      pam_keyinit.so revoke\n"
					  "session     required      pam_limits.so\n"
					  "-session    optional      pam_systemd.so\n"
					  "session     [success=1 default=ignore] "
					  "pam_succeed_if.so service in crond quiet use_uid\n"
					  "session     required      pam_unix.so\n"
					  "session     optional      pam_sss.so\n";

	put("system-auth", system_auth);
	put("postlogin", "session [success=1 default=ignore] pam_succeed_if.so service !~ gdm*\n"
			 "session [default=1] pam_lastlog.so nowtmp showfailed\n"
			 "session optional pam_lastlog.so silent noupdate showfailed\n");
	put("login", "auth       substack     system-auth\n"
		     "session    required     pam_selinux.so close\n"
		     "session    include      system-auth\n"
		     "session    include      postlogin\n"
		     "-session   optional     pam_ck_connector.so\n");
	is_stack("login",
		 "login:2:2:0 pam_selinux.so, system-auth:2:3:0 pam_keyinit.so, "
		 "system-auth:3:3:0 pam_limits.so, system-auth:4:3:0 pam_systemd.so*, "
		 "system-auth:5:3:0 pam_succeed_if.so, system-auth:6:3:0 pam_unix.so, "
		 "system-auth:7:3:0 pam_sss.so, postlogin:1:4:0 pam_succeed_if.so, "
		 "postlogin:2:4:0 pam_lastlog.so, postlogin:3:4:0 pam_lastlog.so, "
		 "login:5:5:0 pam_ck_connector.so*",
		 "Fedora: login");
	is_way("session required pam_netns.so\nsession include system-auth\nsession include "
	       "postlogin\n",
	       "passed");
	is_way("session include system-auth\nsession include postlogin\nsession required "
	       "pam_netns.so\n",
	       "passed");
	/* pam_netns(8) warns of this very jump. */
	is_way("session [success=1 default=ignore] pam_succeed_if.so service in crond\n"
	       "session required pam_netns.so\nsession required pam_unix.so\n",
	       "skipped 1");
}

static void test_ways(void)
{
	is_way("session required pam_netns.so\n", "passed");
	is_way("SESSION Required /usr/lib/security/pam_netns.so debug\n", "passed");
	is_way("session required pam_unix.so\n", "missing");
	is_way("auth required pam_unix.so\n", "closed");
	is_way("session required pam_deny.so\n", "closed");
	is_way("session requisite pam_deny.so\nsession required pam_permit.so\n", "closed");
	is_way("session required pam_netns.so\nsession required pam_deny.so\n", "closed");
	is_way("session sufficient pam_unix.so\nsession required pam_netns.so\n", "skipped 1");
	is_way("session required pam_netns.so\nsession sufficient pam_unix.so\n", "passed");
	is_way("session sufficient pam_deny.so\nsession required pam_netns.so\n", "passed");
	is_way("session sufficient pam_permit.so\nsession required pam_netns.so\n", "skipped 1");
	is_way("session [success=done default=bad] pam_unix.so\nsession required pam_netns.so\n",
	       "skipped 1");
	is_way("session [session_err=1 default=ok] pam_unix.so\nsession required pam_netns.so\n",
	       "skipped 1");
	is_way("session [success=2 default=ok] pam_unix.so\nsession required pam_netns.so\n"
	       "session optional pam_mail.so\n",
	       "skipped 1");
	is_way("session [success=3 default=ok] pam_unix.so\nsession required pam_netns.so\n"
	       "session optional pam_mail.so\n",
	       "passed"); /* too far: libpam refuses */
	is_way("session [success=1 default=ok] pam_unix.so\nsession optional pam_mail.so\n"
	       "session required pam_netns.so\n",
	       "passed");
	is_way("session [success=1 default=ok] pam_unix.so\nsession required pam_netns.so\n"
	       "session required pam_netns.so\n",
	       "passed");
	is_way("session [success=1 default=ok] pam_unix.so\nsession [default=1] pam_permit.so\n"
	       "session required pam_netns.so\n",
	       "skipped 2"); /* by which the first leads only if it succeeds */
	is_way("session [default=1] pam_deny.so\nsession required pam_netns.so\n"
	       "session required pam_permit.so\n",
	       "skipped 1");
	is_way("session [default=die] pam_unix.so\nsession required pam_netns.so\n", "closed");
	is_way("session required pam_netns.so\nsession nonsense pam_unix.so\n", "closed");
	is_way("session [success=ok\\\n default=bad] pam_unix.so # and \\\nsession required "
	       "pam_netns.so\n",
	       "passed");
}

/* "done" and jumps end with the substack that they are in; an include is no substack. */
static void test_substacks(void)
{
	put("part", "session sufficient pam_unix.so\nsession optional pam_mail.so\n");
	is_way("session substack part\nsession required pam_netns.so\n", "passed");
	is_way("session include part\nsession required pam_netns.so\n", "skipped 1");
	is_way("@include part\nsession required pam_netns.so\n", "skipped 1");
	put("part", "session sufficient pam_unix.so\nsession required pam_netns.so\n");
	is_way("session substack part\nsession required pam_permit.so\n", "skipped 1");
	put("part", "session optional pam_mail.so\nsession required pam_netns.so\n");
	is_way("session [success=1 default=ok] pam_unix.so\nsession substack part\n"
	       "session required pam_permit.so\n",
	       "skipped 1"); /* counts as one */
	put("part", "session [success=1 default=bad] pam_unix.so\n");
	is_way("session substack part\nsession required pam_netns.so\nsession optional "
	       "pam_mail.so\n",
	       "closed"); /* out of it, libpam does not jump */
	is_way("session include part\nsession required pam_netns.so\nsession optional "
	       "pam_mail.so\n",
	       "skipped 1");
}

static void test_refusals(void)
{
	static const struct {
		const char *control;
		bool refuses;
		bool absence;
	} rows[] = {
		{ "session required", true, true },
		{ "session requisite", true, true },
		{ "session optional", false, false },
		{ "session sufficient", false, false },
		{ "-session required", true, false },
		{ "session [success=ok default=bad]", true, true },
		{ "session [success=ok ignore=ignore module_unknown=ignore default=bad]", true,
		  false },
		{ "session [success=ok open_err=ignore default=die]", true, false },
		{ "session [success=ok default=ignore]", false, false },
		{ "session [success=ok system_err=ignore default=bad]", false, true },
		{ "session [success=ok]", true, true },
		{ "session [success=ok system_err=1 default=bad]", false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pamstack stack;
		char text[256];

		snprintf(text, sizeof(text), "%s pam_netns.so\n", rows[i].control);
		put("service", text);
		if (pamstack_read(dirs, "service", &stack) < 0 || stack.n_lines != 1)
			abort();
		is_int(pamstack_refuses(&stack.lines[0]), rows[i].refuses, "%s: a failure",
		       rows[i].control);
		is_int(pamstack_refuses_absence(&stack.lines[0]), rows[i].absence,
		       "%s: without the file", rows[i].control);
		pamstack_done(&stack);
	}
}

/* What is wrong, and in which line. */
static void is_wrong(const char *service, unsigned line, const char *wanted)
{
	struct pamstack stack;

	if (pamstack_read(dirs, service, &stack) < 0)
		abort();
	is_str(stack.wrong ? stack.wrong : "", wanted, "%s: %s", service, wanted);
	is_int(stack.wrong_line, line, "in line %u", line);
	pamstack_done(&stack);
}

static void test_hostile(void)
{
	struct pamstack stack;
	char path[PATH_MAX];

	put("circle", "session required pam_unix.so\n@include circle\n@include circle\n");
	is_wrong("circle", 2, "goes round in circles, or too deep");
	put("gone", "session required pam_unix.so\nsession include nowhere\n");
	is_wrong("gone", 2, "includes a file that cannot be read");
	put("half", "session\n");
	is_wrong("half", 1, "names no module");
	put("half", "session required\n");
	is_wrong("half", 1, "names no module");
	put("half", "auth required pam_x.so\n@include\n");
	is_wrong("half", 2, "names no file to include");
	put("control", "session [success=fine] pam_unix.so\n");
	is_wrong("control", 1, "has a control that libpam refuses");
	put("control", "session [success=99999999999999999999] pam_unix.so\n");
	is_wrong("control", 1, "has a control that libpam refuses");
	put("control", "session [success=1 pam_unix.so\n");
	is_wrong("control", 1, "names no module");

	put("bytes", "session required pam_\x1b[31m\xff.so\n\\\n\\");
	is_stack("bytes", "bytes:1:1:0 pam_\x1b[31m\xff.so", "bytes are kept as they are");

	is_int(pamstack_read(dirs, "absent", &stack), -ENOENT, "no file");
	pamstack_done(&stack);
	snprintf(path, sizeof(path), "%s/fifo", etc);
	if (mkfifo(path, 0600) < 0)
		abort();
	is_int(pamstack_read(dirs, "fifo", &stack), -EINVAL, "a FIFO is not waited for");
	pamstack_done(&stack);
	snprintf(path, sizeof(path), "%s/huge", etc);
	put("huge", "");
	if (truncate(path, 1 << 30) < 0)
		abort();
	is_int(pamstack_read(dirs, "huge", &stack), -EFBIG, "nor is a huge file read");
	pamstack_done(&stack);
}

static void test_many_lines(void)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (unsigned i = 0; i < 10000; i++)
		fputs("session optional pam_mail.so\n", f);
	fclose(f);
	put("long", text);
	is_wrong("long", 4097, "is more than can be looked at");
}

static void test_directories(void)
{
	write_to(vendor, "systemd-user",
		 "session required pam_vendor.so\n@include part-of-vendor\n");
	write_to(vendor, "part-of-vendor", "session required pam_part.so\n");
	is_stack("systemd-user",
		 "systemd-user:1:1:0 pam_vendor.so, part-of-vendor:1:2:0 pam_part.so",
		 "what is not in /etc is the vendor's");
	put("part-of-vendor", "session required pam_own.so\n");
	is_stack("systemd-user",
		 "systemd-user:1:1:0 pam_vendor.so, part-of-vendor:1:2:0 pam_own.so",
		 "and what is, is not");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(void)
{
	char top[] = "/tmp/pamstack.XXXXXX";

	if (!mkdtemp(top))
		abort();
	memcpy(etc, top, strlen(top));
	memcpy(vendor, top, strlen(top));
	if (mkdir(etc, 0700) < 0 || mkdir(vendor, 0700) < 0)
		abort();
	test_debian();
	test_fedora();
	test_ways();
	test_substacks();
	test_refusals();
	test_hostile();
	test_many_lines();
	test_directories();
	nftw(top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return done_testing();
}
