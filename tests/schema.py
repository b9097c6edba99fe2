# SPDX-License-Identifier: GPL-2.0-or-later
"""schema.py SCHEMA: says what of the JSON on standard input, a value a line, is not
as the schema says.  Of JSON Schema it knows what ours use, and refuses the rest.
"""
import json
import sys

TYPES = {'string': str, 'integer': int, 'boolean': bool, 'array': list, 'object': dict,
         'null': type(None)}
IGNORED = {'$schema', '$defs', 'title'}


def is_type(value, name):
    return isinstance(value, TYPES[name]) and not (name == 'integer' and isinstance(value, bool))


class Schema:
    def __init__(self, root):
        self.root = root

    def check(self, value, schema, where='it'):
        for key in schema:
            if key not in IGNORED:
                yield from getattr(self, 'check_' + key.lstrip('$'))(value, schema, where)

    def check_ref(self, value, schema, where):
        target = self.root
        for name in schema['$ref'].split('/')[1:]:
            target = target[name]
        yield from self.check(value, target, where)

    def check_type(self, value, schema, where):
        names = schema['type'] if isinstance(schema['type'], list) else [schema['type']]
        if not any(is_type(value, n) for n in names):
            yield f'{where} is {value!r}, not {names}'

    def check_enum(self, value, schema, where):
        if value not in schema['enum']:
            yield f'{where} is {value!r}, not of {schema["enum"]}'

    def check_minimum(self, value, schema, where):
        if is_type(value, 'integer') and value < schema['minimum']:
            yield f'{where} is {value}'

    def check_required(self, value, schema, where):
        for name in schema['required']:
            if isinstance(value, dict) and name not in value:
                yield f'{where} has no {name}'

    def check_additionalProperties(self, value, schema, where):
        for name in value if isinstance(value, dict) else ():
            if name not in schema['properties']:
                yield f'{where} has {name}'

    def check_properties(self, value, schema, where):
        for name, inner in schema['properties'].items():
            if isinstance(value, dict) and name in value:
                yield from self.check(value[name], inner, f'{where}.{name}')

    def check_items(self, value, schema, where):
        for i, item in enumerate(value if isinstance(value, list) else ()):
            yield from self.check(item, schema['items'], f'{where}[{i}]')

    def check_anyOf(self, value, schema, where):
        found = [list(self.check(value, s, where)) for s in schema['anyOf']]
        if all(found):
            yield from found[0]


def main():
    with open(sys.argv[1], encoding='ascii') as f:
        schema = Schema(json.load(f))
    n = 0
    wrong = 0
    for n, line in enumerate(sys.stdin, 1):
        for text in schema.check(json.loads(line), schema.root):
            print(f'line {n}: {text}')
            wrong += 1
    sys.exit(wrong > 0 or n == 0)


main()
