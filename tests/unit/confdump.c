/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "conf/diag.h"

/* The standard input stands alone: nothing can be included. */
static int parse_stdin(struct diag *diag, struct conf **ret_conf)
{
	static char text[CONF_FILE_MAX];

	return conf_parse("stdin", text, fread(text, 1, sizeof(text), stdin), NULL, NULL, diag,
			  ret_conf);
}

/*
 *	confdump FILE|-
 *
 * The dump of a configuration, and on the standard error what is wrong with it.
 */
int main(int argc, char **argv)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: confdump FILE|-\n");
		return 2;
	}
	r = diag_new(&diag);
	if (r < 0)
		return 2;
	if (strcmp(argv[1], "-") == 0)
		r = parse_stdin(diag, &conf);
	else
		r = conf_load(argv[1], 0, diag, &conf);
	diag_print(diag, stderr);
	if (r == 0)
		r = conf_dump(conf, stdout);
	return r < 0 ? 1 : 0;
}
