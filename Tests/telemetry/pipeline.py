"""The example pipeline on a real Kafka-protocol broker: OpenTelemetry's SDK sends logs and spans over HTTP and metrics over gRPC, and another Avro
implementation reads what is in the topics, field by field.

usage: pipeline.py SLOSCOUT_BINARY
"""

import collections
import io
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests" / "crash"), str(ROOT / "Tests" / "telemetry")]
from running_job import free_port  # noqa: E402
from topics import Kafka  # noqa: E402

RESOURCE = Resource.create({"service.name": "checkout", "deployment.environment.name": "test"})
LOCAL = 'type: local\n  config: { path: "${TOPICS:-data/topics}", partitions: 2, retentionAge: 7d, retentionBytes: 1GiB }'


class Schema:
    def __init__(self, name):
        text = json.loads((ROOT / "schemas" / name).read_text())
        self.parsed = fastavro.parse_schema(text)
        # Avro's single-object encoding: two bytes, then the fingerprint, which is written with its lowest byte first.
        self.head = b"\xc3\x01" + bytes.fromhex(fingerprint(to_parsing_canonical_form(text), "CRC-64-AVRO"))

    def read(self, value):
        if value[:10] != self.head:
            raise SystemExit("a value begins with %s, not %s" % (value[:10].hex(), self.head.hex()))
        stream = io.BytesIO(value[10:])
        record = fastavro.schemaless_reader(stream, self.parsed)
        if stream.read():
            raise SystemExit("bytes are left behind a record")
        return record


def takes(port, signal):
    """Whether a collector takes the signal."""
    request = urllib.request.Request("http://127.0.0.1:%d/v1/%s" % (port, signal), b"{}", {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5):
            return True
    except OSError:
        return False


def send(ports):
    begin = time.time_ns()
    logs = LoggerProvider(resource=RESOURCE)
    logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(endpoint="http://127.0.0.1:%d/v1/logs" % ports["LISTEN"])))
    logger = logging.getLogger("shop")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(LoggingHandler(logger_provider=logs))
    for number in range(40):
        logger.warning("order %d of anna%d@example.org failed", number, number, extra={"attempt": number})
    for number in range(20):
        logger.info("order %d paid", number)
    spans = TracerProvider(resource=RESOURCE)
    spans.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint="http://127.0.0.1:%d/v1/traces" % ports["LISTEN"])))
    tracer = spans.get_tracer("shop", "1.2")
    with tracer.start_as_current_span("POST /pay", kind=SpanKind.SERVER) as outer:
        with tracer.start_as_current_span("charge", attributes={"tries": 3, "ok": True}) as inner:
            inner.add_event("retry", {"delay": 0.5})
            inner.set_status(Status(StatusCode.ERROR, "refused"))
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(endpoint="http://127.0.0.1:%d" % ports["LISTEN_GRPC"], insecure=True), export_interval_millis=3_600_000)
    meters = MeterProvider(metric_readers=[reader], resource=RESOURCE, shutdown_on_exit=False)
    meters.get_meter("shop", "1.2").create_counter("orders", unit="{order}").add(7, {"method": "card"})
    meters.force_flush()
    return begin, time.time_ns(), outer, inner


def equal(what, got, wanted):
    different = {key: (got.get(key), value) for key, value in wanted.items() if got.get(key) != value}
    if different:
        raise SystemExit("%s: found and wanted differ: %s" % (what, different))


def check(telemetry, capsules, sent):
    begin, end, outer, inner = sent
    kinds = collections.Counter(event["event_type"] for event in telemetry)
    if kinds != {"log": 60, "trace": 2, "metric": 1}:
        raise SystemExit("the topic holds %s" % kinds)
    for event in telemetry:
        equal(event["event_type"], event, {"service_name": "checkout", "environment": "test"})
        if not begin <= event["timestamp"] <= end:
            raise SystemExit("a time is not that of the event: %s" % event)
    if len({event["event_id"] for event in telemetry}) != 63:
        raise SystemExit("two events have one id")
    log = next(event for event in telemetry if event["message"] == "order 7 of anna7@example.org failed")
    equal("log", log, {"severity": "WARN", "trace_id": None})
    equal("log's attributes", log["attributes"], {"attempt": "7"})
    span = next(event for event in telemetry if event["message"] == "charge")
    context = inner.get_span_context()
    equal("span", span, {
        "trace_id": "%032x" % context.trace_id, "span_id": "%016x" % context.span_id, "parent_span_id": "%016x" % outer.get_span_context().span_id,
        "timestamp": inner.start_time, "end_timestamp": inner.end_time, "kind": "INTERNAL", "status_code": "ERROR", "status_message": "refused",
        "scope_name": "shop", "scope_version": "1.2"})
    equal("span's attributes", span["attributes"], {"tries": "3", "ok": "true"})
    equal("span's resource", span["resource"], {"service.name": "checkout"})
    if json.loads(span["events"])[0]["name"] != "retry":
        raise SystemExit("the span's events are %r" % span["events"])
    metric = next(event for event in telemetry if event["event_type"] == "metric")
    equal("metric", metric, {
        "message": "orders", "kind": "sum", "value": 7.0, "unit": "{order}", "temporality": "cumulative", "is_monotonic": True})
    equal("metric's attributes", metric["attributes"], {"method": "card"})
    newest = {}
    for capsule in capsules:
        key = capsule["fingerprint_hash"], capsule["time_bucket"]
        if key not in newest or newest[key]["revision"] < capsule["revision"]:
            newest[key] = capsule
    counts = collections.Counter()
    for capsule in newest.values():
        if "@example" in capsule["template"]:
            raise SystemExit("a capsule holds an address: %s" % capsule["template"])
        counts[capsule["template"], tuple(capsule["severities"].items())] += capsule["count"]
    wanted = {("order <num> of <email> failed", (("WARN", 40),)): 40, ("order <num> paid", (("INFO", 20),)): 20}
    # The hour may have changed meanwhile; then each capsule has a part.
    if sum(counts.values()) != 60 or (len(newest) == 2 and counts != wanted):
        raise SystemExit("capsules: %s" % counts)


def main():
    binary = os.path.abspath(sys.argv[1])
    telemetry, capsule = Schema("TelemetryEvent.avsc"), Schema("CapsuleEvent.avsc")
    with tempfile.TemporaryDirectory(prefix="sloscout-pipeline-") as name:
        folder = Path(name)
        broker = Kafka(folder)
        try:
            text = (ROOT / "Examples" / "pipeline.yaml").read_text()
            if LOCAL not in text:
                raise SystemExit("the example's Connection is another one: this test must follow it")
            (folder / "pipeline.yaml").write_text(text.replace(LOCAL, broker.connection[1:-1].strip().replace(", config:", "\n  config:")))
            ports = {name: free_port() for name in ("LISTEN", "LISTEN_GRPC")}
            environment = dict(os.environ, SLOSCOUT_STATE=str(folder / "state"), SPOOL=str(folder / "spool"))
            environment.update({name: "127.0.0.1:%d" % port for name, port in ports.items()})
            log = open(folder / "log", "w+")
            command = [binary, "run", str(folder / "pipeline.yaml"), "--quiet"]
            job = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            deadline = time.monotonic() + 60
            # An empty request to each path: of a collector that is not there yet it is refused.
            while not all(takes(ports["LISTEN"], signal) for signal in ("logs", "traces", "metrics")):
                if job.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("the jobs do not listen: " + (folder / "log").read_text())
                time.sleep(0.1)
            sent = send(ports)
            while broker.end("raw-telemetry") < 63 or broker.end("capsule-events") < 2:
                if job.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("what was sent does not arrive: " + (folder / "log").read_text())
            job.send_signal(signal.SIGINT)
            if job.wait(60) != 0:
                raise SystemExit("the jobs did not stop well: " + (folder / "log").read_text())
            check([telemetry.read(value) for value in broker.read("raw-telemetry")], [capsule.read(value) for value in broker.read("capsule-events")], sent)
        finally:
            broker.close()
    print("63 events and their capsules: Avro in Kafka is what was sent")


if __name__ == "__main__":
    main()
