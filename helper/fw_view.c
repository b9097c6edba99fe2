/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

#include "conf/base.h"
#include "helper/fw_eval.h"
#include "helper/fw_view.h"

/* Where packets come into being for a hook, conntrack has its priorities. */
static bool is_before(const struct fw_view *v, int priority)
{
	return (v->base->hook == FW_HOOK_PREROUTING || v->base->hook == FW_HOOK_OUTPUT) &&
	       v->base->priority < priority;
}

static bool is_untranslated(const struct fw_view *v)
{
	return v->packet->dnat && is_before(v, NF_IP_PRI_NAT_DST);
}

static const uint8_t *daddr(const struct fw_view *v)
{
	return is_untranslated(v) ? v->packet->original_daddr : v->packet->daddr;
}

static uint16_t dport(const struct fw_view *v)
{
	return is_untranslated(v) ? v->packet->original_dport : v->packet->dport;
}

/* As the kernel takes it from the address alone, before it looks at routes; 0: it does not. */
static uint32_t type_of_address(int family, const uint8_t *address)
{
	static const uint8_t zero[4], ones[4] = { 0xff, 0xff, 0xff, 0xff };

	if (family == AF_INET6)
		return address[0] == 0xff ? RTN_MULTICAST : 0;
	if (memcmp(address, zero, sizeof(zero)) == 0 || memcmp(address, ones, sizeof(ones)) == 0)
		return RTN_BROADCAST;
	return (address[0] & 0xf0) == 0xe0 ? RTN_MULTICAST : 0;
}

static uint32_t daddr_type(const struct fw_view *v)
{
	const struct fw_packet *p = v->packet;
	bool as_sent = !p->dnat || is_untranslated(v);
	uint32_t type;

	if (as_sent && p->daddr_type)
		return p->daddr_type;
	type = type_of_address(p->family, daddr(v));
	if (type)
		return type;
	return p->path == FW_PATH_INPUT || is_untranslated(v) ? RTN_LOCAL : RTN_UNICAST;
}

/* What conntrack has not seen yet looks like what it has found invalid. */
static uint32_t ct_state(const struct fw_view *v)
{
	const struct fw_packet *p = v->packet;

	if (is_before(v, NF_IP_PRI_CONNTRACK))
		return NF_CT_STATE_INVALID_BIT;
	if (p->ct_state)
		return p->ct_state;
	return NF_CT_STATE_BIT(p->confirmed || p->reply ? IP_CT_ESTABLISHED : IP_CT_NEW);
}

static bool has_connection(const struct fw_view *v)
{
	return !(ct_state(v) & (NF_CT_STATE_INVALID_BIT | NF_CT_STATE_UNTRACKED_BIT));
}

static uint32_t ct_status(const struct fw_packet *p)
{
	return (p->confirmed ? IPS_CONFIRMED : 0) | (p->dnat ? IPS_DST_NAT : 0);
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
	       proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

/* The hooks before routing know no link that the packet goes out by. */
static bool has_oif(const struct fw_view *v)
{
	return v->base->hook != FW_HOOK_PREROUTING && v->base->hook != FW_HOOK_INPUT;
}

bool fw_view_has(const struct fw_view *v, enum fw_field field)
{
	const struct fw_field_info *info = &fw_fields[field];
	const struct fw_packet *p = v->packet;

	if ((info->family && info->family != p->family) || (info->proto && info->proto != p->proto))
		return false;
	if (field == FW_IIF)
		return false; /* it could be any number */
	if (field == FW_IIFGROUP)
		return p->path != FW_PATH_OUTPUT;
	if (field == FW_OIFGROUP)
		return has_oif(v);
	if (field == FW_IIFNAME)
		return p->iif.name || p->path == FW_PATH_OUTPUT;
	if (field == FW_OIFNAME) /* without a link, it is empty */
		return p->oif.name || !has_oif(v);
	if (field == FW_SKUID)
		return p->has_socket;
	if (field == FW_CT_DIRECTION || field == FW_CT_STATUS || field == FW_CT_ORIGINAL_DPORT)
		return has_connection(v);
	return field != FW_TH_DPORT || has_ports(p->proto);
}

uint32_t fw_view_number(const struct fw_view *v, enum fw_field field)
{
	const struct fw_packet *p = v->packet;

	switch (field) {
	case FW_IIFGROUP:
		return p->iif.group;
	case FW_OIFGROUP:
		return p->oif.group;
	case FW_SKUID:
		return p->skuid;
	case FW_MARK:
		return v->mark;
	case FW_L4PROTO:
	case FW_IP_PROTOCOL:
	case FW_IP6_NEXTHDR:
		return p->proto;
	case FW_CT_DIRECTION:
		return p->reply ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL;
	case FW_CT_STATE:
		return ct_state(v);
	case FW_CT_STATUS:
		return ct_status(p);
	case FW_CT_ORIGINAL_DPORT:
		return p->dnat ? p->original_dport : p->dport;
	case FW_FIB_SOURCE_LINK:
		return !p->spoofed;
	case FW_FIB_DADDR_TYPE:
		return daddr_type(v);
	case FW_IP_HDRLENGTH:
		return 5; /* no options */
	case FW_ICMP:
	case FW_ICMPV6:
		return p->icmp_type;
	case FW_TCP_DPORT:
	case FW_UDP_DPORT:
	case FW_TH_DPORT:
		return dport(v);
	case FW_IP_FRAGMENT:
	case FW_IIF:
	case FW_IIFNAME:
	case FW_OIFNAME:
	case FW_IP_SADDR:
	case FW_IP_DADDR:
	case FW_IP6_SADDR:
	case FW_IP6_DADDR:
	case FW_N_FIELDS:
		break;
	}
	return 0;
}

bool fw_view_load(const struct fw_view *v, enum fw_field field, struct span *ret_value)
{
	const struct fw_packet *p = v->packet;
	unsigned width = fw_types[fw_fields[field].type].width;

	if (!fw_view_has(v, field))
		return false;
	if (field == FW_IP_SADDR || field == FW_IP6_SADDR) {
		memcpy(ret_value->first, p->saddr, width);
	} else if (field == FW_IP_DADDR || field == FW_IP6_DADDR) {
		memcpy(ret_value->first, daddr(v), width);
	} else if (field == FW_IIFNAME) {
		*ret_value = span_of_name(p->path == FW_PATH_OUTPUT ? "" : p->iif.name);
	} else if (field == FW_OIFNAME) {
		*ret_value = span_of_name(has_oif(v) ? p->oif.name : "");
	} else {
		uint32_t number = fw_view_number(v, field);

		*ret_value = span_of_numbers(number, number, width);
	}
	return true;
}

/* Below 0: value comes before span; 0: it is in it; above: it comes behind. */
static int compare(const struct span *value, const struct span *span, unsigned width)
{
	if (memcmp(value->first, span->first, width) < 0)
		return -1;
	return memcmp(value->first, span->last, width) > 0;
}

/* Intervals are in order and apart: the kernel has to be given them so. */
static const struct fw_element *search_intervals(const struct fw_set *set, const struct span *value,
						 unsigned width)
{
	size_t first = 0, end = set->n_elements;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		int order = compare(value, &set->elements[middle].key, width);

		if (order == 0)
			return &set->elements[middle];
		if (order < 0)
			end = middle;
		else
			first = middle + 1;
	}
	return NULL;
}

/* Other elements are as they came. */
static const struct fw_element *search_values(const struct fw_set *set, const struct span *value,
					      unsigned width)
{
	for (size_t i = 0; i < set->n_elements; i++) {
		if (compare(value, &set->elements[i].key, width) == 0)
			return &set->elements[i];
	}
	return NULL;
}

bool fw_view_find(const struct fw_view *v, enum fw_field field, const struct fw_set *set,
		  const struct fw_element **ret_element)
{
	unsigned width = fw_types[set->key[0]].width;
	struct span value;

	if (!fw_view_load(v, field, &value))
		return false;
	*ret_element = set->flags & FW_SET_INTERVALS ? search_intervals(set, &value, width)
						     : search_values(set, &value, width);
	return true;
}

bool fw_view_is_in(const struct fw_view *v, enum fw_field field, const struct span *span,
		   bool *ret_is)
{
	struct span value;

	if (!fw_view_load(v, field, &value))
		return false;
	*ret_is = compare(&value, span, fw_types[fw_fields[field].type].width) == 0;
	return true;
}
