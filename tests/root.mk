# SPDX-License-Identifier: GPL-2.0-or-later
#
# The programs that the tests in tests/root use; included by the Makefile.

TEST_PROGRAMS := attack-su bad-helper bench killer lone-thread pamdo pamwatch ptydo sandbox-init syslogd
TEST_BINARIES := $(TEST_PROGRAMS:%=$(BUILD)/tests/%)

$(BUILD)/tests/bench $(BUILD)/tests/pamdo $(BUILD)/tests/pamwatch: TEST_LIBS := -lpam

$(TEST_BINARIES): $(BUILD)/tests/%: $(BUILD)/tests/%.o
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS)

test-programs: $(TEST_BINARIES)

.PHONY: test-programs
