# SPDX-License-Identifier: GPL-2.0-or-later
"""probe.py CONFIGURATION CAST RESOLVER...

Generates the matrix of (who, direction, target, protocol, port), has it probed
with real sockets, and prints in TAP where the network differs from what
model.py says of the configuration.  The lines have no numbers and there is no
plan: the caller counts.

CAST is a file with a line for each network namespace:

    ROLE NAME UID COMMAND

ROLE is user, host or peer; UID is the user's; COMMAND starts agent.py there, and
may print lines of its own that are no JSON.  All agents run as long as this
program does.  A RESOLVER is what "dns auto" means.
"""
import asyncio
import collections
import json
import sys

from explained import differences as explained
from model import ADDRESS, Configuration, Model

TCP = (22, 53, 80, 443, 7000, 7001, 8022, 8080, 9000, 9443)
UDP = (53, 443, 5000, 5353, 7000, 7001, 9001)
SERVICES = ([('tcp', p) for p in TCP] + [('udp', p) for p in UDP] + [('icmp', 0)])
STUBS = (ADDRESS('127.0.0.53'), ADDRESS('::1'))  # where resolv.conf may point to

LEAST_PROBES = 500
PATIENCE = 3.0  # for what should be answered
LIMIT = 0.4  # for what should not
REJECTED = {'tcp': {4: 'ECONNREFUSED', 6: 'ECONNREFUSED'},
            'udp': {4: 'EHOSTUNREACH', 6: 'EACCES'},
            'icmp': {4: 'EHOSTUNREACH', 6: 'EACCES'}}
DIFFERENCES_SHOWN = 12
UNPRIVILEGED = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']


class AgentGone(Exception):
    pass


class Member:
    """Somebody of the cast, with an agent."""

    def __init__(self, line):
        self.role, self.name, uid, self.command = line.split(None, 3)
        self.uid = int(uid)
        self.addresses = []
        self.probes = {}
        self.process = None

    async def start(self):
        self.process = await asyncio.create_subprocess_shell(
            self.command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=1 << 24)
        self.send({'name': self.name, 'tcp': TCP, 'udp': UDP})
        self.addresses = [ADDRESS(a) for a in (await self.receive())['addresses']]

    def send(self, request):
        self.process.stdin.write(json.dumps(request).encode() + b'\n')

    async def receive(self):
        said = []
        while line := await self.process.stdout.readline():
            if line.startswith(b'{'):
                return json.loads(line)
            said.append(line.decode().strip())
        raise AgentGone(f'{self.name}: the agent is gone: {" / ".join(said)}')

    async def run_probes(self, answered):
        probes = [p for p in self.probes.values() if p.answered == answered]
        for probe in probes:
            self.send(probe.request())
        for _ in probes:
            answer = await self.receive()
            self.probes[answer['id']].answer = answer

    async def arrivals(self):
        self.send({'count': True})
        report = (await self.receive())['arrivals']
        return collections.Counter({(protocol, ADDRESS(address), port, ADDRESS(source)): n
                                    for protocol, address, port, source, n in report})

    async def stop(self):
        self.process.stdin.close()
        await self.process.wait()


class Probe:
    def __init__(self, member, source, address, service, fate):
        self.from_host = member.role == 'host'
        self.source = source  # None: the kernel's choice
        self.address = address
        self.protocol, self.port = service
        self.fate = fate
        self.answered = fate.verdict in ('allow', 'reject', 'unreachable')
        self.answer = None

    def request(self):
        return {'id': id(self), 'protocol': self.protocol, 'address': str(self.address),
                'source': str(self.source or ''), 'port': self.port,
                'answered': self.answered, 'limit': PATIENCE if self.answered else LIMIT}

    def expected(self):
        verdict = self.fate.verdict
        if verdict == 'allow' and self.protocol == 'icmp':
            return 'answer'
        if verdict == 'allow':
            return f'answer of {self.fate.server}, which sees {self.fate.seen}'
        if verdict == 'reject':
            return REJECTED[self.protocol][self.address.version] + ' at once'
        return {'drop': 'timeout', 'unreachable': 'ENETUNREACH', 'refuse': 'no answer'}[verdict]

    def got(self):
        """In the words of expected(), where it is equivalent."""
        answer = self.answer
        result = answer['result']
        if result == 'answer' and 'server' in answer:
            return f'answer of {answer["server"]}, which sees {answer["seen"]}'
        if self.fate.verdict == 'refuse' and result != 'answer':
            return 'no answer'
        if self.fate.verdict == 'reject' and result != 'timeout':
            return result + (' when asked again' if answer['repeated'] else ' at once')
        if self.fate.verdict == 'drop' and self.from_host and result == 'EPERM':
            return 'timeout'  # a sender in the host is told so by its own kernel
        return result

    def differs(self):
        return self.expected() != self.got()

    def __str__(self):
        port = f' port {self.port}' if self.port else ''
        source = f' from {self.source}' if self.source else ''
        return (f'{self.protocol} to {self.address}{port}{source}: '
                f'the model says {self.expected()}, there was {self.got()}')


#
# The matrix
#

class Matrix:
    def __init__(self, cast, configuration, resolvers):
        self.cast = cast
        self.users = [m for m in cast if m.role == 'user']
        self.host = next(m for m in cast if m.role == 'host')
        pools = configuration.pools.values()
        self.outside = {m: [a for a in m.addresses if not any(a in pool for pool in pools)]
                        for m in cast if m.role == 'peer'}
        uplink = {v: next(a for a in self.host.addresses
                          if a.version == v and not any(a in pool for pool in pools))
                  for v in (4, 6)}
        self.model = Model(configuration, self.host.addresses,
                           {m.name: m.addresses for m in self.users},
                           {m.name: m.uid for m in self.users},
                           {m.name: addresses for m, addresses in self.outside.items()},
                           resolvers, uplink)
        self.groups = collections.defaultdict(list)

    def add(self, group, member, source, address, service, fate):
        probe = Probe(member, source, address, service, fate)
        self.groups[group].append(probe)
        member.probes[id(probe)] = probe

    def generate(self):
        for user in self.users:
            self.generate_out(user)
            if user.addresses:
                self.generate_in(user)
        self.generate_host()

    def generate_out(self, user):
        for address in [a for m in self.cast for a in m.addresses] + list(STUBS):
            for service in SERVICES:
                self.add((user.name, 'out'), user, None, address, service,
                         self.model.from_user(user.name, address, *service))

    def sources(self, version):
        """What an outsider may have for an address: whose, and which."""
        for member, addresses in self.outside.items():
            yield from ((member, a) for a in addresses if a.version == version)

    def generate_in(self, user):
        group = (user.name, 'in')
        for address in user.addresses:
            for service in SERVICES:
                for member, source in self.sources(address.version):
                    self.add(group, member, source, address, service,
                             self.model.from_outside(source, address, *service))
                for source in self.host.addresses:
                    if source.version == address.version:
                        self.add(group, self.host, source, address, service,
                                 self.model.from_host(source, address, *service))
        for service in self.model.published_ports(user.name):
            self.generate_from_outside(group, [service])

    def generate_from_outside(self, group, services):
        for address in self.host.addresses:
            if address in self.model.conf.pools[address.version]:
                continue
            for member, source in self.sources(address.version):
                for service in services:
                    self.add(group, member, source, address, service,
                             self.model.from_outside(source, address, *service))

    def generate_host(self):
        """The host's own traffic, which is nobody's business."""
        published = [s for u in self.users for s in self.model.published_ports(u.name)]
        self.generate_from_outside(('the host', 'in'),
                                   [s for s in SERVICES if s not in published])
        for address in [a for addresses in self.outside.values() for a in addresses]:
            for service in SERVICES:
                source = self.model.seen_as[address.version]
                self.add(('the host', 'out'), self.host, source, address, service,
                         self.model.from_host(source, address, *service))

    def arrivals(self, member):
        """What should arrive there: the model allows it, and it was tried."""
        count = collections.Counter()
        for probes in self.groups.values():
            for p in probes:
                f = p.fate
                if f.verdict == 'allow' and f.server == member.name:
                    count[p.protocol, f.address, f.port, f.seen] += 1
        return count


#
# What comes of it
#

def result(good, name, differences=()):
    print(f'{"" if good else "not "}ok - {name}')
    for d in list(differences)[:DIFFERENCES_SHOWN]:
        print(f'# {d}')
    if len(differences) > DIFFERENCES_SHOWN:
        print(f'# and {len(differences) - DIFFERENCES_SHOWN} more')


def report_groups(matrix):
    for (who, direction), probes in matrix.groups.items():
        verdicts = collections.Counter(p.fate.verdict for p in probes)
        differences = [p for p in probes if p.differs()]
        what = ', '.join(f'{n} {v}' for v, n in sorted(verdicts.items()))
        result(not differences, f'{who} {direction}: {len(probes)} probes ({what})', differences)


def report_arrivals(matrix, member, got):
    wanted = matrix.arrivals(member)
    differences = []
    for key in sorted(set(wanted) | set(got), key=str):
        if wanted[key] != got[key]:
            protocol, address, port, source = key
            differences.append(f'{protocol} from {source} to {address} port {port}: '
                               f'{wanted[key]} expected, {got[key]} arrived')
    result(not differences,
           f'at {member.name} arrived what is allowed, and nothing else ({sum(wanted.values())})',
           differences)


async def main():
    with open(sys.argv[1], encoding='ascii') as f:
        configuration = Configuration(f.read())
    with open(sys.argv[2], encoding='ascii') as f:
        cast = [Member(line) for line in f if line.strip()]
    await asyncio.gather(*(m.start() for m in cast))
    matrix = Matrix(cast, configuration, [ADDRESS(a) for a in sys.argv[3:]])
    matrix.generate()
    # First what should be answered: with hundreds waiting beside it, it would be late.
    for answered in (True, False):
        await asyncio.gather(*(m.run_probes(answered) for m in cast))
    report_groups(matrix)
    for m in cast:
        report_arrivals(matrix, m, await m.arrivals())
    for who, command in (('root', []), ('anybody', UNPRIVILEGED)):
        n, differences = explained(matrix, command)
        result(not differences, f'explain, run by {who}, knows what came of {n} probes', differences)
    total = sum(len(probes) for probes in matrix.groups.values())
    result(total >= LEAST_PROBES, f'{total} probes, and at least {LEAST_PROBES} are wanted')
    await asyncio.gather(*(m.stop() for m in cast))


try:
    asyncio.run(main())
except AgentGone as e:
    raise SystemExit(f'# {e}') from None
