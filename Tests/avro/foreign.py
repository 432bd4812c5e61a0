"""Another Avro implementation, for tests: turns JSON lines into framed Avro values and back, with fastavro.

    foreign.py decode SCHEMA < values       each value: 4 bytes of length (little-endian), then a single-object encoded record
    foreign.py encode SCHEMA < json lines   the same the other way
    foreign.py fingerprint SCHEMA

Bytes are written as text of U+0000 to U+00FF in JSON, as Avro's own JSON encoding does.
"""
import io
import json
import struct
import sys

import fastavro
from fastavro.schema import fingerprint, load_schema, to_parsing_canonical_form


def crc(schema):
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


def plain(value):
    """JSON for what fastavro read: times as nanoseconds, bytes as text."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def without_logical_types(schema):
    """Times stay the numbers that they are on the wire."""
    if isinstance(schema, dict):
        return {key: without_logical_types(item) for key, item in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [without_logical_types(item) for item in schema]
    return schema


def typed(value, schema):
    """Bytes from the text that stands for them."""
    if isinstance(schema, list):
        branch = [item for item in schema if item != "null"][0]
        return None if value is None else typed(value, branch)
    return value.encode("latin-1") if schema == "bytes" else value


def main():
    command, path = sys.argv[1:3]
    with open(path) as file:
        definition = json.load(file)
    schema = fastavro.parse_schema(without_logical_types(definition))
    mark = b"\xc3\x01" + crc(schema)
    if command == "fingerprint":
        print(crc(schema).hex())
    elif command == "decode":
        data = sys.stdin.buffer.read()
        at = 0
        while at < len(data):
            (size,) = struct.unpack_from("<I", data, at)
            value = data[at + 4 : at + 4 + size]
            at += 4 + size
            assert value[:10] == mark, f"{value[:10].hex()} is not {mark.hex()}"
            stream = io.BytesIO(value[10:])
            row = fastavro.schemaless_reader(stream, schema)
            assert stream.read() == b"", "bytes follow the record"
            print(json.dumps(plain(row)))
    else:
        fields = {field["name"]: field["type"] for field in definition["fields"]}
        for line in sys.stdin:
            row = {name: typed(value, fields[name]) for name, value in json.loads(line).items()}
            stream = io.BytesIO()
            fastavro.schemaless_writer(stream, schema, row)
            value = mark + stream.getvalue()
            sys.stdout.buffer.write(struct.pack("<I", len(value)) + value)


main()
