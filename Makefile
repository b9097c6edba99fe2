# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make              builds the module, the helper and the command
#   make install      DESTDIR and PREFIX as usual
#   make check        every test (root: installs what the tests need first)
#   make check-faults every system call and allocation fails in turn (root, an hour)
#   make check-storm  very many log-ins at once, a tenth of them killed; and very
#                     many users (root)
#   make check-vm     what needs systemd and Debian's kernel, in a virtual machine (root)
#   make demo         three users log in by ssh, in a sandbox (root)
#   make lint         static analysis and the manual pages
#   make bench        what a login costs (root)
#   make fuzz         the configuration parser under libFuzzer, FUZZ_SECONDS each
#   V=1 shows the commands, SANITIZE=address,undefined instruments everything

VERSION := 0.1

PREFIX ?= /usr
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/pam_netns
UNITDIR ?= $(PREFIX)/lib/systemd/system
# Where these three look, whatever PREFIX is.
NETWORKDDIR ?= /usr/lib/systemd/network
NETWORKMANAGERDIR ?= /usr/lib/NetworkManager/conf.d
PAMCONFIGSDIR ?= /usr/share/pam-configs
SYSCONFDIR ?= /etc
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
# Debian's zsh looks in another directory for what packages bring.
ZSHDIR ?= $(firstword $(wildcard $(PREFIX)/share/zsh/vendor-completions) \
	$(PREFIX)/share/zsh/site-functions)
# Where libpam looks for modules, whatever PREFIX is: Debian has a directory per
# architecture, Fedora one per word length.
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
PAMDIR ?= $(firstword $(wildcard $(if $(MULTIARCH),/usr/lib/$(MULTIARCH)/security) \
	/usr/lib64/security) /usr/lib/security)

BUILD ?= build
PKG_CONFIG ?= pkg-config

HARDEN := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIC
ifneq ($(filter x86_64-% i386-%,$(MULTIARCH)),)
HARDEN += -fcf-protection
endif
WERROR ?= -Werror
WARN := -Wall -Wextra $(WERROR) -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wwrite-strings \
	-Wpointer-arith -Wvla -Wformat=2 -Wundef -Wcast-qual -Wswitch-enum
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(WARN) $(HARDEN) $(CFLAGS) $(SANITIZE_FLAGS) -fvisibility=hidden -MMD -MP
ALL_CPPFLAGS = -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DVERSION='"$(VERSION)"' \
	-DNETNS_CONF='"$(SYSCONFDIR)/security/netns.conf"' \
	-DNETNS_RUN='"/run/pam_netns"' $(CPPFLAGS)
# Where the programs are, for the few sources that must know.
PATHS := -DNETNS_HELPER='"$(LIBEXECDIR)/netns-helper"' -DNETNS_CTL='"$(SBINDIR)/netnsctl"' \
	-DNETNS_MODULES='"$(PAMDIR)"'
PATHS_SRC := helper/client.c helper/ctl_doctor.c helper/doctor_pam.c helper/draft.c helper/host.c
ALL_LDFLAGS = -Wl,-z,relro,-z,now,-z,noexecstack,-z,defs -Wl,--as-needed $(LDFLAGS) $(SANITIZE_FLAGS)
ifdef SANITIZE
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
HARDEN := $(filter-out %_FORTIFY_SOURCE %_FORTIFY_SOURCE=2,$(HARDEN))
ALL_LDFLAGS := -Wl,--as-needed $(LDFLAGS) $(SANITIZE_FLAGS)
endif

CONF_SRC := conf/addr.c conf/check.c conf/check_names.c conf/check_nat.c conf/check_nesting.c conf/check_policies.c \
	conf/check_publish.c conf/check_rules.c conf/check_sessions.c conf/check_use.c \
	conf/covers.c conf/diag.c conf/dump.c conf/keyword.c conf/lex.c conf/load.c \
	conf/match.c conf/open.c conf/parse.c conf/parse_addresses.c conf/parse_policy.c \
	conf/parse_session.c conf/parse_set.c conf/policy.c conf/ranges.c conf/report.c \
	conf/resolve.c conf/source.c conf/suggest.c conf/table.c conf/tree.c conf/value.c \
	conf/words.c

# What an asker needs: the module and netnsctl.
CLIENT_SRC := helper/answer.c helper/client.c helper/netns.c helper/wire.c
MODULE_SRC := pam_netns/pam_netns.c pam_netns/account.c pam_netns/caller.c pam_netns/families.c pam_netns/mounts.c \
	pam_netns/opened.c pam_netns/session.c pam_netns/user.c helper/argument.c helper/record.c $(CLIENT_SRC)
# What looks after /run/pam_netns: the helper and netnsctl.
STATE_SRC := helper/active.c helper/joined.c helper/procs.c helper/ready.c helper/state.c \
	helper/trust.c helper/uids.c
# Links, and what belongs to them in the kernel.
LINK_SRC := helper/conntrack.c helper/fit.c helper/fwset.c helper/link.c helper/pool.c \
	helper/sysctl.c helper/veth.c helper/veth_find.c
# What both that and the firewall are made of.
NL_SRC := helper/class.c helper/nl.c
HELPER_SRC := helper/main.c helper/account.c helper/answer.c helper/confined.c helper/host.c helper/op.c \
	helper/op_hide.c helper/op_join.c helper/op_open.c helper/op_tidy.c helper/privs.c helper/span.c \
	helper/record.c helper/tidy.c helper/named.c helper/netns.c helper/usage_set.c helper/usage_table.c helper/wire.c \
	$(STATE_SRC) $(LINK_SRC) $(NL_SRC)
# The firewall: netnsctl compiles it, so that only netnsctl needs libnftnl.
FW_SRC := helper/fw_base.c helper/fw_build.c helper/fw_commit.c helper/fw_compile.c \
	helper/fw_eval.c helper/fw_expr.c helper/fw_field.c helper/fw_ir.c helper/fw_nl.c \
	helper/fw_nl_match.c helper/fw_nl_rule.c helper/fw_nl_set.c helper/fw_policy.c \
	helper/fw_session.c helper/fw_target.c helper/fw_text.c helper/fw_view.c helper/span.c \
	$(NL_SRC)
DOCTOR_SRC := helper/argument.c helper/ctl_doctor.c helper/doctor.c helper/doctor_arguments.c helper/doctor_hidden.c helper/doctor_net.c \
	helper/doctor_pam.c helper/doctor_print.c helper/doctor_procs.c helper/doctor_ssh.c helper/doctor_sudo.c \
	helper/doctor_table.c helper/doctor_users.c helper/named.c helper/pamstack.c helper/pamstack_control.c helper/pamstack_ways.c \
	helper/textfile.c
CTL_SRC := helper/ctl.c helper/ctl_check.c helper/ctl_diff.c helper/ctl_explain.c \
	helper/ctl_live.c helper/ctl_reload.c helper/apply.c helper/compare.c \
	helper/compare_users.c helper/confined.c helper/delta.c helper/depends.c helper/draft.c \
	helper/explain.c helper/explain_conf.c helper/explain_end.c helper/explain_json.c \
	helper/explain_pam.c helper/explain_question.c helper/explain_step.c helper/explain_text.c helper/exempt.c helper/flows.c \
	helper/fw_files.c \
	helper/ground.c helper/ground_pools.c helper/ground_switches.c helper/json.c \
	helper/machine.c helper/members.c helper/members_change.c helper/obstacle.c helper/occupied.c \
	helper/person.c helper/resolvers.c helper/route.c helper/rule.c \
	helper/columns.c helper/ctl_status.c helper/ctl_top.c helper/status.c helper/status_detail.c \
	helper/status_json.c helper/status_text.c \
	helper/ctl_stats.c helper/stats.c helper/stats_prometheus.c helper/terminal.c helper/usage.c helper/usage_link.c helper/usage_procs.c helper/usage_rate.c \
	helper/usage_set.c helper/usage_table.c \
	helper/ctl_denied.c helper/denied.c helper/denied_name.c helper/denied_text.c \
	helper/ctl_who.c helper/holders.c helper/nsswitch.c helper/who.c helper/who_text.c \
	$(DOCTOR_SRC) $(CLIENT_SRC) $(STATE_SRC) $(LINK_SRC) $(FW_SRC)

HELPER_PKGS := libmnl libcap-ng
CTL_PKGS := libnftnl libmnl
MAN8 := pam_netns/pam_netns.8 helper/netns-helper.8 helper/netnsctl.8
MAN5 := conf/netns.conf.5
UNITS := helper/pam_netns.service helper/pam_netns-sweep.service helper/pam_netns-sweep.timer

MODULE := $(BUILD)/pam_netns.so
HELPER := $(BUILD)/netns-helper
CTL := $(BUILD)/netnsctl

objects = $(1:%.c=$(BUILD)/%.o)
pkg = $(shell $(PKG_CONFIG) $(1) $(2))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $@;)

all: $(MODULE) $(HELPER) $(CTL)

# Flags and paths are compiled in: with others, what has them is built again.
FLAGS := $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(BUILD)/flags: COMPILED_IN := $(FLAGS)
$(BUILD)/paths: COMPILED_IN := $(PATHS)
$(BUILD)/flags $(BUILD)/paths: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(COMPILED_IN))' | cmp -s - $@ || \
		printf '%s\n' '$(subst ','\'',$(COMPILED_IN))' >$@
FORCE:

$(call objects,$(PATHS_SRC)): $(BUILD)/paths
$(call objects,$(PATHS_SRC)): ALL_CPPFLAGS += $(PATHS)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/conf.a: $(call objects,$(CONF_SRC))
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

# The module lives in other people's processes: libpam and libc, two symbols.
$(MODULE): $(call objects,$(MODULE_SRC)) pam_netns/pam_netns.map
	$(call say,LD)$(CC) -shared -Wl,--version-script=pam_netns/pam_netns.map \
		$(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -lpam

$(HELPER): $(call objects,$(HELPER_SRC)) $(BUILD)/conf.a
	@$(PKG_CONFIG) --exists --print-errors $(HELPER_PKGS)
	$(call say,LD)$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(HELPER_PKGS))

$(CTL): $(call objects,$(CTL_SRC)) $(BUILD)/conf.a
	@$(PKG_CONFIG) --exists --print-errors $(CTL_PKGS)
	$(call say,LD)$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(CTL_PKGS))

install: all
	install -d $(DESTDIR)$(PAMDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SBINDIR) \
		$(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(UNITDIR) \
		$(DESTDIR)$(NETWORKDDIR) $(DESTDIR)$(NETWORKMANAGERDIR) $(DESTDIR)$(PAMCONFIGSDIR) \
		$(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(SYSCONFDIR)/security $(DESTDIR)$(DOCDIR)
	install -m 644 $(MODULE) $(DESTDIR)$(PAMDIR)
	install -m 755 $(HELPER) $(DESTDIR)$(LIBEXECDIR)
	install -m 755 $(CTL) $(DESTDIR)$(SBINDIR)
	install -m 644 $(MAN5) $(DESTDIR)$(MANDIR)/man5
	install -m 644 $(MAN8) $(DESTDIR)$(MANDIR)/man8
	for unit in $(UNITS); do \
		sed 's|/usr/sbin/netnsctl|$(SBINDIR)/netnsctl|' $$unit \
			>$(DESTDIR)$(UNITDIR)/$${unit##*/} || exit; \
		chmod 644 $(DESTDIR)$(UNITDIR)/$${unit##*/}; \
	done
	install -m 644 conf/10-pam_netns.network $(DESTDIR)$(NETWORKDDIR)
	install -m 644 conf/pam_netns-networkmanager.conf $(DESTDIR)$(NETWORKMANAGERDIR)/10-pam_netns.conf
	install -m 644 conf/pam_netns.pam-config $(DESTDIR)$(PAMCONFIGSDIR)/pam_netns
	install -m 644 helper/netnsctl.bash $(DESTDIR)$(BASHDIR)/netnsctl
	install -m 644 helper/_netnsctl $(DESTDIR)$(ZSHDIR)
	install -m 644 README.md SECURITY.md NEWS LICENSE conf/netns.conf $(DESTDIR)$(DOCDIR)
	test -e $(DESTDIR)$(SYSCONFDIR)/security/netns.conf || \
		install -m 644 conf/netns.conf $(DESTDIR)$(SYSCONFDIR)/security

# What is in force goes first, while there is what could take it back; where that
# cannot be, it goes with the next boot.  The configuration stays, as an
# administrator's work.  A stack that names a module that is gone lets nobody in,
# root neither.
uninstall:
	@if [ -z "$(DESTDIR)" ] && grep -ls pam_netns.so $(SYSCONFDIR)/pam.conf \
		$(SYSCONFDIR)/pam.d/* /usr/lib/pam.d/*; then \
		echo 'uninstall: these still use pam_netns; take the line out first (of common-*,' \
			'if it is there by the profile: pam-auth-update --remove pam_netns)' >&2; \
		exit 1; fi
	@if [ -z "$(DESTDIR)" ] && [ -x $(SBINDIR)/netnsctl ] && [ -e /run/pam_netns ]; then \
		$(SBINDIR)/netnsctl unload || echo 'uninstall: what is in force stays so until' \
			'the next boot' >&2; fi
	rm -f $(DESTDIR)$(PAMDIR)/pam_netns.so $(DESTDIR)$(LIBEXECDIR)/netns-helper \
		$(DESTDIR)$(SBINDIR)/netnsctl \
		$(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(MAN5))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(MAN8))) \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS))) \
		$(DESTDIR)$(NETWORKDDIR)/10-pam_netns.network \
		$(DESTDIR)$(NETWORKMANAGERDIR)/10-pam_netns.conf $(DESTDIR)$(PAMCONFIGSDIR)/pam_netns \
		$(DESTDIR)$(BASHDIR)/netnsctl $(DESTDIR)$(ZSHDIR)/_netnsctl
	rm -rf $(DESTDIR)$(DOCDIR)

clean:
	$(Q)rm -rf $(BUILD)

-include tests/unit.mk tests/root.mk

tests: all unit-tests test-programs product

# Root's way is the whole one: what the tests need is installed first.
ifeq ($(shell id -u),0)
packages:
	$(Q)tests/install-packages
else
packages:
endif

# What sudo has built, its user wants to build again.
give_back = @[ -z "$$SUDO_UID" ] || chown -R "$$SUDO_UID:$$SUDO_GID" $(BUILD)

# In a second make: the first has looked for libraries that may just have arrived.
check: packages
	$(Q)$(MAKE) --no-print-directory tests
	$(give_back)
	$(Q)BUILD=$(BUILD) tests/run $(TESTS)

check-faults: packages
	$(Q)$(MAKE) --no-print-directory tests
	$(give_back)
	$(Q)BUILD=$(BUILD) tests/faults/check $(SCENARIOS)

check-storm: packages
	$(Q)$(MAKE) --no-print-directory tests
	$(give_back)
	$(Q)BUILD=$(BUILD) prove --exec '' --verbose tests/faults/storm.t tests/faults/crowd.t

check-vm: packages
	$(Q)tests/install-packages vm
	$(Q)$(MAKE) --no-print-directory tests
	$(give_back)
	$(Q)BUILD=$(BUILD) prove --exec '' --verbose tests/vm/check.t

demo: packages
	$(Q)$(MAKE) --no-print-directory tests
	$(give_back)
	$(Q)BUILD=$(BUILD) tests/demo

bench: packages
	$(Q)$(MAKE) --no-print-directory tests
	$(give_back)
	$(Q)BUILD=$(BUILD) tests/bench $(ROUNDS)

lint:
	$(Q)tests/lint

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.DELETE_ON_ERROR:
.PHONY: all install uninstall clean FORCE tests packages check check-faults check-storm check-vm demo bench lint
