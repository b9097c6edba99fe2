# SPDX-License-Identifier: GPL-2.0-or-later
"""reach.py PORT ADDRESS... <MEMBERS: who reaches what, by TCP.

MEMBERS has a line "NAME NETNS-FILE" for each network namespace.  In all of them
PORT is listened to, and each whose NAME has no "*" in front tries every ADDRESS.
Prints a line for each of those, "NAME ADDRESS...": what it has reached.
"""
import ctypes
import errno
import resource
import select
import socket
import sys
import time

CLONE_NEWNET = 0x40000000
LIMIT = 3.0
FILES = 8192

libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    with open(path, 'rb') as f:
        if libc.setns(f.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), path)


def listen(port):
    """The kernel finishes the connections; nobody needs to accept them."""
    return socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True,
                                backlog=4096)


def connect(poll, sockets, address, port):
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
    s.setblocking(False)
    error = s.connect_ex((address, port))
    if error == errno.EINPROGRESS:
        sockets[s.fileno()] = s, address
        poll.register(s, select.EPOLLOUT)
    else:
        s.close()
    return error == 0


def try_all(addresses, port):
    reached = []
    sockets = {}
    with select.epoll() as poll:
        for address in addresses:
            if connect(poll, sockets, address, port):
                reached.append(address)
        end = time.monotonic() + LIMIT
        while sockets and time.monotonic() < end:
            for fd, _ in poll.poll(LIMIT):
                s, address = sockets.pop(fd)
                if s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    reached.append(address)
                s.close()
    for s, _ in sockets.values():
        s.close()
    return sorted(reached, key=addresses.index)


def main():
    port = int(sys.argv[1])
    addresses = sys.argv[2:]
    members = [line.split() for line in sys.stdin]
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    listeners = []
    for _, netns in members:
        enter(netns)
        listeners.append(listen(port))
    for name, netns in members:
        if not name.startswith('*'):
            enter(netns)
            print(name, *try_all(addresses, port))


main()
