/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "conf_help.h"
#include "tests/tap.h"

/*
 * Which files are read and trusted.  Everything happens in a new directory,
 * the current one.  Who is not root owns no file that a login would trust: then
 * each trusted load has to fail.
 */
static bool is_root;

static void write_file(const char *name, const char *text, mode_t mode)
{
	_cleanup_fclose_ FILE *out = fopen(name, "we");

	if (!out || fputs(text, out) < 0 || fflush(out) != 0 || fchmod(fileno(out), mode) < 0)
		abort();
}

static struct parsed load(const char *path, unsigned flags)
{
	struct parsed parsed = { 0 };

	if (diag_new(&parsed.diag) < 0)
		abort();
	parsed.r = conf_load(path, flags, parsed.diag, &parsed.conf);
	parsed.said = diag_text(parsed.diag);
	return parsed;
}

/* want: the result for root; said: part of the diagnostics for root, or NULL for none. */
static void check_trusted(const char *path, int want, const char *said, const char *what)
{
	_cleanup_(parsed_done) struct parsed parsed = load(path, CONF_LOAD_TRUSTED);

	if (!is_root) {
		ok(parsed.r < 0, "%s, trusted: not root's", what);
		return;
	}
	is_int(parsed.r, want, "%s, trusted", what);
	if (said)
		ok(strstr(parsed.said, said), "says: %.*s", (int)strcspn(said, "\n"), said);
	else
		is_str(parsed.said, "", "says nothing");
	ok(!parsed.conf == (parsed.r < 0), "a conf comes with success only");
}

static void check_untrusted(const char *path, int want, const char *said, const char *what)
{
	_cleanup_(parsed_done) struct parsed parsed = load(path, 0);

	is_int(parsed.r, want, "%s, as it is", what);
	ok(strstr(parsed.said, said), "says: %.*s", (int)strcspn(said, "\n"), said);
	ok((diag_count(parsed.diag, DIAG_ERROR) > 0) == (want < 0), "which fits the result");
}

static void test_modes(void)
{
	write_file("main.conf", "session * host\n", 0644);
	check_trusted("main.conf", 0, NULL, "a good file");
	check_untrusted("main.conf", 0, is_root ? "" : "not by root", "a good file");

	write_file("main.conf", "session * host\n", 0664);
	check_trusted("main.conf", -EPERM,
		      "main.conf: error: writable by group or others (mode 0664): "
		      "refusing to trust it\n",
		      "a file of a group");
	write_file("main.conf", "session * host\n", 0602);
	check_trusted("main.conf", -EPERM, "(mode 0602)", "a file of everybody");
	check_untrusted("main.conf", 0, "a login would not trust it", "a file of everybody");
	write_file("main.conf", "session * host\n", 0600);
}

static void test_owner(void)
{
	if (is_root && chown("main.conf", 1, 0) < 0)
		abort();
	check_trusted("main.conf", -EPERM,
		      "main.conf: error: owned by uid 1, not by root: refusing to trust it\n",
		      "somebody's file");
	check_untrusted("main.conf", 0, ", not by root: a login would not trust it",
			"somebody's file");
	if (is_root && chown("main.conf", 0, 0) < 0)
		abort();
}

static void test_directory(void)
{
	if (mkdir("open", 0700) < 0 || chmod("open", 0770) < 0)
		abort();
	write_file("open/main.conf", "session * host\n", 0600);
	check_trusted("open/main.conf", -EPERM,
		      "open: error: writable by group or others (mode 0770): "
		      "refusing to trust it\n",
		      "a group's directory");
	write_file("via-open.conf", "include open/main.conf\n", 0600);
	check_trusted("via-open.conf", -EINVAL, "open: error: writable", "an include from there");
	check_untrusted("open/main.conf", 0, "open: warning: ", "a group's directory");

	if (symlink("open", "link-dir") < 0)
		abort();
	check_trusted("link-dir/main.conf", -ELOOP,
		      "link-dir: error: a symbolic link: refusing to trust it\n",
		      "a link to a directory");
	check_untrusted("link-dir/main.conf", 0, "link-dir: warning: a symbolic link",
			"a link to a directory");
}

static void test_link(void)
{
	if (symlink("main.conf", "link.conf") < 0 || symlink("nowhere", "dead.conf") < 0)
		abort();
	check_trusted("link.conf", -ELOOP,
		      "link.conf: error: a symbolic link: refusing to trust it\n", "a link");
	check_untrusted("link.conf", 0, "link.conf: warning: a symbolic link", "a link");
	check_untrusted("dead.conf", -ENOENT, "dead.conf: error: No such file", "a dead link");
	write_file("via-link.conf", "include link.con?\n", 0600);
	check_trusted("via-link.conf", -EINVAL, "link.conf: error: a symbolic link",
		      "an include of a link");
}

static void test_kinds(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (mkfifo("fifo", 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	check_trusted("fifo", -EINVAL, "fifo: error: not a regular file\n", "a FIFO");
	check_untrusted("fifo", -EINVAL, "fifo: error: not a regular file\n", "a FIFO");
	check_untrusted("socket", -ENXIO, "socket: error: ", "a socket");
	check_untrusted("/dev/zero", -EINVAL, "/dev/zero: error: not a regular file\n", "a device");
	check_untrusted("open", -EINVAL, "open: error: not a regular file\n", "a directory");
	check_untrusted("main.conf/x", -ENOTDIR, "main.conf: error: ", "a file for a directory");
	check_untrusted("none.conf", -ENOENT, "none.conf: error: No such file", "no file");
	check_untrusted("none/none.conf", -ENOENT, "none/none.conf: error: No such file",
			"no directory");
	check_untrusted("", -ENOENT, "error: No such file", "no name");
}

static void test_size(void)
{
	write_file("large.conf", "", 0600);
	if (truncate("large.conf", (off_t)CONF_FILE_MAX + 1) < 0)
		abort();
	check_trusted("large.conf", -EFBIG, "large.conf: error: ", "a file that is too large");
	check_untrusted("large.conf", -EFBIG, "large.conf: error: ", "a file that is too large");
	if (truncate("large.conf", CONF_FILE_MAX) < 0)
		abort();
	check_untrusted("large.conf", -EINVAL, "large.conf:1:1: error: ", "one just not too large");

	/* A file larger than it says, as one is that grows while it is read. */
	check_untrusted("/proc/self/status", -EINVAL,
			"/proc/self/status:2:1: error: ", "a file that grows");
}

static const struct conf_source *find_source(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_sources; i++) {
		const char *slash = strrchr(conf->sources[i].path, '/');

		if (conf->sources[i].path[0] == '/' && slash && strcmp(slash + 1, name) == 0)
			return &conf->sources[i];
	}
	return NULL;
}

static bool is_unchanged(const struct conf_source *source)
{
	struct conf_source now = { .path = source->path };

	if (conf_source_stat(&now) < 0)
		abort();
	return now.exists == source->exists && now.dev == source->dev && now.ino == source->ino &&
	       now.size == source->size && now.mtime_ns == source->mtime_ns &&
	       now.ctime_ns == source->ctime_ns;
}

static void test_sources(void)
{
	_cleanup_(parsed_done) struct parsed parsed = { 0 };
	static const char *const names[] = { "sources.conf", "d",    "a.conf",
					     "b.conf",       "none", "main.conf" };
	const struct conf_source *none;

	if (mkdir("d", 0700) < 0)
		abort();
	write_file("d/b.conf", "session b host\n", 0600);
	write_file("d/a.conf", "session a host\ninclude ../main.conf\n", 0600);
	write_file("d/c.txt", "bananas\n", 0600);
	write_file("sources.conf", "include d/*.conf\ninclude none/*\n", 0600);
	parsed = load("sources.conf", 0);
	if (!ok(parsed.conf != NULL, "includes are read"))
		return;
	is_int((long long)parsed.conf->n_sources, ARRAY_SIZE(names), "each source is kept");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct conf_source *source = find_source(parsed.conf, names[i]);

		ok(source && is_unchanged(source), "%s is one, and is unchanged", names[i]);
	}
	none = find_source(parsed.conf, "none");
	ok(none && !none->exists, "what does not exist is one too");
	is_str(parsed.conf->sessions[0]->who->name, "a", "the files come in order");

	write_file("d/b.conf", "session b stay  \n", 0600);
	ok(!is_unchanged(find_source(parsed.conf, "b.conf")), "a changed file is noticed");
	write_file("d/d.conf", "session b stay\n", 0600);
	ok(!is_unchanged(find_source(parsed.conf, "d")), "so is a new one");
	if (mkdir("none", 0700) < 0 || unlink("d/a.conf") < 0)
		abort();
	ok(!is_unchanged(find_source(parsed.conf, "none")), "and a new directory");
	ok(!is_unchanged(find_source(parsed.conf, "a.conf")), "and one that is gone");
}

static void test_includes(void)
{
	write_file("open.conf", "session * host\n", 0666);
	write_file("bad.conf", "include open.conf\ninclude fifo\nsession alice hots\n", 0600);
	check_trusted("bad.conf", -EINVAL, "open.conf: error: writable",
		      "an include for everybody");
	check_trusted("bad.conf", -EINVAL, "fifo: error: not a regular file", "an included FIFO");
	check_trusted("bad.conf", -EINVAL, "bad.conf:3:15: error: unknown network",
		      "and what comes after them");
}

static void test_quick(void)
{
	_cleanup_(parsed_done) struct parsed slow = { 0 }, quick = { 0 };

	write_file("unused.conf", "policy p { }\nsession * host\nsession a host\n", 0600);
	slow = load("unused.conf", 0);
	quick = load("unused.conf", CONF_LOAD_QUICK);
	is_int((long long)(diag_count(slow.diag, DIAG_WARNING) -
			   diag_count(quick.diag, DIAG_WARNING)),
	       2, "what is useless is not searched for");
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat, (void)type, (void)ftw;
	return remove(path);
}

int main(void)
{
	char dir[] = "/tmp/conf_load.XXXXXX";

	is_root = geteuid() == 0;
	umask(0022);
	if (!mkdtemp(dir) || chdir(dir) < 0)
		abort();
	/* Whoever blocks on a FIFO is to fail, not to hang. */
	alarm(60);
	test_modes();
	test_owner();
	test_directory();
	test_link();
	test_kinds();
	test_size();
	test_sources();
	test_includes();
	test_quick();
	ok(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, "all is removed again");
	return done_testing();
}
