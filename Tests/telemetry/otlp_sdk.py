"""The OpenTelemetry SDK sends log records and spans to a running job, which is killed meanwhile: what was acknowledged is there afterwards.

usage: otlp_sdk.py SLOSCOUT_BINARY

Needs opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http. Exit status 1 when a record is missing or comes twice without having been sent twice.
"""

import collections
import glob
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult

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
      config: {{ listen: "127.0.0.1:{port}", signal: {signal}, spool: "{folder}/spool" }}
  sinks:
    out:
      type: file
      inputs: [telemetry]
      config: {{ path: "{folder}/out" }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Job:
    def __init__(self, binary, telemetry, folder):
        self.binary, self.folder, self.port = binary, folder, free_port()
        self.file = os.path.join(folder, "job.yaml")
        with open(self.file, "w") as out:
            out.write(JOB.format(signal=telemetry, folder=folder, port=self.port))
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "a")
        self.process = subprocess.Popen([self.binary, "run", self.file], stdout=self.log, stderr=self.log)
        for _ in range(600):
            try:
                urllib.request.urlopen("http://127.0.0.1:%d/" % self.port)
            except urllib.error.HTTPError:
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise SystemExit("the job does not listen: " + open(self.log.name).read())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise SystemExit("the job did not stop well: " + open(self.log.name).read())

    def rows(self):
        rows = []
        for path in glob.glob(os.path.join(self.folder, "out", "**", "*.jsonl"), recursive=True):
            if os.path.isfile(path) and not os.path.basename(path).startswith("."):
                rows += [json.loads(line) for line in open(path) if line.strip()]
        return rows

    def wait_for(self, condition):
        for _ in range(600):
            if condition(self.rows()):
                return
            time.sleep(0.05)


def check(name, sent, rows):
    """Every acknowledged text is there; one that was sent once is there once."""
    seen = collections.Counter(rows)
    missing = [text for text, acknowledged in sent.items() if acknowledged and not seen[text]]
    twice = [text for text, count in seen.items() if count > 1 and sent.get(text)]
    unknown = [text for text in seen if text not in sent]
    print("%s: %d sent, %d acknowledged, %d stored" % (name, len(sent), sum(sent.values()), sum(seen.values())))
    if missing or twice or unknown:
        raise SystemExit("%s: missing %s, twice %s, unknown %s" % (name, missing[:3], twice[:3], unknown[:3]))


def logs(binary, folder):
    job = Job(binary, "logs", folder)
    provider = LoggerProvider(resource=Resource.create({"service.name": "checkout", "deployment.environment.name": "test"}))
    exporter = OTLPLogExporter(endpoint="http://127.0.0.1:%d/v1/logs" % job.port, compression=Compression.Gzip, timeout=2)
    results = []
    original = exporter.export
    exporter.export = lambda batch: results.append(original(batch)) or results[-1]
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = logging.getLogger("shop")
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
    check("logs", sent, [row["message"] for row in rows])
    row = rows[0]
    if (row["service"], row["environment"], row["severity"]) != ("checkout", "test", "WARN"):
        raise SystemExit("logs: a row is wrong: %s" % row)


def traces(binary, folder):
    job = Job(binary, "traces", folder)
    provider = TracerProvider(resource=Resource.create({"service.name": "checkout"}))
    exporter = OTLPSpanExporter(endpoint="http://127.0.0.1:%d/v1/traces" % job.port, timeout=2)
    results = []
    original = exporter.export
    exporter.export = lambda spans: results.append(original(spans)) or results[-1]
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("shop")
    sent = {}
    for number in range(100):
        with tracer.start_as_current_span("GET /orders/%d" % number, attributes={"http.request.method": "GET"}):
            pass
        sent["GET /orders/%d" % number] = results[-1] == SpanExportResult.SUCCESS
    job.wait_for(lambda rows: len(rows) >= sum(sent.values()))
    job.stop()
    check("traces", sent, [row["name"] for row in job.rows()])


if __name__ == "__main__":
    for run in (logs, traces):
        with tempfile.TemporaryDirectory() as folder:
            run(os.path.abspath(sys.argv[1]), folder)
    print("the OpenTelemetry SDK and the job agree")
