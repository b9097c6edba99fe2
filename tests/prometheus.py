# SPDX-License-Identifier: GPL-2.0-or-later
"""prometheus.py: the samples on standard input, in the text format of Prometheus, as
JSON, an object a line.  Stricter than what reads the format: families are whole, in
one place, and named as is the custom.
"""
import json
import re
import sys

NAME = re.compile(r'pam_netns_[a-z]+(?:_[a-z]+)*')
TYPES = {'counter', 'gauge'}
SAMPLE = re.compile(r'(\S+?)(?:\{(.*)\})? (\d+)')
LABEL = re.compile(r'([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,(?=.)|$)')
ESCAPES = {'\\\\': '\\', '\\"': '"', '\\n': '\n'}


def labels_of(text):
    labels = {}
    at = 0
    while at < len(text):
        found = LABEL.match(text, at)
        if not found:
            raise ValueError('labels')
        if found[1] in labels:
            raise ValueError(f'label {found[1]} is there twice')
        labels[found[1]] = re.sub(r'\\.', lambda m: ESCAPES[m[0]], found[2])
        at = found.end()
    return labels


def head_of(lines):
    """What begins a family: its name and type."""
    first = re.fullmatch(r'# HELP (\S+) (\S.*\.)', lines.pop(0))
    second = re.fullmatch(r'# TYPE (\S+) (\S+)', lines.pop(0))
    if not first or not second or first[1] != second[1] or second[2] not in TYPES:
        raise ValueError('head')
    name = first[1]
    if not NAME.fullmatch(name) or (second[2] == 'counter') != name.endswith('_total'):
        raise ValueError(f'name {name}')
    return name


def samples_of(text):
    if not text.endswith('\n'):
        raise ValueError('the last line has no end')
    if re.search(r'[\x00-\x09\x0b-\x1f\x7f-\x9f]', text):
        raise ValueError('it speaks to a terminal')
    lines = text[:-1].split('\n')
    families = set()
    seen = set()
    while lines:
        name = head_of(lines)
        if name in families:
            raise ValueError(f'family {name} is there twice')
        families.add(name)
        names = None
        while lines and not lines[0].startswith('#'):
            found = SAMPLE.fullmatch(lines.pop(0))
            if not found or found[1] != name:
                raise ValueError(f'sample of {name}')
            labels = labels_of(found[2] or '')
            if names not in (None, list(labels)):
                raise ValueError(f'samples of {name} have not the same labels')
            names = list(labels)
            key = (name, tuple(labels.items()))
            if key in seen:
                raise ValueError(f'{key} is there twice')
            seen.add(key)
            yield {'name': name.removeprefix('pam_netns_'), 'labels': labels, 'value': int(found[3])}


def main():
    try:
        for sample in samples_of(sys.stdin.buffer.read().decode('utf-8', 'strict')):
            print(json.dumps(sample))
    except (ValueError, IndexError, KeyError) as error:
        sys.exit(f'not the text format: {error}')


main()
