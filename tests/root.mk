# SPDX-License-Identifier: GPL-2.0-or-later
#
# The programs that the tests in tests/root use; included by the Makefile.

TEST_PROGRAMS := attack-su bad-helper bench crowd ctforget families fwtool killer lone-thread pamdo pamwatch ptydo \
	sandbox-init syslogd usermanager
TEST_BINARIES := $(TEST_PROGRAMS:%=$(BUILD)/tests/%)

$(BUILD)/tests/bench $(BUILD)/tests/crowd $(BUILD)/tests/pamdo $(BUILD)/tests/pamwatch $(BUILD)/tests/usermanager: TEST_LIBS := -lpam

$(BUILD)/tests/fwtool: TEST_LIBS := $(call pkg,--libs,$(CTL_PKGS))
$(BUILD)/tests/fwtool: $(call objects,$(FW_SRC)) $(BUILD)/conf.a

$(BUILD)/tests/ctforget: TEST_LIBS := $(call pkg,--libs,libmnl)
$(BUILD)/tests/ctforget: $(call objects,helper/conntrack.c helper/nl.c) $(BUILD)/conf.a

$(TEST_BINARIES): $(BUILD)/tests/%: $(BUILD)/tests/%.o
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS)

# What lets system calls and allocations fail.
FAULT_SRC := tests/faults/app.c tests/faults/faultrun.c tests/faults/judge.c tests/faults/kernel.c \
	tests/faults/picture.c tests/faults/trace.c
FAULT_BINARIES := $(BUILD)/tests/faultrun $(BUILD)/tests/oom.so $(BUILD)/tests/storm

$(BUILD)/tests/faultrun: $(call objects,$(FAULT_SRC))
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lpam -ldl $(call pkg,--libs,libmnl)

$(BUILD)/tests/storm: $(BUILD)/tests/faults/storm.o
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lpam

$(BUILD)/tests/oom.so: $(BUILD)/tests/faults/oom.o
	$(call say,LD)$(CC) -shared $(ALL_LDFLAGS) -o $@ $^

# As it is installed, once for all sandboxes: each would take a second to do it.
product: all
	$(Q)rm -rf $(BUILD)/tests/product && $(MAKE) -s install DESTDIR=$(BUILD)/tests/product
	$(Q)tar -C $(BUILD)/tests/product --owner 0 --group 0 -cf $(BUILD)/tests/product.tar .
	$(Q)rm -rf $(BUILD)/tests/product

test-programs: $(TEST_BINARIES) $(FAULT_BINARIES)

.PHONY: product test-programs
