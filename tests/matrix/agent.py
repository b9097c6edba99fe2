# SPDX-License-Identifier: GPL-2.0-or-later
"""agent.py [UID]: serves and probes in the network namespace it is started in,
as the driver (probe.py) tells it by lines of JSON on standard input.  Answers
are lines of JSON too.  It starts as root and becomes UID as soon as it can.

What arrives is counted from raw sockets, which get a copy of every packet that
is delivered here: a packet that came counts even when its answer is lost.
"""
import asyncio
import collections
import errno
import ipaddress
import json
import os
import resource
import socket
import struct
import subprocess
import sys

# How many probes at a time: of those that should be answered, and at once; and of
# those that only wait for their limit.
BUSY = 16
WAITING = 800
FIRST_CLIENT_PORT = 32768  # all servers are below
SO_RCVBUFFORCE = 33  # asm-generic/socket.h
ECHO_REQUEST = {4: 8, 6: 128}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
PING = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
RAW = {'tcp': {4: socket.IPPROTO_TCP, 6: socket.IPPROTO_TCP},
       'udp': {4: socket.IPPROTO_UDP, 6: socket.IPPROTO_UDP},
       'icmp': PING}


def say(answer):
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()


def version(address):
    return 6 if ':' in address else 4


def own_addresses():
    links = json.loads(subprocess.run(['ip', '-j', 'address'], check=True,
                                      stdout=subprocess.PIPE).stdout)
    return [a['local'] for link in links for a in link['addr_info'] if a['scope'] == 'global']


#
# Servers: all answer with their name and the client's address
#

class Servers:
    def __init__(self, name, loop):
        self.name = name
        self.loop = loop

    def answer(self, peer):
        address = peer[0].removeprefix('::ffff:')
        return json.dumps({'server': self.name, 'seen': address}).encode()

    def tcp(self, port):
        s = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True,
                                 backlog=4096)
        s.setblocking(False)
        self.loop.add_reader(s, self.accept, s)

    def accept(self, listener):
        while True:
            try:
                s, peer = listener.accept()
            except BlockingIOError:
                return
            except OSError:
                continue
            with s:
                s.send(self.answer(peer))

    # One socket for each address: what answers must be what was asked.
    def udp(self, address, port):
        s = socket.socket(FAMILY[version(address)], socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 21)
        s.bind((address, port))
        s.setblocking(False)
        self.loop.add_reader(s, self.receive, s)

    def receive(self, s):
        while True:
            try:
                _, peer = s.recvfrom(2048)
                s.sendto(self.answer(peer), peer)
            except BlockingIOError:
                return
            except OSError:
                continue


#
# Arrivals: (protocol, destination, port, source) -> number
#

class Arrivals:
    def __init__(self, loop):
        self.count = collections.Counter()
        self.connections = set()  # a SYN that comes again is no second connection
        self.sockets = []
        for protocol, numbers in RAW.items():
            for v, number in numbers.items():
                s = socket.socket(FAMILY[v], socket.SOCK_RAW, number)
                s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
                if v == 6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
                s.setblocking(False)
                loop.add_reader(s, self.read, s, protocol, v)
                self.sockets.append((s, protocol, v))

    def read(self, s, protocol, v):
        while True:
            try:
                data, control, _, peer = s.recvmsg(256, 64)
            except BlockingIOError:
                return
            if v == 4:
                source, destination = data[12:16], data[16:20]
                data = data[(data[0] & 15) * 4:]
            else:
                source, destination = socket.inet_pton(FAMILY[6], peer[0]), control[0][2][:16]
            self.add(protocol, v, source, destination, data)

    def add(self, protocol, v, source, destination, data):
        port = 0
        if protocol == 'icmp':
            if data[0] != ECHO_REQUEST[v]:
                return
        else:
            source_port, port = struct.unpack('!HH', data[:4])
            if port >= FIRST_CLIENT_PORT:
                return
            if protocol == 'tcp':
                connection = (source, destination, data[:8])
                if data[13] & 0x12 != 0x02 or connection in self.connections:
                    return
                self.connections.add(connection)
        self.count[protocol, destination, port, source] += 1

    def report(self):
        for s in self.sockets:
            self.read(*s)
        return [[protocol, str(ipaddress.ip_address(destination)), port,
                 str(ipaddress.ip_address(source)), n]
                for (protocol, destination, port, source), n in self.count.items()]


#
# Probes
#

async def tcp(loop, s, address, port):
    await loop.sock_connect(s, (address, port))
    answer = b''
    while data := await loop.sock_recv(s, 512):
        answer += data
    return json.loads(answer)


async def udp(loop, s, address, port):
    s.connect((address, port))
    s.send(b'probe')
    return json.loads(await loop.sock_recv(s, 512))


async def icmp(loop, s, address, _):
    s.connect((address, 0))
    s.send(struct.pack('!BBHHH', ECHO_REQUEST[version(address)], 0, 0, 0, 1))
    await loop.sock_recv(s, 512)
    return {}


def client_socket(protocol, v):
    if protocol == 'tcp':
        return socket.socket(FAMILY[v], socket.SOCK_STREAM)
    if protocol == 'udp':
        return socket.socket(FAMILY[v], socket.SOCK_DGRAM)
    return socket.socket(FAMILY[v], socket.SOCK_DGRAM, PING[v])


def repeated(s, protocol):
    """How often the kernel has asked again: tcpi_total_retrans."""
    if protocol != 'tcp':
        return 0
    return struct.unpack_from('=I', s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)[0]


async def probe(loop, request):
    """What came of it: answer, timeout, or the name of an error."""
    protocol, source, address, port = (request[k] for k in
                                       ('protocol', 'source', 'address', 'port'))
    answer = {}
    with client_socket(protocol, version(address)) as s:
        s.setblocking(False)
        try:
            if source:
                s.bind((source, 0))
            how = {'tcp': tcp, 'udp': udp, 'icmp': icmp}[protocol]
            answer = await asyncio.wait_for(how(loop, s, address, port), request['limit'])
            result = 'answer'
        except asyncio.TimeoutError:
            result = 'timeout'
        except OSError as e:
            result = errno.errorcode.get(e.errno, str(e))
        except ValueError:
            result = 'nonsense'
        again = repeated(s, protocol)
    say({'id': request['id'], 'result': result, 'repeated': again, **answer})


#
# The conversation
#

class Agent:
    def __init__(self, loop):
        self.loop = loop
        self.arrivals = Arrivals(loop)
        self.free = {True: asyncio.Semaphore(BUSY), False: asyncio.Semaphore(WAITING)}
        self.running = set()

    def serve(self, request):
        servers = Servers(request['name'], self.loop)
        addresses = own_addresses() + ['127.0.0.53', '::1']
        for port in request['tcp']:
            servers.tcp(port)
        for port in request['udp']:
            for address in addresses:
                servers.udp(address, port)
        say({'addresses': addresses[:-2]})

    async def probe(self, request):
        async with self.free[request['answered']]:
            await probe(self.loop, request)

    async def run(self, uid):
        lines = asyncio.StreamReader(limit=1 << 24)
        await self.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        self.serve(json.loads(await lines.readline()))
        if uid:
            os.setresuid(uid, uid, uid)
        while line := await lines.readline():
            request = json.loads(line)
            if 'count' in request:
                say({'arrivals': self.arrivals.report()})
                continue
            task = self.loop.create_task(self.probe(request))
            self.running.add(task)
            task.add_done_callback(self.running.discard)


async def main(uid):
    # Sockets for pings are for groups in this range, and the group stays root's.
    with open('/proc/sys/net/ipv4/ping_group_range', 'w', encoding='ascii') as f:
        f.write('0 0')
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * WAITING, 4 * WAITING))
    await Agent(asyncio.get_running_loop()).run(uid)


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
