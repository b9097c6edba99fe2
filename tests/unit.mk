# SPDX-License-Identifier: GPL-2.0-or-later
#
# The unit tests, and the programs that tests/conf.t uses; included by the
# Makefile.  libFuzzer is clang's: make fuzz.

UNIT_TESTS := caller columns conf_addr conf_diag conf_dump conf_lex conf_load conf_match conf_oom \
	conf_parse conf_ranges conf_resolve conf_suggest conf_table families fw_chains fw_class fw_confined fw_eval \
	fw_oom fw_span json nsswitch pamstack pool record
UNIT_BINARIES := $(UNIT_TESTS:%=$(BUILD)/tests/unit/%)
CONF_PROGRAMS := $(BUILD)/tests/confdump $(BUILD)/tests/conf-fuzz

WRAPPED := calloc malloc realloc reallocarray strdup strndup
$(BUILD)/tests/unit/conf_oom: ALL_LDFLAGS += $(WRAPPED:%=-Wl,--wrap=%)

FUZZ_SECONDS ?= 120
FUZZ_BUILD := $(BUILD)/fuzz

$(BUILD)/tests/unit/caller: $(call objects,pam_netns/caller.c)
$(BUILD)/tests/unit/columns: $(call objects,helper/columns.c)
$(BUILD)/tests/unit/json: $(call objects,helper/json.c)
$(BUILD)/tests/unit/nsswitch: $(call objects,helper/nsswitch.c helper/textfile.c)
$(BUILD)/tests/unit/pamstack: $(call objects,helper/pamstack.c helper/pamstack_control.c helper/pamstack_ways.c helper/textfile.c)
$(BUILD)/tests/unit/pool: $(call objects,helper/pool.c)
$(BUILD)/tests/unit/record: $(call objects,helper/record.c)

$(BUILD)/tests/unit/families: $(call objects,pam_netns/families.c)

FW_TESTS := $(filter $(BUILD)/tests/unit/fw_%,$(UNIT_BINARIES))
$(FW_TESTS): $(call objects,helper/confined.c $(FW_SRC))
$(FW_TESTS): UNIT_LIBS := $(call pkg,--libs,$(CTL_PKGS))

$(UNIT_BINARIES): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/conf.a
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(UNIT_LIBS)

$(BUILD)/tests/confdump: $(BUILD)/tests/unit/confdump.o $(BUILD)/conf.a
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/tests/fuzz/conf.o: ALL_CPPFLAGS += -DFUZZ_MAIN

$(BUILD)/tests/conf-fuzz: $(BUILD)/tests/fuzz/conf.o $(BUILD)/conf.a
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

unit-tests: $(UNIT_BINARIES) $(CONF_PROGRAMS)

# What it finds stays in $(FUZZ_BUILD); the corpus grows from run to run.
fuzz:
	$(Q)mkdir -p $(FUZZ_BUILD)/corpus
	$(Q)clang $(ALL_CPPFLAGS) -std=gnu11 $(WARN) -O1 -g -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $(FUZZ_BUILD)/conf tests/fuzz/conf.c $(CONF_SRC)
	$(Q)$(FUZZ_BUILD)/conf -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -print_final_stats=1 \
		-artifact_prefix=$(FUZZ_BUILD)/ -dict=tests/fuzz/conf.dict \
		$(FUZZ_BUILD)/corpus tests/conf

.PHONY: unit-tests fuzz
