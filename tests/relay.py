#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Daemons that reach the network for whoever asks them: relay.py PATH...

Listens on each path, and says "ready".  What it is told is sent on to peer1, by
IPv4 and IPv6, UDP and TCP.
"""
import contextlib
import os
import selectors
import socket
import sys

PEER = [(socket.AF_INET, "198.51.100.10"), (socket.AF_INET6, "2001:db8:1::10")]
KINDS = [socket.SOCK_DGRAM, socket.SOCK_STREAM]
PORT = 53


def listen(path):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    os.chmod(path, 0o666)
    sock.listen(64)
    return sock


def relay(text):
    for family, address in PEER:
        for kind in KINDS:
            with socket.socket(family, kind) as out:
                out.settimeout(2)
                out.connect((address, PORT))
                out.send(text)


def serve(listener):
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        text = connection.recv(4096)
        if text:
            relay(text)
            connection.send(b"answered\n")


def main():
    selector = selectors.DefaultSelector()
    for path in sys.argv[1:]:
        selector.register(listen(path), selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            serve(key.fileobj)


main()
