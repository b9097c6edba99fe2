# SPDX-License-Identifier: GPL-2.0-or-later
"""What a netns.conf(5) says, read a second time and independently of conf/ and
helper/: the probes of probe.py are compared with it.

It knows the part of the language that netns.conf in this directory uses, and
refuses the rest.  What it decides comes from the manual page alone, but for one
thing that it leaves open: what no rule lets to the host is dropped, not rejected.
"""
import ipaddress
from typing import NamedTuple

ADDRESS = ipaddress.ip_address
NETWORK = ipaddress.ip_network

METADATA = [NETWORK(n) for n in (
    '169.254.0.0/16', '100.100.100.200', '168.63.129.16', '192.0.0.192',
    'fe80::/10', 'fd00:ec2::254', 'fd20:ce::254')]
PRIVATE = [NETWORK(n) for n in (
    '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7')]
PROTOCOLS = ('tcp', 'udp', 'icmp')
VERBS = ('allow', 'deny', 'drop')
KEYWORDS = ('any', 'host', 'users', 'metadata', 'private')


class Rule(NamedTuple):
    direction: str
    verb: str
    targets: list
    services: list  # of (protocol, first port, last port); none means all


class Publish(NamedTuple):
    protocol: str
    port: int
    to_port: int
    targets: list


class Policy:
    def __init__(self):
        self.statements = []  # Rule, Publish, or the name of a used policy
        self.dns = None  # 'auto', 'none' or addresses


class Fate(NamedTuple):
    """What becomes of a connection, and where it ends if it does."""
    verdict: str  # allow, reject, drop; unreachable (no route); refuse (one of them)
    server: str = ''  # whose
    address: object = None  # at which it arrives, after all translation
    port: int = 0
    seen: object = None  # where it comes from, for the server


#
# Reading
#

def words_of(text):
    """One list of words per line."""
    for number, line in enumerate(text.replace('\\\n', ' ').split('\n'), 1):
        line = line.split('#')[0].replace('{', ' { ').replace('}', ' } ')
        if line.split():
            yield number, line.split()


def is_address(word):
    try:
        NETWORK(word)
        return True
    except ValueError:
        return False


def take_targets(words):
    targets = []
    while words and words[0] not in PROTOCOLS:
        targets.append(words.pop(0))
    return targets


def take_services(words):
    services = []
    protocol = None
    while words:
        word = words.pop(0)
        if word == 'icmp':
            services.append((word, 0, 0))
        elif word in PROTOCOLS:
            protocol = word
        else:
            first, _, last = word.partition('-')
            services.append((protocol, int(first), int(last or first)))
    return services


def read_rule(words):
    direction = words.pop(0)
    verb = words.pop(0)
    if verb not in VERBS:
        raise ValueError(f'verb {verb}')
    if words[:1] == ['log']:
        words.pop(0)
    targets = []
    if words[:1] == [{'out': 'to', 'in': 'from'}[direction]]:
        words.pop(0)
        targets = take_targets(words)
    return Rule(direction, verb, targets or ['any'], take_services(words))


def read_publish(words):
    _, protocol, port = words[:3]
    words = words[3:]
    to_port = port
    targets = ['any']
    if words[:1] == ['to']:
        to_port = words[1]
        words = words[2:]
    if words[:1] == ['from']:
        targets = words[1:]
        words = []
    if words:
        raise ValueError(f'after publish: {words}')
    return Publish(protocol, int(port), int(to_port), targets)


class Configuration:
    def __init__(self, text):
        self.pools = {}
        self.lists = {}
        self.policies = {}
        self.sessions = []
        self.block = None  # what a '{' has opened
        for number, words in words_of(text):
            try:
                self.read(words)
            except (KeyError, ValueError, IndexError) as e:
                raise ValueError(f'line {number}: {e}') from e

    def read(self, words):
        if self.block is None:
            getattr(self, 'read_' + words[0])(words)
        elif words == ['}']:
            self.block = None
        elif isinstance(self.block, Policy):
            self.read_statement(words)
        else:
            self.read_members(words)

    def read_set(self, words):
        key, value = words[1:]
        if key not in ('pool4', 'pool6'):
            raise ValueError(f'set {key}')
        self.pools[NETWORK(value).version] = NETWORK(value)

    def read_addresses(self, words):
        self.block = self.lists[words[1]] = []
        self.read_members(words[3:])

    def read_members(self, words):
        if words and words[-1] == '}':
            words = words[:-1]
            self.block.extend(words)
            self.block = None
        else:
            self.block.extend(words)

    def read_policy(self, words):
        self.policies[words[1]] = Policy()
        if words[2:] == ['{']:
            self.block = self.policies[words[1]]
        elif words[2:] != ['{', '}']:
            raise ValueError(' '.join(words))

    def read_session(self, words):
        who, *network = words[1:]
        if network not in (['host'], ['loopback']) and network[0] != 'veth':
            raise ValueError(' '.join(network))
        self.sessions.append((who.split(','), network))

    def read_statement(self, words):
        policy = self.block
        if words[0] == 'use':
            policy.statements.append(words[1])
        elif words[0] in ('out', 'in'):
            policy.statements.append(read_rule(words))
        elif words[0] == 'publish':
            policy.statements.append(read_publish(words))
        elif words[0] == 'dns' and words[1] in ('auto', 'none'):
            policy.dns = words[1]
        elif words[0] == 'dns':
            policy.dns = [ADDRESS(w) for w in words[1:]]
        elif words[0] != 'connections':  # which the probes never reach
            raise ValueError(words[0])

    def statements(self, policy):
        for s in self.policies[policy].statements:
            if isinstance(s, str):
                yield from self.statements(s)
            else:
                yield s

    def dns(self, policy):
        """The policy's own, or else that of one it uses."""
        own = self.policies[policy].dns
        if own is not None:
            return own
        for s in self.policies[policy].statements:
            if isinstance(s, str) and self.dns(s):
                return self.dns(s)
        return None

    def networks(self, name):
        """What a list holds, or an address that stands for itself."""
        if is_address(name):
            return [NETWORK(name)]
        return [n for member in self.lists[name] for n in self.networks(member)]

    def network_of(self, user, uid):
        for who, network in self.sessions:
            if user in who or str(uid) in who or '*' in who:
                return network
        return ['host']


#
# Deciding
#

class Model:
    """host and users are what the machine has made of it: the addresses of the
    host, and of each user's session (a list, empty without a link).  resolvers
    are those of the host, seen_as the host's address by IP version, as the
    internet sees it, and outside the parties beyond the host and their
    addresses."""

    def __init__(self, configuration, host, users, uids, outside, resolvers, seen_as):
        self.conf = configuration
        self.host = set(host)
        self.users = users
        self.networks = {u: configuration.network_of(u, uids[u]) for u in users}
        self.owners = {a: u for u, addresses in users.items() for a in addresses}
        self.outside = {a: name for name, addresses in outside.items() for a in addresses}
        self.resolvers = resolvers
        self.seen_as = seen_as

    def policy(self, user):
        kind, *name = self.networks[user]
        return name[0] if kind == 'veth' else None

    def kind(self, address):
        """Who has it: host, users, metadata or outside."""
        if address in self.host:
            return 'host'
        if address in self.conf.pools[address.version]:
            return 'users'
        if any(address in n for n in METADATA):
            return 'metadata'
        return 'outside'

    def matches_target(self, target, address):
        kind = self.kind(address)
        if target == 'any':
            return kind == 'outside'
        if target in ('host', 'users', 'metadata'):
            return kind == target
        # Others never mean the host or users; metadata only when the address itself is named.
        if kind in ('host', 'users'):
            return False
        if target == 'private':
            return kind == 'outside' and any(address in n for n in PRIVATE)
        return any(address in n for n in self.conf.networks(target))

    def matches(self, targets, address):
        return any(self.matches_target(t, address) for t in targets)

    def decide(self, user, direction, address, protocol, port):
        """By the rules of the user's policy: address is the other side's."""
        for s in self.conf.statements(self.policy(user)):
            if not isinstance(s, Rule) or s.direction != direction:
                continue
            if s.services and not any(protocol == p and first <= port <= last
                                      for p, first, last in s.services):
                continue
            if self.matches(s.targets, address):
                verb = s.verb
                break
        else:
            verb = 'drop' if self.kind(address) == 'host' else 'deny'
        if verb == 'deny':
            return 'reject' if direction == 'out' else 'drop'
        return verb

    def resolver(self, user, version):
        """Who answers name queries of this IP version, and whether all of them."""
        dns = self.conf.dns(self.policy(user)) or 'auto'
        if dns == 'none':
            return None, False
        servers = self.resolvers if dns == 'auto' else dns
        return next((r for r in servers if r.version == version), None), dns != 'auto'

    def ask_resolver(self, user, address, port):
        """The resolver that a query to address goes to, or None: it is no query."""
        if port != 53:
            return None
        resolver, all_of_them = self.resolver(user, address.version)
        if resolver and (all_of_them or address == resolver or address.is_loopback):
            return resolver
        return None

    def source_of(self, user, version):
        return next((a for a in self.users[user] if a.version == version), None)

    #
    # The three kinds of source
    #

    def from_user(self, user, address, protocol, port):
        if self.networks[user] == ['loopback']:
            if address.is_loopback:
                return Fate('allow', user, address, port, loopback(address))
            return Fate('unreachable')
        resolver = None if protocol == 'icmp' else self.ask_resolver(user, address, port)
        if resolver:
            return self.arrive_from_user(user, resolver, protocol, port)
        if address.is_loopback:
            return Fate('allow', user, address, port, loopback(address))
        if address in self.users[user]:
            return Fate('allow', user, address, port, address)
        if self.kind(address) == 'users' and address not in self.owners:
            return Fate('refuse')
        verdict = self.decide(user, 'out', address, protocol, port)
        if verdict != 'allow':
            return Fate(verdict)
        return self.arrive_from_user(user, address, protocol, port)

    def arrive_from_user(self, user, address, protocol, port):
        own = self.source_of(user, address.version)
        kind = self.kind(address)
        if kind == 'host':
            return Fate('allow', 'host', address, port, own)
        if kind != 'users':
            return Fate('allow', self.outside[address], address, port,
                        self.seen_as[address.version])
        return self.arrive_at_user(address, own, protocol, port)

    def arrive_at_user(self, address, source, protocol, port):
        owner = self.owners.get(address)
        if owner is None:
            return Fate('refuse')
        verdict = self.decide(owner, 'in', source, protocol, port)
        return Fate(verdict, owner, address, port, source)

    def from_host(self, source, address, protocol, port):
        kind = self.kind(address)
        if kind == 'host':
            return Fate('allow', 'host', address, port, source)
        if kind == 'users':
            return self.arrive_at_user(address, source, protocol, port)
        return Fate('allow', self.outside[address], address, port, source)

    def from_outside(self, source, address, protocol, port):
        if self.kind(address) == 'users':
            return self.arrive_at_user(address, source, protocol, port)
        owner, publish = self.published(protocol, port)
        if not publish:
            return Fate('allow', 'host', address, port, source)
        final = self.source_of(owner, address.version)
        if self.matches(publish.targets, source):
            return Fate('allow', owner, final, publish.to_port, source)
        return self.arrive_at_user(final, source, protocol, publish.to_port)

    def published(self, protocol, port):
        for user in self.users:
            if not self.policy(user):
                continue
            for s in self.conf.statements(self.policy(user)):
                if isinstance(s, Publish) and (s.protocol, s.port) == (protocol, port):
                    return user, s
        return None, None

    def published_ports(self, user):
        if not self.policy(user):
            return []
        return [(s.protocol, s.port) for s in self.conf.statements(self.policy(user))
                if isinstance(s, Publish)]


def loopback(address):
    return ADDRESS('127.0.0.1' if address.version == 4 else '::1')
