/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/doctor.h"
#include "helper/ground.h"
#include "helper/named.h"
#include "helper/netns.h"
#include "helper/obstacle.h"
#include "helper/occupied.h"
#include "helper/ready.h"
#include "helper/sysctl.h"

#define REPAIR "netnsctl sweep"

/* What others say in a diag becomes findings of one kind. */
struct collect {
	struct doctor *doctor;
	enum doctor_kind kind;
	const char *mend;
};

static void collect(void *data, const struct diag_entry *entry)
{
	const struct collect *c = data;

	doctor_mend(c->doctor,
		    doctor_add(c->doctor, c->kind, entry->file, entry->line, "%s", entry->text),
		    "%s", c->mend);
}

static int look_at_pools(struct doctor *doctor)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct collect c = { doctor, DOCTOR_POOL_OVERLAP,
			     "other pools, by 'set pool4' and 'set pool6' in " NETNS_CONF
			     ", and netnsctl reload" };
	int r = diag_new(&diag);

	if (r)
		return r;
	r = ground_check_pools(doctor->conf, diag);
	diag_each(diag, collect, &c);
	return diag_count(diag, DIAG_ERROR) ? 0 : r;
}

static int look_at_ports(struct doctor *doctor)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct collect c = { doctor, DOCTOR_PORT_OCCUPIED,
			     "publish another port, or let the program listen elsewhere" };
	int r = diag_new(&diag);

	if (r)
		return r;
	occupied_warn(doctor->conf, diag);
	diag_each(diag, collect, &c);
	return 0;
}

static void note_chain(void *data, const struct obstacle *o)
{
	struct doctor *doctor = data;

	doctor_mend(doctor,
		    doctor_add(doctor, DOCTOR_CHAIN_DROPS, NULL, 0,
			       "chain '%s' of the firewall's table '%s %s' drops what it does not "
			       "know",
			       o->chain, o->family, o->table),
		    "%s", o->remedy);
}

static int look_at_chains(struct doctor *doctor)
{
	int r = obstacle_find(note_chain, doctor);

	/* A kernel without nf_tables has no chains of it. */
	return r == -EOPNOTSUPP || r == -EPROTONOSUPPORT ? 0 : r;
}

static bool is_off(const char *name)
{
	int value;

	return sysctl_read(name, &value) == 0 && value == 0;
}

static int look_at_ground(struct doctor *doctor)
{
	bool forwards = ground_forwards();
	bool is_set = true;
	int r = ground_is_set(&doctor->conf->settings, &is_set);

	if (!forwards) {
		bool v4 = is_off("ipv4/ip_forward");
		bool v6 = sysctl_has_ipv6() && is_off("ipv6/conf/all/forwarding");

		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_FORWARDING_OFF, NULL, 0, "%s%s%s is off",
				       v4 ? "net.ipv4.ip_forward" : "", v4 && v6 ? " and " : "",
				       v6   ? "net.ipv6.conf.all.forwarding"
				       : v4 ? ""
					    : "net.ipv4.conf.all.src_valid_mark"),
			    REPAIR "; and look for what has switched it off, such as a file in "
				   "/etc/sysctl.d");
	} else if (!r && !is_set) {
		doctor_mend(
			doctor,
			doctor_add(doctor, DOCTOR_ROUTING_INCOMPLETE, NULL, 0,
				   "the rules of routing, or the gateway's addresses on lo, are "
				   "not what the sessions' links need"),
			REPAIR);
	}
	return r;
}

/* What is in force has no places of the file. */
static struct doctor_finding *add_at(struct doctor *doctor, enum doctor_kind kind,
				     const struct conf_place *place, const char *text)
{
	bool has_place = doctor->current || !doctor->in_force;

	return doctor_add(doctor, kind, has_place ? place->file : NETNS_CONF,
			  has_place ? place->line : 0, "%s", text);
}

static void report_uplink(struct doctor *doctor, const char *name, const char *other)
{
	const struct conf_place *place = &doctor->conf->settings.set_at[CONF_SETTING_UPLINK];
	char text[128];

	if (other)
		snprintf(text, sizeof(text), "'%s' is another name of the link '%s'", name, other);
	else
		snprintf(text, sizeof(text), "there is no link '%s'", name);
	doctor_mend(doctor, add_at(doctor, DOCTOR_UPLINK_MISSING, place, text),
		    "start what makes the link; or correct 'set uplink' by what 'ip link' shows, "
		    "and netnsctl reload");
}

/* The firewall goes by the one name that a link has, and not by its others. */
static int look_at_uplinks(struct doctor *doctor)
{
	const struct conf_settings *settings = &doctor->conf->settings;
	char name[IF_NAMESIZE];

	for (size_t i = 0; i < settings->n_uplinks; i++) {
		const char *uplink = settings->uplinks[i];
		unsigned index = if_nametoindex(uplink);
		bool is_there = index && if_indextoname(index, name);

		if (!is_there || strcmp(name, uplink) != 0)
			report_uplink(doctor, uplink, is_there ? name : NULL);
	}
	return 0;
}

static bool is_joined_before(const struct conf *conf, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (conf->sessions[i]->network == CONF_NET_JOIN &&
		    strcmp(conf->sessions[i]->name, name) == 0)
			return true;
	return false;
}

static void look_at_join(struct doctor *doctor, const struct conf_session *session, uint64_t host)
{
	_cleanup_close_ int fd = -1;
	char text[512];
	uint64_t inode;
	int r = named_open(session->name, host, &fd, &inode);

	if (!r)
		return;
	named_explain(session->name, r, text, sizeof(text));
	doctor_mend(doctor, add_at(doctor, DOCTOR_JOIN_MISSING, &session->place, text),
		    "start what makes it, or ip netns add '%s'; or correct the line, and netnsctl "
		    "reload",
		    session->name);
}

static int look_at_joins(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;
	uint64_t host;
	int r = netns_inode(NETNS_OF_HOST, &host);

	for (size_t i = 0; !r && i < conf->n_sessions; i++) {
		const struct conf_session *session = conf->sessions[i];

		if (session->network == CONF_NET_JOIN && !is_joined_before(conf, i, session->name))
			look_at_join(doctor, session, host);
	}
	return r;
}

int doctor_net(struct doctor *doctor)
{
	static int (*const looks[])(struct doctor *) = { look_at_pools, look_at_ports,
							 look_at_chains, look_at_uplinks };
	bool has_links = doctor->conf && conf_has_network(doctor->conf, CONF_NET_VETH);
	int r = 0;

	if (doctor->in_force && access(READY_PENDING, F_OK) == 0)
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_RELOAD_INTERRUPTED, READY_PENDING, 0,
				       "a reload has not come to its end"),
			    REPAIR);
	for (size_t i = 0; has_links && i < ARRAY_SIZE(looks); i++) {
		int error = looks[i](doctor);

		r = r ? r : error;
	}
	if (doctor->conf) {
		int error = look_at_joins(doctor);

		r = r ? r : error;
	}
	if (has_links && doctor->in_force) {
		int error = look_at_ground(doctor);

		r = r ? r : error;
	}
	return r;
}
