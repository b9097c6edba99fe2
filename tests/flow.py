#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# A connection that goes on until it is killed, a few bytes fifty times a second.
#
#   flow.py serve tcp|udp ADDRESS PORT FILE...  a server for each four words; FILE gets
#                                               what arrives there
#   flow.py up|down tcp|udp ADDRESS PORT FILE   one client
#
# The client says which of the two shall send, itself (up) or the server (down,
# after a first word from the client), and FILE gets what arrives at it.  Both make
# FILE when they are ready, and go on whatever errors come.
import socket
import sys
import threading
import time

PAUSE = 0.02


def append(path, data):
    with open(path, "ab") as f:
        f.write(data)


def pump(send):
    while True:
        try:
            send(b"x")
        except OSError:
            pass
        time.sleep(PAUSE)


def drain(receive, path):
    while True:
        try:
            data = receive()
        except OSError:
            time.sleep(PAUSE)
            continue
        if not data:
            return
        append(path, data)


def serve_tcp(listener, path):
    while True:
        peer = listener.accept()[0]
        if peer.recv(1) == b"d":
            threading.Thread(target=pump, args=(peer.send,), daemon=True).start()
        else:
            threading.Thread(target=drain, args=(lambda s=peer: s.recv(4096), path), daemon=True).start()


def serve_udp(server, path):
    known = set()
    while True:
        data, peer = server.recvfrom(4096)
        if data == b"d":
            if peer not in known:
                known.add(peer)
                threading.Thread(target=pump, args=(lambda d, p=peer: server.sendto(d, p),), daemon=True).start()
        else:
            append(path, data)


def make_socket(proto, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)


def serve(proto, address, port, path):
    s = make_socket(proto, address)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(port)))
    if proto == "tcp":
        s.listen()
    append(path, b"")
    threading.Thread(target=serve_tcp if proto == "tcp" else serve_udp, args=(s, path)).start()


def main():
    what, words = sys.argv[1], sys.argv[2:]
    if what == "serve":
        while words:
            serve(*words[:4])
            words = words[4:]
        return
    proto, address, port, path = words
    s = make_socket(proto, address)
    s.settimeout(5)
    s.connect((address, int(port)))
    s.settimeout(None)
    s.send(b"d" if what == "down" else b"u")
    append(path, b"")
    if what == "up":
        pump(s.send)
    else:
        drain(lambda: s.recv(4096), path)


main()
