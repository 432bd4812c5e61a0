"""The OpenTelemetry SDK sends log records, spans and metrics to a running job, which is killed meanwhile: what was acknowledged is there afterwards.

usage: otlp_sdk.py SLOSCOUT_BINARY

Needs opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http and -grpc; each of the three goes over HTTP and over gRPC. Exit status 1 when a record is missing or comes twice without having been sent twice.
"""

import json
import logging
import os
import sys
import tempfile

import grpc
import opentelemetry.exporter.otlp.proto.grpc._log_exporter as grpc_logs
import opentelemetry.exporter.otlp.proto.grpc.metric_exporter as grpc_metrics
import opentelemetry.exporter.otlp.proto.grpc.trace_exporter as grpc_traces
import opentelemetry.exporter.otlp.proto.http._log_exporter as http_logs
import opentelemetry.exporter.otlp.proto.http.metric_exporter as http_metrics
import opentelemetry.exporter.otlp.proto.http.trace_exporter as http_traces
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_job import Job, check  # noqa: E402

JOB = """
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: {signal} }}
spec:
  checkpoint: {{ interval: 200ms, store: "{folder}/state" }}
  sources:
    telemetry:
      type: otlp
      onError: fail
      time: {{ maxOutOfOrder: 1m }}
      config: {{ listen: "127.0.0.1:{http}", grpc: "127.0.0.1:{grpc}", signal: {signal}, spool: "{folder}/spool" }}
  sinks:
    out:
      type: file
      inputs: [telemetry]
      config: {{ path: "{folder}/out" }}
"""


# What each transport calls its exporters, and where they send.
EXPORTERS = {
    "http": {
        "logs": lambda job: http_logs.OTLPLogExporter(endpoint=url(job, "logs"), compression=Compression.Gzip, timeout=2),
        "traces": lambda job: http_traces.OTLPSpanExporter(endpoint=url(job, "traces"), timeout=2),
        "metrics": lambda job: http_metrics.OTLPMetricExporter(endpoint=url(job, "metrics"), compression=Compression.Gzip, timeout=2),
    },
    "grpc": {
        "logs": lambda job: grpc_logs.OTLPLogExporter(**grpc_options(job), compression=grpc.Compression.Gzip),
        "traces": lambda job: grpc_traces.OTLPSpanExporter(**grpc_options(job)),
        "metrics": lambda job: grpc_metrics.OTLPMetricExporter(**grpc_options(job), compression=grpc.Compression.Gzip),
    },
}


def url(job, signal):
    return "http://127.0.0.1:%d/v1/%s" % (job.http, signal)


def grpc_options(job):
    return {"endpoint": "127.0.0.1:%d" % job.grpc, "insecure": True, "timeout": 2}


def begin(binary, folder, transport, signal):
    """A running job, an exporter to it, and the list that its results go to."""
    job = Job(binary, JOB, folder, ports=("http", "grpc"), signal=signal)
    exporter, results = EXPORTERS[transport][signal](job), []
    original = exporter.export
    exporter.export = lambda *a, **k: results.append(original(*a, **k)) or results[-1]
    return job, exporter, results


def logs(binary, folder, transport):
    job, exporter, results = begin(binary, folder, transport, "logs")
    provider = LoggerProvider(resource=Resource.create({"service.name": "checkout", "deployment.environment.name": "test"}))
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = logging.getLogger("shop." + transport)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(LoggingHandler(logger_provider=provider))
    sent = {}
    for number in range(300):
        if number == 150:
            job.kill()
            job.start()
        text = "order %d paid by card, naïve ✓" % number
        before = len(results)
        logger.warning(text, extra={"attempt": number})
        sent[text] = len(results) > before and results[-1].name == "SUCCESS"
    job.wait_for(lambda rows: len(rows) >= sum(sent.values()))
    job.stop()
    rows = job.rows()
    check("logs over " + transport, sent, [row["message"] for row in rows])
    row = rows[0]
    if (row["service"], row["environment"], row["severity"]) != ("checkout", "test", "WARN"):
        raise SystemExit("logs: a row is wrong: %s" % row)


def traces(binary, folder, transport):
    job, exporter, results = begin(binary, folder, transport, "traces")
    provider = TracerProvider(resource=Resource.create({"service.name": "checkout"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("shop", "1.2", schema_url="https://opentelemetry.io/schemas/1.27.0", attributes={"team": "pay"})
    sent = {}
    for number in range(100):
        if number == 50:
            job.kill()
            job.start()
        with tracer.start_as_current_span("GET /orders/%d" % number, attributes={"http.request.method": "GET"}):
            pass
        sent["GET /orders/%d" % number] = results[-1] == SpanExportResult.SUCCESS
    context = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, True, TraceFlags(1))
    span = tracer.start_span("publish", links=[Link(context, {"messaging.message.id": "17"})], attributes={"ok": True, "tries": 3})
    span.add_event("retry", {"delay": 0.5, "naïve": ["a", "b"]}, timestamp=1_750_000_000_123_456_789)
    span.set_status(Status(StatusCode.ERROR, "queue full"))
    span.end()
    job.wait_for(lambda rows: len(rows) >= sum(sent.values()) + 1)
    job.stop()
    rows = job.rows()
    check("traces over " + transport, sent, [row["name"] for row in rows if row["name"] != "publish"])
    spans_in_full([row for row in rows if row["name"] == "publish"][0], context)


def spans_in_full(row, link):
    """Every part of a span arrives."""
    context = json.loads(row["context"])["scope"]
    events, links = json.loads(row["events"]), json.loads(row["links"])
    attributes = json.loads(row["attributes"])
    expected = [
        (row["scope_name"], "shop"), (row["scope_version"], "1.2"), (json.loads(row["resource"])["service.name"], "checkout"),
        (context["schemaUrl"], "https://opentelemetry.io/schemas/1.27.0"),
        (context["attributes"], [{"key": "team", "value": {"stringValue": "pay"}}]),
        ((row["status_code"], row["status_message"]), ("ERROR", "queue full")),
        ((attributes["ok"], attributes["tries"], attributes["team"]), (True, 3, "pay")),
        ((events[0]["name"], events[0]["timeUnixNano"]), ("retry", "1750000000123456789")),
        (events[0]["attributes"][0], {"key": "delay", "value": {"doubleValue": 0.5}}),
        (events[0]["attributes"][1]["value"], {"arrayValue": {"values": [{"stringValue": "a"}, {"stringValue": "b"}]}}),
        ((links[0]["traceId"], links[0]["spanId"]), ("%032x" % link.trace_id, "%016x" % link.span_id)),
        (links[0]["attributes"], [{"key": "messaging.message.id", "value": {"stringValue": "17"}}]),
    ]
    for got, wanted in expected:
        if got != wanted:
            raise SystemExit("traces: %r is not %r in %s" % (got, wanted, row))


def metrics(binary, folder, transport):
    job, exporter, results = begin(binary, folder, transport, "metrics")
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider(
        metric_readers=[reader], resource=Resource.create({"service.name": "checkout", "deployment.environment.name": "test"}),
        views=[View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())], shutdown_on_exit=False)
    meter = provider.get_meter("shop", "1.2")
    orders = meter.create_counter("orders", unit="{order}", description="Orders that were paid")
    open_carts = meter.create_up_down_counter("carts")
    latency = meter.create_histogram("latency", unit="s")
    size = meter.create_histogram("size", unit="By")
    meter.create_observable_gauge("temperature", callbacks=[lambda _: [Observation(21.5, {"room": "naïve ✓"})]], unit="Cel")
    acknowledged = 0
    for number in range(6):
        if number == 3:
            job.kill()
            job.start()
        orders.add(2, {"method": "card"})
        open_carts.add(-1)
        latency.record(0.3 * number)
        size.record(100 + number)
        provider.force_flush()
        acknowledged += results[-1] == MetricExportResult.SUCCESS
    job.wait_for(lambda rows: len(rows) >= 5 * acknowledged)
    job.stop()
    rows = job.rows()
    print("metrics over %s: %d exports, %d acknowledged, %d data points stored" % (transport, len(results), acknowledged, len(rows)))
    newest = {row["name"]: row for row in sorted(rows, key=lambda row: row["time"])}
    wanted = {
        "orders": dict(type="sum", unit="{order}", description="Orders that were paid", temporality="cumulative", is_monotonic=True,
                       int_value=12, value=12.0, attributes='{"method":"card"}'),
        "carts": dict(type="sum", is_monotonic=False, int_value=-6, unit=None, attributes="{}"),
        "latency": dict(type="histogram", unit="s", temporality="cumulative", count=6, min=0.0, max=1.5),
        "size": dict(type="exponential_histogram", unit="By", count=6, sum=615.0, min=100.0, max=105.0),
        "temperature": dict(type="gauge", value=21.5, int_value=None, unit="Cel", attributes='{"room":"naïve ✓"}'),
    }
    for name, values in wanted.items():
        row = newest[name]
        values.update(service="checkout", environment="test", scope_name="shop", scope_version="1.2")
        for column, value in values.items():
            if row[column] != value:
                raise SystemExit("metrics: %s of %s is %r, not %r" % (column, name, row[column], value))
    row = newest["latency"]
    if sum(json.loads(row["bucket_counts"])) != 6 or len(json.loads(row["bounds"])) + 1 != len(json.loads(row["bucket_counts"])):
        raise SystemExit("metrics: the buckets are wrong: %s" % row)
    if sum(map(int, json.loads(newest["size"]["buckets"])["positive"]["bucketCounts"])) != 6:
        raise SystemExit("metrics: the exponential buckets are wrong: %s" % newest["size"])
    if acknowledged < 5 or len(rows) < 5 * acknowledged or len(rows) > 5 * len(results):
        raise SystemExit("metrics: points are missing or too many")


if __name__ == "__main__":
    for transport in EXPORTERS:
        for run in (logs, traces, metrics):
            with tempfile.TemporaryDirectory() as folder:
                run(os.path.abspath(sys.argv[1]), folder, transport)
    print("the OpenTelemetry SDK and the job agree, over HTTP and gRPC")
