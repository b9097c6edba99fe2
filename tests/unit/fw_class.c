/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helper/class.h"
#include "tests/tap.h"

int main(void)
{
	/* Links of live sessions keep their group over an upgrade: it must not change. */
	is_int(class_of_policy("default"), 0x6e3b5b4d, "the class of 'default'");
	is_int(class_of_policy("web"), 0x6ed9bc9e, "the class of 'web'");
	is_int(class_of_policy("p185a"), 0x6e060687, "the class of a name");
	is_int(class_of_policy("p3441"), 0x6e060687, "another name may have the same");
	/* The hash of this, 0x1d00001d, folds to 0. */
	is_int(class_of_policy("p2724c15"), CLASS_PREFIX | 1, "no policy has the class of nothing");
	ok((class_of_policy("") & CLASS_MASK) == CLASS_PREFIX, "all have the prefix");
	return done_testing();
}
