/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/doctor.h"
#include "helper/fw.h"
#include "helper/fw_ir.h"
#include "helper/machine.h"
#include "helper/nl.h"
#include "helper/ready.h"

#define REPAIR \
	"netnsctl reload, and look for what has changed it, such as another firewall's service"

#define ATTRIBUTES_MAX 16

/* A chain of the table that should be there, and the rules that the kernel has of it. */
struct count {
	const char *name;
	size_t wanted;
	size_t found;
};

struct counts {
	struct count *list;
	size_t n;
	size_t last; /* rules of a chain come together */
	char strange[NFT_NAME_MAXLEN]; /* a chain that is none of ours; "": there is none */
};

static struct count *find_count(struct counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->n; i++) {
		size_t at = (counts->last + i) % counts->n;

		if (strcmp(counts->list[at].name, name) == 0) {
			counts->last = at;
			return &counts->list[at];
		}
	}
	return NULL;
}

static int note_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;

	if (mnl_attr_get_type(attr) < ATTRIBUTES_MAX)
		attributes[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void note_rule(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *a[ATTRIBUTES_MAX] = { NULL };
	struct count *count;

	mnl_attr_parse(h, sizeof(struct nfgenmsg), note_attribute, a);
	count = a[NFTA_RULE_CHAIN] ? find_count(data, mnl_attr_get_str(a[NFTA_RULE_CHAIN])) : NULL;
	if (count)
		count->found++;
}

/* Even without rules: what is at a hook may drop all by its policy. */
static void note_chain(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *a[ATTRIBUTES_MAX] = { NULL };
	struct counts *counts = data;

	mnl_attr_parse(h, sizeof(struct nfgenmsg), note_attribute, a);
	/* The kernel sends those of all tables. */
	if (a[NFTA_CHAIN_TABLE] && a[NFTA_CHAIN_NAME] &&
	    strcmp(mnl_attr_get_str(a[NFTA_CHAIN_TABLE]), FW_TABLE) == 0 &&
	    !find_count(counts, mnl_attr_get_str(a[NFTA_CHAIN_NAME])))
		snprintf(counts->strange, sizeof(counts->strange), "%s",
			 mnl_attr_get_str(a[NFTA_CHAIN_NAME]));
}

static int dump(struct mnl_socket *socket, uint16_t type, nl_answer_fn *note, struct counts *counts)
{
	struct nl_batch batch;
	struct nfgenmsg *nf;
	struct nlmsghdr *h;

	nl_batch_init(&batch);
	h = nl_put(&batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_DUMP);
	nf = mnl_nlmsg_put_extra_header(h, sizeof(*nf));
	nf->nfgen_family = NFPROTO_INET;
	nf->version = NFNETLINK_V0;
	if (type == NFT_MSG_GETRULE)
		mnl_attr_put_strz(h, NFTA_RULE_TABLE, FW_TABLE);
	return nl_query(socket, &batch, note, counts);
}

static int count_found(struct counts *counts)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	int r = nl_open(NETLINK_NETFILTER, &socket);

	if (r)
		return r;
	do {
		for (size_t i = 0; i < counts->n; i++)
			counts->list[i].found = 0;
		counts->strange[0] = '\0';
		r = dump(socket, NFT_MSG_GETRULE, note_rule, counts);
		if (!r)
			r = dump(socket, NFT_MSG_GETCHAIN, note_chain, counts);
	} while (r == -EINTR);
	return r;
}

static int count_wanted(const struct fw_table *table, struct counts *counts)
{
	size_t n = 0;

	for (const struct fw_chain *c = table->chains; c; c = c->next)
		n++;
	counts->list = calloc(n + 1, sizeof(*counts->list));
	if (!counts->list)
		return -ENOMEM;
	for (const struct fw_chain *c = table->chains; c; c = c->next) {
		struct count *count = &counts->list[counts->n++];

		count->name = c->name;
		for (const struct fw_rule *rule = c->rules; rule; rule = rule->next)
			count->wanted++;
	}
	return 0;
}

static void judge(struct doctor *doctor, const struct counts *counts)
{
	const struct count *wrong = NULL;

	for (size_t i = 0; i < counts->n && !wrong; i++)
		if (counts->list[i].found != counts->list[i].wanted)
			wrong = &counts->list[i];
	if (wrong)
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_TABLE_ALTERED, NULL, 0,
				       "chain '%s' of the table 'inet " FW_TABLE
				       "' has %zu rules, and not %zu",
				       wrong->name, wrong->found, wrong->wanted),
			    REPAIR);
	else if (counts->strange[0])
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_TABLE_ALTERED, NULL, 0,
				       "the table 'inet " FW_TABLE
				       "' has the chain '%s', which is not ours",
				       counts->strange),
			    REPAIR);
}

/* What a reload would make of the same files on the same host. */
static int compare(struct doctor *doctor)
{
	_cleanup_(machine_done) struct machine machine = { 0 };
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct counts counts = { 0 };
	int r = diag_new(&diag);

	if (!r)
		r = machine_init(&machine, doctor->conf);
	if (!r)
		r = machine_look(&machine);
	if (!r)
		r = fw_compile(doctor->conf, &machine.context, diag, &table);
	if (!r)
		r = count_wanted(table, &counts);
	if (!r)
		r = count_found(&counts);
	if (!r)
		judge(doctor, &counts);
	free(counts.list);
	return r;
}

int doctor_table(struct doctor *doctor)
{
	if (!doctor->in_force || !doctor->conf)
		return 0;
	if (!ready_has_firewall()) {
		doctor_mend(
			doctor,
			doctor_add(doctor, DOCTOR_TABLE_MISSING, NULL, 0,
				   "the firewall's table 'inet " FW_TABLE "' is not there"),
			"netnsctl sweep, and look for what has removed it, such as a restart of "
			"nftables.service");
		return 0;
	}
	/* Of other files or another host, the rules need not be as many. */
	return doctor->current ? compare(doctor) : 0;
}
