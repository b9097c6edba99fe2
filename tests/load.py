#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a narrow link does to traffic, beside its rate (which iperf3 tells).

load.py sink PORT
    Takes whatever comes, by TCP and UDP, and says "ready".  A connection that has
    ended is answered with the number of bytes, and so is each datagram "?" with
    the number of those that datagrams have had since the last one.

load.py connect PORT ADDRESS...
    Ten connections to each, one after the other; prints the milliseconds that
    half of them took at most.  (The first packet of one may be lost in a queue that
    is full, which costs it a second.)

load.py push PORT ADDRESS BYTES
    Sends so much by TCP in one go; prints the milliseconds until all has arrived.

load.py super PORT ADDRESS BYTES
    Sends so much by UDP in one packet, which the kernel cuts where it leaves the
    machine or has to (UDP_SEGMENT); prints how much has arrived.
"""
import socket
import sys
import threading
import time

PATIENCE = 20
SEGMENT = 1300
UDP, UDP_SEGMENT = 17, 103  # linux/udp.h


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(kind, port):
    s = socket.socket(socket.AF_INET6, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind(("::", port))
    return s


def take_datagrams(s):
    n = 0
    while True:
        data, peer = s.recvfrom(65536)
        if data == b"?":
            s.sendto(b"%d" % n, peer)
            n = 0
        else:
            n += len(data)


def take_connection(s):
    n = 0
    while data := s.recv(65536):
        n += len(data)
    s.sendall(b"%d" % n)
    s.close()


def sink(port):
    listener = listen(socket.SOCK_STREAM, int(port))
    listener.listen(100)
    datagrams = listen(socket.SOCK_DGRAM, int(port))
    threading.Thread(target=take_datagrams, args=(datagrams,), daemon=True).start()
    print("ready", flush=True)
    while True:
        threading.Thread(target=take_connection, args=(listener.accept()[0],), daemon=True).start()


def milliseconds(start):
    return int((time.monotonic() - start) * 1000)


def connect(port, *addresses):
    times = []
    for address in addresses * 10:
        start = time.monotonic()
        with socket.create_connection((address, int(port)), PATIENCE):
            times.append(milliseconds(start))
    print(sorted(times)[len(times) // 2 - 1])


def push(port, address, n):
    with socket.create_connection((address, int(port)), PATIENCE) as s:
        start = time.monotonic()
        s.sendall(b"x" * int(n))
        s.shutdown(socket.SHUT_WR)
        arrived = s.recv(100).decode()
    print(milliseconds(start) if arrived == n else f"{arrived} of {n} bytes")


def push_super(port, address, n):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.connect((address, int(port)))
        s.send(b"?")
        s.recv(100)
        s.setsockopt(UDP, UDP_SEGMENT, SEGMENT)
        s.send(b"x" * int(n))
        s.setsockopt(UDP, UDP_SEGMENT, 0)
        s.send(b"?")
        print(s.recv(100).decode())


COMMANDS = {"sink": sink, "connect": connect, "push": push, "super": push_super}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
