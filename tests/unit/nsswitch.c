/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which source of users is taken for one that may not list them. */
#include <string.h>

#include "conf/base.h"
#include "helper/nsswitch.h"
#include "tests/tap.h"

static const struct {
	const char *text;
	const char *wanted;
} rows[] = {
	{ "", NULL },
	{ "# passwd: ldap\n", NULL },
	{ "group: ldap\nshadow: ldap\n", NULL },
	{ "passwd: files\n", NULL },
	{ "passwd: files systemd\ngroup: files ldap\n", NULL },
	{ "passwd:\tcompat db", NULL },
	{ "passwd: files # ldap\n", NULL },
	{ "passwd: files [NOTFOUND=return SUCCESS=continue] systemd\n", NULL },
	{ "passwd: files [ !UNAVAIL = return ]systemd\n", NULL },
	{ "passwd: files [SUCCESS=merge\n", NULL },
	{ "passwd:\n", NULL },
	{ "passwd", NULL },
	{ "passwds: ldap\n", NULL },
	{ "passwd_compat: ldap\n", NULL },
	{ "passwd: ldap\n", "ldap" },
	{ "passwd: files sss\n", "sss" },
	{ "passwd:files winbind", "winbind" },
	{ "passwd files nis\n", "nis" },
	{ "  passwd:\tfiles\tldap\r\n", "ldap" },
	{ "passwd: files [NOTFOUND=return] ldap sss\n", "ldap" },
	{ "passwd: files[NOTFOUND=continue]ldap\n", "ldap" },
	{ "passwd: files\npasswd: files nisplus\n", "nisplus" },
	{ "hosts: files dns\npasswd: filesystem\n", "filesystem" },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[128];
		const char *got;

		snprintf(text, sizeof(text), "%s", rows[i].text);
		got = nsswitch_find_unlisted(text);
		ok(got ? rows[i].wanted && strcmp(got, rows[i].wanted) == 0 : !rows[i].wanted,
		   "%zu: %s", i, got ? got : "none");
	}
	return done_testing();
}
