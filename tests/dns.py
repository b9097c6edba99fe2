#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A resolver's client that hides nothing: who answers is what it asks, for each
server of the tests gives its own name for the text of who.test.

dns.py ask
    Reads lines "udp|tcp ADDRESS", asks all at once, and prints for each, in turn,
        NAME         and it came from ADDRESS, port 53
        NAME from ADDRESS PORT
                     and it came from there
        refused      reset, or the port is closed
        prohibited   somebody on the way said so
        unreachable  this machine knows no way
        silent       nothing within TIMEOUT

dns.py talk ADDRESS
    For each line it reads, asks by UDP from one and the same socket, and says
    who answers.
"""
import errno
import socket
import struct
import sys
import threading

TIMEOUT = 1.5
PORT = 53
NAME = b"\x03who\x04test\x00"
TXT_IN = struct.pack(">HH", 16, 1)
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
WHY = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "refused",
    errno.EHOSTUNREACH: "prohibited",
    errno.EACCES: "prohibited",
    errno.EPERM: "prohibited",
    errno.ENETUNREACH: "unreachable",
}
ids = iter(range(1, 65536))


def question():
    return struct.pack(">HHHHHH", next(ids), 0x0100, 1, 0, 0, 0) + NAME + TXT_IN


def text_of(asked, answer):
    """The first text in the answer, whose record begins with a pointer to the name."""
    number, flags, _, count = struct.unpack(">HHHH", answer[:8])
    if answer[:2] != asked[:2]:
        return f"answer to question {number}"
    if count == 0:
        return f"no text, code {flags & 15}"
    record = answer[len(asked):]
    length = record[12]
    return record[13:13 + length].decode()


def read_all(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise ConnectionResetError(errno.ECONNRESET, "closed")
        data += more
    return data


def ask_tcp(s, address):
    asked = question()
    s.connect((address, PORT))
    s.sendall(struct.pack(">H", len(asked)) + asked)
    length, = struct.unpack(">H", read_all(s, 2))
    answer = read_all(s, length)
    return text_of(asked, answer), s.getpeername()


def ask_udp(s, address):
    """Not connected, so that an answer from elsewhere is seen as such."""
    asked = question()
    s.sendto(asked, (address, PORT))
    answer, peer = s.recvfrom(65536)
    return text_of(asked, answer), peer


def ask_one(proto, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, KINDS[proto]) as s:
        s.settimeout(TIMEOUT)
        if proto == "udp":  # errors are told to those who want to know
            level, option = (41, 25) if ":" in address else (0, 11)  # IPV6_RECVERR, IP_RECVERR
            s.setsockopt(level, option, 1)
        try:
            text, peer = {"tcp": ask_tcp, "udp": ask_udp}[proto](s, address)
        except TimeoutError:
            return "silent"
        except OSError as error:
            return WHY.get(error.errno) or errno.errorcode[error.errno]
    if peer[:2] == (address, PORT):
        return text
    return f"{text} from {peer[0]} {peer[1]}"


def ask():
    lines = [line.split() for line in sys.stdin]
    results = [""] * len(lines)

    def fill(place):
        results[place] = ask_one(*lines[place])

    threads = [threading.Thread(target=fill, args=(place,)) for place in range(len(lines))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(results))


def talk(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(TIMEOUT)
    s.connect((address, PORT))
    for _ in sys.stdin:
        asked = question()
        try:
            s.send(asked)
            print(text_of(asked, s.recv(65536)), flush=True)
        except TimeoutError:
            print("silent", flush=True)
        except OSError as error:
            print(WHY.get(error.errno) or errno.errorcode[error.errno], flush=True)


if __name__ == "__main__":
    {"ask": ask, "talk": talk}[sys.argv[1]](*sys.argv[2:])
