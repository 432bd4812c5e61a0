"""Makes requests.jsonl: OTLP requests in protobuf, and what protobuf's own JSON printer says of them.

usage: pip install opentelemetry-proto && python3 make_fixtures.py > requests.jsonl

Every field of every message is set at least once. Ids are rewritten from base64 to hexadecimal, as OTLP/JSON wants them.
"""

import base64
import json
import random

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor as F
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


def value(field, rng):
    kind = field.type
    if kind == F.TYPE_STRING:
        return rng.choice(["", "plain", 'quo"te\\', "tab\tnew\nline", "日本語 ✓ 😀", "x" * 40])
    if kind == F.TYPE_BYTES:
        return bytes(rng.randrange(256) for _ in range(IDS.get(field.json_name, rng.randrange(6))))
    if kind == F.TYPE_BOOL:
        return rng.random() < 0.5
    if kind == F.TYPE_ENUM:
        return rng.choice(list(field.enum_type.values_by_number))
    if kind in (F.TYPE_DOUBLE, F.TYPE_FLOAT):
        return rng.choice([0.0, -1.5, 0.1, 1e300, 5e-324, float("inf"), float("-inf"), 123456789.0])
    if kind in (F.TYPE_INT32, F.TYPE_SINT32):
        return rng.choice([0, 1, -1, 2**31 - 1, -(2**31)])
    if kind in (F.TYPE_INT64, F.TYPE_SFIXED64):
        return rng.choice([0, 1, -1, 2**63 - 1, -(2**63)])
    if kind in (F.TYPE_UINT32, F.TYPE_FIXED32):
        return rng.choice([0, 1, 2**32 - 1])
    return rng.choice([0, 1, 1700000000000000000, 2**64 - 1])


def fill(message, rng, depth, share):
    for field in message.DESCRIPTOR.fields:
        # Indexes into the string table of profiles, which these signals do not have.
        if field.name.endswith("strindex"):
            continue
        chosen = field.containing_oneof is None or field is rng.choice(field.containing_oneof.fields)
        if not chosen or rng.random() > share:
            continue
        if field.message_type is not None:
            if depth > 9:
                continue
            items = [getattr(message, field.name)] if not field.is_repeated else []
            if not items:
                items = [getattr(message, field.name).add() for _ in range(rng.choice([1, 2]))]
            else:
                items[0].SetInParent()
            for item in items:
                fill(item, rng, depth + 1, share if depth < 5 else share * 0.8)
        elif field.is_repeated:
            getattr(message, field.name).extend(value(field, rng) for _ in range(rng.randrange(1, 4)))
        else:
            setattr(message, field.name, value(field, rng))


def ids(tree):
    if isinstance(tree, list):
        return [ids(item) for item in tree]
    if isinstance(tree, dict):
        return {k: base64.b64decode(v).hex() if k in IDS else ids(v) for k, v in tree.items()}
    return tree


for seed in range(36):
    rng = random.Random(seed)
    signal, kind = [
        ("logs", ExportLogsServiceRequest),
        ("traces", ExportTraceServiceRequest),
        ("metrics", ExportMetricsServiceRequest),
    ][seed % 3]
    request = kind()
    fill(request, rng, 0, 1.0 if seed < 6 else 0.6)
    text = json_format.MessageToJson(request, use_integers_for_enums=True)
    data = request.SerializeToString(deterministic=True)
    if len(data) < 6000 or seed < 3:
        print(json.dumps({"signal": signal, "protobuf": data.hex(), "json": ids(json.loads(text))}, ensure_ascii=False, separators=(",", ":")))
