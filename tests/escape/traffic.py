# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic as an attacker makes it, and what comes of it, in the network namespace
that it is started in.  A TARGET is PROTOCOL/ADDRESS/PORT, with tcp, udp or udplite.

  send [-d LINK] [-s HOP] [-l HOP] TARGET...
                     tries all at once and says what has come of each: connected,
                     sent, timeout or the name of an error.  -d binds to a link; -s
                     and -l send by way of HOP: IPv6 by a segment routing header,
                     IPv4 by an option
  many PROTOCOL ADDRESS PORT NUMBER [PORTS]
                     as many, and keeps them until a line comes; says how many were
                     good.  With PORTS, to that many ports in turn
  scan ADDRESS...    a packet of UDP to each of the ports there are
  create KIND...     the sockets that need privilege
  forget             all that connection tracking knows; for root
  count [-g LINK]... PORT...
                     listens by TCP and UDP and says what arrives, "TARGET from
                     ADDRESS"; -g: also to the groups of multicast DNS on LINK
  watch LINK         says what comes in there: "PROTOCOL SOURCE DESTINATION PORT"

count and watch say "ready" first and end with a line from standard input.
"""
import argparse
import errno
import os
import resource
import select
import socket
import struct
import sys
import time

LIMIT = 1.0
IP_FREEBIND = 15
IPV6_FREEBIND = 78
SO_RCVBUFFORCE = 33
ETH_P_ALL = 3
NETLINK_NETFILTER = 12
NLM_F_REQUEST, NLM_F_ACK = 1, 4
CT_DELETE = 1 << 8 | 2
SRH = 4
LSRR = 131
MDNS4, MDNS6 = '224.0.0.251', 'ff02::fb'
PROTOCOLS = {'tcp': (socket.SOCK_STREAM, 0), 'udp': (socket.SOCK_DGRAM, 0),
             'udplite': (socket.SOCK_DGRAM, 136)}
KINDS = {'packet': (socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)),
         'packet-dgram': (socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)),
         'raw4': (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP),
         'raw6': (socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_UDP),
         'icmp4': (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
         'icmp6': (socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6),
         'xdp': (44, socket.SOCK_RAW, 0),
         'ping4': (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP),
         'ping6': (socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6),
         'sctp': (socket.AF_INET, socket.SOCK_SEQPACKET, 132),
         'sctp-stream': (socket.AF_INET6, socket.SOCK_STREAM, 132),
         'dccp': (socket.AF_INET, 6, 33)}


def say(*words):
    print(*words, flush=True)


def name_of(error):
    return errno.errorcode.get(error, str(error))


def plain(address):
    return address.removeprefix('::ffff:').partition('%')[0]


def family_of(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


#
# Clients
#

def srh_option(hop):
    """The kernel puts the destination in the first segment, which comes last."""
    return struct.pack('=BBBBBBH', 0, 4, SRH, 1, 1, 0, 0) + bytes(16) + \
        socket.inet_pton(socket.AF_INET6, hop)


def lsrr_option(hop):
    return struct.pack('!BBB', LSRR, 7, 4) + socket.inet_aton(hop) + b'\0'


def place_of(address, port):
    return socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM,
                              flags=socket.AI_NUMERICHOST)[0][4]


def client(options, protocol, address, source):
    kind, number = PROTOCOLS[protocol]
    s = socket.socket(family_of(address), kind, number)
    s.setblocking(False)
    if source:
        s.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        if s.family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    if options.d:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, options.d.encode())
    if source:
        s.bind(place_of(source, 0))
    if options.s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RTHDR, srh_option(options.s))
    if options.l:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, lsrr_option(options.l))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    return s


def begin(options, target):
    """The socket of a connection that is on its way, or what has come of it."""
    target, _, source = target.partition('<')
    protocol, address, port = target.split('/')
    s = client(options, protocol, address, source)
    if protocol == 'tcp':
        error = s.connect_ex(place_of(address, port))
        return s if error == errno.EINPROGRESS else name_of(error) if error else 'connected'
    s.sendto(target.encode(), place_of(address, port))
    s.close()
    return 'sent'


def send(options):
    poll = select.poll()
    waiting = {}
    for target in options.target:
        try:
            result = begin(options, target)
        except OSError as e:
            result = name_of(e.errno)
        if isinstance(result, str):
            say(target, result)
        else:
            waiting[result.fileno()] = target, result
            poll.register(result, select.POLLOUT)
    end = time.monotonic() + LIMIT
    while waiting and time.monotonic() < end:
        for fd, _ in poll.poll(max(0, end - time.monotonic()) * 1000):
            target, s = waiting.pop(fd)
            poll.unregister(fd)
            error = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            say(target, name_of(error) if error else 'connected')
            s.close()
    for target, _ in waiting.values():
        say(target, 'timeout')


def raise_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def settle(sockets):
    """How many of these connections are there when no more come."""
    poll = select.poll()
    for s in sockets.values():
        poll.register(s, select.POLLOUT)
    good = 0
    end = time.monotonic() + LIMIT
    while sockets and time.monotonic() < end:
        for fd, _ in poll.poll(max(0, end - time.monotonic()) * 1000):
            poll.unregister(fd)
            good += sockets.pop(fd).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    return good


def many(options):
    raise_files()
    kind, number = PROTOCOLS[options.protocol]
    sockets = {}
    for i in range(options.number):
        s = socket.socket(family_of(options.address), kind, number)
        s.setblocking(False)
        s.connect_ex((options.address, options.port + i % options.ports))
        if kind == socket.SOCK_DGRAM:
            try:
                s.send(b'x')
            except OSError:
                pass
        sockets[s.fileno()] = s
    keep = dict(sockets)
    say(settle(sockets) if kind == socket.SOCK_STREAM else 'sent', len(keep))
    sys.stdin.readline()


def scan(options):
    for address in options.address:
        with socket.socket(family_of(address), socket.SOCK_DGRAM) as s:
            for port in range(1, 65536):
                s.sendto(b'x', (address, port))


def forget(_):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as s:
        s.send(struct.pack('=IHHIIBBH', 20, CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, 1, 0, 0, 0, 0))
        error = struct.unpack_from('=i', s.recv(4096), 16)[0]
    if error:
        raise OSError(-error, 'connection tracking')


def create(options):
    for kind in options.kind:
        try:
            socket.socket(*KINDS[kind]).close()
            say(kind, 'possible')
        except OSError as e:
            say(kind, name_of(e.errno))


#
# Those who say what arrives
#

def serve(readers):
    """Calls what belongs to a socket when something comes, until a line does; what
    has come by then is still looked at."""
    say('ready')
    poll = select.poll()
    for fd in [0, *readers]:
        poll.register(fd, select.POLLIN)
    last = False
    while not last:
        last = any(fd == 0 for fd, _ in poll.poll())
        for s, read in readers.values():
            while True:
                try:
                    read(s)
                except OSError:
                    break


def read_tcp(s):
    connection, peer = s.accept()
    with connection:
        own = connection.getsockname()
        say(f'tcp/{plain(own[0])}/{own[1]} from {plain(peer[0])}')


def read_udp(s):
    data, peer = s.recvfrom(2048)
    say(data.decode('ascii', 'replace'), 'from', plain(peer[0]))


def join(s, link):
    index = socket.if_nametoindex(link)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                 struct.pack('=4s4sI', socket.inet_aton(MDNS4), bytes(4), index))
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                 socket.inet_pton(socket.AF_INET6, MDNS6) + struct.pack('=I', index))


def server(protocol, port):
    kind, number = PROTOCOLS[protocol]
    s = socket.socket(socket.AF_INET6, kind, number)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setblocking(False)
    s.bind(('::', port))
    return s


def count(options):
    raise_files()
    readers = {}
    for port in options.port:
        s = server('tcp', port)
        s.listen(4096)
        readers[s.fileno()] = s, read_tcp
        for protocol in ('udp', 'udplite'):
            s = server(protocol, port)
            for link in options.g:
                join(s, link)
            readers[s.fileno()] = s, read_udp
    serve(readers)


def describe(data):
    """PROTOCOL SOURCE DESTINATION PORT; the port is that of the first header."""
    kind = struct.unpack('!H', data[12:14])[0]
    data = data[14:]
    if kind == 0x0800:
        rest = data[(data[0] & 15) * 4:]
        return data[9], socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20]), rest
    if kind == 0x86dd:
        return (data[6], socket.inet_ntop(socket.AF_INET6, data[8:24]),
                socket.inet_ntop(socket.AF_INET6, data[24:40]), data[40:])
    return None


def read_packet(s):
    data, (_, _, kind, _, _) = s.recvfrom(256)
    packet = describe(data) if kind != socket.PACKET_OUTGOING else None
    if packet:
        protocol, source, destination, rest = packet
        has_port = protocol in (6, 17, 136) and len(rest) >= 4
        say(protocol, source, destination, struct.unpack('!H', rest[2:4])[0] if has_port else 0)


def watch(options):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
    s.bind((options.link, ETH_P_ALL))
    s.setblocking(False)
    serve({s.fileno(): (s, read_packet)})


def parse():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser('send')
    command.set_defaults(run=send)
    for option in '-d', '-s', '-l':
        command.add_argument(option)
    command.add_argument('target', nargs='+')
    command = commands.add_parser('many')
    command.set_defaults(run=many)
    command.add_argument('protocol')
    command.add_argument('address')
    command.add_argument('port', type=int)
    command.add_argument('number', type=int)
    command.add_argument('ports', type=int, nargs='?', default=1)
    command = commands.add_parser('scan')
    command.set_defaults(run=scan)
    command.add_argument('address', nargs='+')
    commands.add_parser('forget').set_defaults(run=forget)
    command = commands.add_parser('create')
    command.set_defaults(run=create)
    command.add_argument('kind', nargs='+', choices=KINDS)
    command = commands.add_parser('count')
    command.set_defaults(run=count)
    command.add_argument('-g', action='append', default=[])
    command.add_argument('port', type=int, nargs='+')
    command = commands.add_parser('watch')
    command.set_defaults(run=watch)
    command.add_argument('link')
    return parser.parse_args()


def main():
    options = parse()
    try:
        options.run(options)
    except BrokenPipeError:
        os._exit(1)


main()
