"""Real spans go by OTLP to a collector, from it into Kafka, and from there by a worker into PostgreSQL, while both are killed again and again.

usage: replay.py --binary PATH [--runs N] [--seed S] [--requests N] FILE...

FILE holds OTLP requests in JSON, one a line, gzipped. A request that was not acknowledged is sent again, as an application does. Then each span that
was ever sent is in the topic, no other is, and the rows in PostgreSQL count each span once. In the middle the broker is stopped and started, with
the jobs stopped: the test broker forgets its last second. Why the collector is not killed while a transaction is open: topics.py.
"""

import argparse
import collections
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from postgres import Server
from topics import Kafka, Local

sys.path.insert(0, str(Path(__file__).parents[1] / "telemetry"))
from running_job import free_port  # noqa: E402

COLLECTOR = """
apiVersion: sloscout/v1
kind: Connection
metadata: { name: topics }
spec: %(connection)s
---
apiVersion: sloscout/v1
kind: Job
metadata: { name: collect }
spec:
  checkpoint: { interval: 100ms, store: "%(folder)s/collector" }
  restart: { maxAttempts: 100 }
  sources:
    spans:
      type: otlp
      onError: fail
      config: { listen: "127.0.0.1:%(port)d", signal: traces, spool: "%(folder)s/spool" }
  operators:
    short: { type: select, inputs: [spans], config: { fields: [trace_id, span_id, service, name] } }
  sinks:
    out: { type: topic, connection: topics, inputs: [short], config: { topic: spans, key: trace_id } }
"""

WORKER = """
apiVersion: sloscout/v1
kind: Connection
metadata: { name: topics }
spec: %(connection)s
---
apiVersion: sloscout/v1
kind: Connection
metadata: { name: store }
spec: { type: postgres, config: { url: "%(url)s" } }
---
apiVersion: sloscout/v1
kind: Job
metadata: { name: count }
spec:
  parallelism: 2
  checkpoint: { interval: 100ms, store: "%(folder)s/worker" }
  restart: { maxAttempts: 100 }
  sources:
    spans:
      type: topic
      connection: topics
      time: { maxOutOfOrder: 400d } # the two systems were recorded half a year apart
      config: { topics: [spans] }
  operators:
    parsed:
      type: parse-json
      inputs: [spans]
      config:
        field: value
        fields: { trace_id: string, span_id: string, service: string, name: string }
        onMissing: fail
    once: { type: deduplicate, inputs: [parsed], config: { key: [trace_id, span_id], ttl: 800d } }
    shaped: { type: fingerprint, inputs: [once], config: { field: name } }
    capsules:
      type: tumbling-window
      inputs: [shaped]
      config:
        size: 1h
        emit: { every: 200ms }
        keyBy: [service, shape]
        aggregate: { count: { type: count } }
  sinks:
    rows:
      type: postgres
      connection: store
      inputs: [capsules]
      config: { table: spans, key: [service, shape, window_start] }
"""


class Sender(threading.Thread):
    """Sends requests one after the other, each until it is acknowledged."""

    def __init__(self, port, requests, pause):
        super().__init__(daemon=True)
        self.url = "http://127.0.0.1:%d/v1/traces" % port
        self.requests, self.pause = requests, pause
        self.attempts = 0
        self.refusal = None

    def run(self):
        for body in self.requests:
            while not self.send(body):
                if self.refusal:
                    return
                time.sleep(0.02)
            time.sleep(self.pause)

    def send(self, body):
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        self.attempts += 1
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=20):
                return True
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                self.refusal = "%d: %s" % (error.code, error.read()[:300])
        except OSError:
            pass  # nobody listens, or it was killed with the request in its hands
        except Exception as error:  # http.client has errors of its own for a reply that was cut off
            if type(error).__module__ != "http.client":
                raise
        return False


def requests_of(paths, limit):
    """Bodies that are ready to be sent, and how often each span is in them: by its ids, with its service."""
    bodies, spans = [], collections.Counter()
    for path in paths:
        with gzip.open(path, "rb") as lines:
            for number, line in enumerate(lines):
                if limit and number >= limit:
                    break
                bodies.append(gzip.compress(line, 1))
                for resource in json.loads(line)["resourceSpans"]:
                    names = {a["key"]: a["value"].get("stringValue") for a in resource["resource"]["attributes"]}
                    for scope in resource["scopeSpans"]:
                        for span in scope["spans"]:
                            spans[span["traceId"], span["spanId"], names["service.name"], span["name"]] += 1
    return bodies, spans


class Worker:
    """A job in a process of its own, which is killed and started again."""

    def __init__(self, binary, folder, name, text):
        self.command = [binary, "run", str(folder / (name + ".yaml")), "--quiet"]
        self.log_path, self.trace_path, self.name, self.process = folder / (name + ".log"), folder / (name + ".trace"), name, None
        (folder / (name + ".yaml")).write_text(text)

    def start(self):
        self.trace_path.write_text("")
        environment = dict(os.environ, SLOSCOUT_TRACE=str(self.trace_path))
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self):
        return self.log_path.read_text(errors="replace")[-3000:]

    def kill(self, kill):
        if self.process.poll() not in (None, 0):
            sys.exit("%s failed with %d:\n%s" % (self.name, self.process.returncode, self.log()))
        kill(self.process, self.trace_path)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        if (code := self.process.wait(90)) != 0:
            sys.exit("%s ended with %d:\n%s" % (self.name, code, self.log()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--runs", type=int, default=10, help="kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=0, help="so many of each file only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sloscout-replay-") as name:
        folder = Path(name)
        server = Server(folder / "postgres")
        broker = Kafka(folder)
        try:
            run(options, folder, server, broker)
        finally:
            broker.close()
            server.stop()


def run(options, folder, server, broker):
    dice = random.Random(options.seed)
    bodies, spans = requests_of(options.files, options.requests)
    print("%d requests with %d spans, %d different ones" % (len(bodies), spans.total(), len(spans)), flush=True)
    server.create("replay")
    values = {"folder": folder, "connection": broker.connection, "port": free_port(), "url": server.url("replay")}
    collector, worker = jobs = [Worker(options.binary, folder, "collector", COLLECTOR % values), Worker(options.binary, folder, "worker", WORKER % values)]
    for job in jobs:
        job.start()
    sender = Sender(values["port"], bodies, pause=options.runs * 0.6 / len(bodies))
    sender.start()
    for number in range(options.runs):
        time.sleep(dice.uniform(0.05, 1.0))
        if number == options.runs // 2:
            for job in jobs:
                job.stop()
            time.sleep(2)
            broker.script("stop", "--keep")
            broker.script("start")
        else:
            # The worker writes into PostgreSQL: it may be struck anywhere.
            dice.choice([lambda: collector.kill(broker.kill), lambda: worker.kill(Local.kill)])()
        for job in jobs:
            if job.process.poll() is not None:
                job.start()
    deadline = time.monotonic() + 600
    while sender.is_alive() and time.monotonic() < deadline:
        sender.join(1)
    if sender.is_alive() or sender.refusal:
        sys.exit("the collector does not take all: %s\n%s" % (sender.refusal or "it is too slow", collector.log()))
    wanted = collections.Counter(service for _, _, service, _ in spans)
    stored = {}
    while time.monotonic() < deadline:
        stored = counts(server)
        if sum(stored.values()) >= len(spans):
            break
        time.sleep(0.5)
    for job in jobs:
        job.stop()
    stored = counts(server)
    if stored != wanted:
        difference = {key: (stored.get(key), wanted.get(key)) for key in stored.keys() | wanted.keys() if stored.get(key) != wanted.get(key)}
        sys.exit("seed %d: stored, sent: %s" % (options.seed, difference))
    check_topic(options, broker, spans, sender.attempts - len(bodies))
    print(
        "%d kills, %d requests sent again: %d different spans in PostgreSQL, each counted once"
        % (options.runs, sender.attempts - len(bodies), sum(stored.values())))


def counts(server):
    try:
        return {service: int(count) for service, count in server.psql("replay", "SELECT service, sum(count) FROM spans GROUP BY service")}
    except RuntimeError:
        return {}  # no table yet


def check_topic(options, broker, spans, repeats):
    """What a reader of committed records sees: all that was sent, as often as it was sent; more only for requests that were sent again."""
    seen = collections.Counter()
    for value in broker.read("spans"):
        span = json.loads(value)
        seen[span["trace_id"], span["span_id"], span["service"], span["name"]] += 1
    missing = [span for span, count in spans.items() if seen[span] < count]
    unknown = [span for span in seen if span not in spans]
    more = sum(count - spans[span] for span, count in seen.items())
    if missing or unknown or (more and not repeats):
        sys.exit("seed %d: missing %s, unknown %s, %d too many" % (options.seed, missing[:3], unknown[:3], more))


main()
