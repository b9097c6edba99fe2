# SPDX-License-Identifier: GPL-2.0-or-later
"""What netnsctl explain says of the probes of probe.py, beside what has come of
them: it must know the verdict, where a connection ends, and who is seen there.
"""
import json
import subprocess

VERDICTS = {'answer': 'allow', 'timeout': 'drop', 'ENETUNREACH': 'unreachable',
            'ECONNREFUSED': 'reject', 'EHOSTUNREACH': 'reject', 'EACCES': 'reject'}


def question(matrix, user, direction, probe):
    words = [user, 'via', 'login', direction, probe.protocol]
    words.append(str(probe.address if direction == 'out' else probe.source))
    if probe.protocol != 'icmp':
        words.append(str(probe.port))
    if direction == 'in':
        words += ['to', 'host' if probe.address in matrix.model.host else 'session']
    return ' '.join(words)


def ask(questions, command):
    answer = subprocess.run(command + ['netnsctl', 'explain', '--json', '-'], check=False,
                            input=''.join(q + '\n' for q in questions), text=True,
                            stdout=subprocess.PIPE)
    if answer.returncode:
        return []
    return [json.loads(line)['packet'] for line in answer.stdout.splitlines()]


def verdict(probe):
    result = probe.answer['result']
    if probe.from_host and result == 'EPERM':
        return 'drop'  # a sender in the host is told so by its own kernel
    return VERDICTS.get(result, result)


def server(matrix, user, direction, packet):
    if direction == 'in' or packet['other_end'] == 'session':
        return user
    if packet['other_end'] == 'user':
        return packet['other_user']
    if packet['other_end'] == 'host':
        return 'host'
    return next((m.name for m, addresses in matrix.outside.items()
                 if packet['target'] in map(str, addresses)), 'nobody')


def seen(matrix, packet, probe):
    if packet['masquerade']:
        return str(matrix.model.seen_as[probe.address.version])
    return packet['source']


def difference(matrix, user, direction, probe, packet):
    """What explain says otherwise than the network, or None."""
    said, was = packet['verdict'], verdict(probe)
    if said != was:
        return f'{said} ({packet["reason"]}), but it was {was}'
    if was != 'allow' or 'server' not in probe.answer:
        return None
    said, was = server(matrix, user, direction, packet), probe.answer['server']
    if said == was and packet['reason'] != 'inside':
        said, was = seen(matrix, packet, probe), probe.answer['seen']
    return None if said == was else f'{said}, but it was {was}'


def differences(matrix, command):
    """The number of probes, and what differs."""
    asked = [(user, direction, probe) for (user, direction), probes in matrix.groups.items()
             if user != 'the host' for probe in probes]
    questions = [question(matrix, *a) for a in asked]
    packets = ask(questions, command)
    if len(packets) != len(questions):
        return len(asked), [f'{len(packets)} answers to {len(questions)} questions']
    found = [(q, difference(matrix, *a, p)) for q, a, p in zip(questions, asked, packets)]
    return len(asked), [f'{q}: explain says {d}' for q, d in found if d]
