# SPDX-License-Identifier: GPL-2.0-or-later
"""record.py LOG: the lines for programs in LOG (pam_netns(8), ACCOUNTING), as JSON, an
object a line.  Says what of one is not as the manual says it is, and fails then.
"""
import json
import re
import sys

# A message of ours, behind its time and sender.
MESSAGE = re.compile(r'(?:pam_netns\([^)]*\)|netns-helper\[\d+\]): (event=.*)')
CHARACTER = r'(?:[!#-<>-\[\]-~]|\\[0-7]{3})'
VALUE = rf'(?:{CHARACTER}+(?:\\\.\.\.)?|"(?:{CHARACTER}| )+(?:\\\.\.\.)?")'
LINE = re.compile(rf'([a-z_]+={VALUE})(?: [a-z_]+={VALUE})*')
FIELD = re.compile(rf'([a-z_]+)=({VALUE})')
NUMBERS = {'uid', 'netns', 'bytes_out', 'bytes_in', 'packets_out', 'packets_in', 'denied'}
KNOWN = NUMBERS | {'event', 'user', 'service', 'session', 'mode', 'policy', 'namespace', 'exempt',
                   'tty', 'rhost', 'ruser', 'reason', 'duration'}


def plain(value):
    value = value.strip('"')
    return re.sub(r'\\([0-7]{3})', lambda m: chr(int(m[1], 8)), value)


def record(message):
    if not LINE.fullmatch(message):
        raise ValueError('not understood')
    fields = {}
    for key, value in FIELD.findall(message):
        if key in fields or key not in KNOWN:
            raise ValueError(f'{key} is there twice, or unknown')
        if ('"' in value) != (' ' in value):
            raise ValueError(f'{key} is quoted, or not, for no reason')
        fields[key] = int(value) if key in NUMBERS else plain(value)
        if key == 'duration':
            fields[key] = float(re.fullmatch(r'\d+\.\d{3}', value)[0])
    # Who looks for words between blanks finds no other fields.
    words = [w.split('=')[0] for w in message.split(' ') if '=' in w]
    if words != list(fields):
        raise ValueError(f'{words} are not {list(fields)}')
    return fields


def main():
    wrong = 0
    with open(sys.argv[1], encoding='latin-1') as log:
        for line in log:
            if not (found := MESSAGE.search(line.rstrip('\n'))):
                continue
            try:
                print(json.dumps(record(found[1])))
            except (ValueError, TypeError) as error:
                print(f'{error}: {found[1]}')
                wrong += 1
    sys.exit(wrong > 0)


main()
