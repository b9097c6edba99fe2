# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that only root can send, in the network namespace this is started in.

  packet PROTOCOL SOURCE DESTINATION    an IP packet, by the routes that there are;
                                        for UDP, to port 9
  LINK ra                               a router advertisement, for PREFIX
  LINK neighbour ADDRESS                whoever has ADDRESS is at EVIL (ARP or NDP)
  LINK redirect GATEWAY OWN FAR OTHER   tells OWN that the way to FAR is not by
                                        GATEWAY but by OTHER

Several are separated by ",".
"""
import socket
import struct
import sys

EVIL = bytes.fromhex('02bad0bad0ba')
PREFIX = '2001:db8:bad::'
ROUTER = 'fe80::bad'
ALL_NODES = 'ff02::1'
PROTOCOL = {'udp': 17, 'sctp': 132, 'dccp': 33, 'udplite': 136, 'gre': 47, 'ipip': 4, 'sit': 41}


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address)


def checksum(data):
    total = sum(struct.unpack(f'!{(len(data) + 1) // 2}H', data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ip4(source, destination, protocol, data):
    def header(check):
        return struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(data), 1, 0, 64, protocol, check,
                           packed(source), packed(destination))
    return header(checksum(header(0))) + data


def ip6(source, destination, protocol, data):
    return struct.pack('!IHBB16s16s', 6 << 28, len(data), protocol, 255, packed(source),
                       packed(destination)) + data


def icmp6(source, destination, kind, body):
    pseudo = struct.pack('!16s16sII', packed(source), packed(destination), 4 + len(body), 58)
    check = checksum(pseudo + struct.pack('!BBH', kind, 0, 0) + body)
    return ip6(source, destination, 58, struct.pack('!BBH', kind, 0, check) + body)


def icmp4(source, destination, kind, code, body):
    check = checksum(struct.pack('!BBH', kind, code, 0) + body)
    return ip4(source, destination, 1, struct.pack('!BBH', kind, code, check) + body)


def advertisement():
    prefix = struct.pack('!BBBBIII16s', 3, 4, 64, 0xc0, 3600, 3600, 0, packed(PREFIX))
    body = struct.pack('!BBHII', 64, 0, 1800, 0, 0) + prefix
    return 0x86dd, icmp6(ROUTER, ALL_NODES, 134, body)


def neighbour(address):
    if ':' not in address:
        return 0x0806, struct.pack('!HHBBH6s4s6s4s', 1, 0x0800, 6, 4, 2, EVIL, packed(address),
                                   EVIL, packed(address))
    body = struct.pack('!I16sBB6s', 0x20000000, packed(address), 2, 1, EVIL)
    return 0x86dd, icmp6(address, ALL_NODES, 136, body)


def redirect(gateway, own, far, other):
    """Inside is what seems to have caused it."""
    if ':' not in own:
        inside = ip4(own, far, 1, bytes(8))
        return 0x0800, icmp4(gateway, own, 5, 1, packed(other) + inside)
    inside = icmp6(own, far, 129, bytes(4))
    option = struct.pack('!BBHI', 4, 1 + len(inside) // 8, 0, 0) + inside
    body = struct.pack('!I16s16s', 0, packed(other), packed(far)) + option
    return 0x86dd, icmp6(gateway, own, 137, body)


def send_frame(link, kind, data):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((link, 0))
        s.send(b'\xff' * 6 + EVIL + struct.pack('!H', kind) + data)


def send_packet(protocol, source, destination):
    number = PROTOCOL[protocol]
    data = struct.pack('!HHHH', 4000, 9, 8, 0) + bytes(8)
    v6 = ':' in source
    packet = (ip6 if v6 else ip4)(source, destination, number, data)
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as s:
        s.sendto(packet, (destination, 0))


FRAMES = {'ra': advertisement, 'neighbour': neighbour, 'redirect': redirect}


def forge(what, *words):
    if what == 'packet':
        send_packet(*words)
    else:
        send_frame(what, *FRAMES[words[0]](*words[1:]))


def main():
    for words in ' '.join(sys.argv[1:]).strip(' ,').split(' , '):
        forge(*words.split())


main()
