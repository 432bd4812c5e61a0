"""Kafka answers nobody for a while under a collector that receives OTLP logs at a steady pace: nothing that was acknowledged is lost, memory stays, and
when the spool on disk is full senders are told to come back later.

usage: broker_away.py SLOSCOUT_BINARY [--seconds 60] [--rate 10000]

Prints what memory the collector had before, while Kafka was away, and after. Exit status 1 when a record is missing or comes twice, when memory
grows beyond bounds, or when a full spool is not said.
"""

import argparse
import gzip
import json
import os
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "crash"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_job import Job  # noqa: E402
from topics import Kafka  # noqa: E402

JOB = """
apiVersion: sloscout/v1
kind: Connection
metadata: {{ name: topics }}
spec: {connection}
---
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: collect }}
spec:
  checkpoint: {{ interval: 500ms, store: "{folder}/state" }}
  restart: {{ maxAttempts: 100000 }}
  sources:
    logs:
      type: otlp
      onError: fail
      config: {{ listen: "127.0.0.1:{port}", signal: logs, spool: "{folder}/spool", maxSpoolBytes: {spool} }}
  operators:
    short: {{ type: select, inputs: [logs], config: {{ fields: [message] }} }}
  sinks:
    out: {{ type: topic, connection: topics, inputs: [short], config: {{ topic: logs }} }}
"""

BATCH = 500


def request(number):
    records = [{"timeUnixNano": str(time.time_ns()), "body": {"stringValue": "line %d of request %d" % (line, number)}} for line in range(BATCH)]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "away"}}]}
    body = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}
    return gzip.compress(json.dumps(body).encode(), 1)


class Sender(threading.Thread):
    """Sends requests at a pace until it is stopped. One that is refused is not sent again."""

    def __init__(self, port, rate):
        super().__init__(daemon=True)
        self.url, self.pause = "http://127.0.0.1:%d/v1/logs" % port, BATCH / rate
        self.sent, self.acknowledged, self.answers, self.done = 0, set(), {}, threading.Event()

    def run(self):
        due = time.monotonic()
        while not self.done.is_set():
            answer = self.send(self.sent)
            if answer == 200:
                self.acknowledged.add(self.sent)
            self.answers[answer] = self.answers.get(answer, 0) + 1
            self.sent += 1
            due += self.pause
            time.sleep(max(0, due - time.monotonic()))

    def send(self, number):
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, request(number), headers), timeout=20) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            if error.code in (429, 503) and not error.headers.get("Retry-After"):
                raise SystemExit("%d without Retry-After" % error.code)
            return error.code
        except OSError:
            return "nobody listens"


def memory(job):
    """Resident MiB."""
    for line in Path("/proc/%d/status" % job.process.pid).read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the collector is gone: " + open(job.log.name).read()[-3000:])


def sample(job, seconds):
    """The most resident MiB within so many seconds."""
    most, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max(most, memory(job))
        time.sleep(0.2)
    return most


def check(broker, sender):
    seen = {}
    for value in broker.read("logs"):
        message = json.loads(value)["message"]
        seen[message] = seen.get(message, 0) + 1
    missing = [n for n in sorted(sender.acknowledged) for line in range(BATCH) if not seen.get("line %d of request %d" % (line, n))]
    twice = [message for message, count in seen.items() if count > 1]
    if missing or twice:
        raise SystemExit("missing of requests %s, twice %s" % (missing[:5], twice[:5]))
    return sum(seen.values())


def run(binary, folder, seconds, rate, spool):
    broker = Kafka(Path(folder))
    try:
        job = Job(binary, JOB, folder, connection=broker.connection, spool=spool)
        sender = Sender(job.port, rate)
        sender.start()
        # The arenas of batches and of the broker's client are filled by now.
        sample(job, 5)
        before = sample(job, 5)
        # It stands still and answers nobody: when it is stopped under load the test broker forgets what it had acknowledged.
        pid = int((broker.folder / "pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        try:
            away = sample(job, seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        after = sample(job, 10)
        sender.done.set()
        sender.join()
        deadline = time.monotonic() + 120
        while broker.end("logs") < BATCH * len(sender.acknowledged) and time.monotonic() < deadline:
            time.sleep(0.5)
        job.process.send_signal(signal.SIGTERM)
        if job.process.wait(120) != 0:
            raise SystemExit("the job did not stop well: " + open(job.log.name).read()[-2000:])
        stored = check(broker, sender)
    finally:
        broker.close()
    print(
        "Kafka away for %d s, spool of %s: %d records acknowledged, %d stored; answers %s; at most %.0f MiB before, %.0f while away, %.0f after"
        % (seconds, spool, BATCH * len(sender.acknowledged), stored, sender.answers, before, away, after), flush=True)
    if max(away, after) > 1.5 * before + 64:
        raise SystemExit("memory grew")
    return sender


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=10_000, help="records a second")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    with tempfile.TemporaryDirectory(prefix="sloscout-away-") as folder:
        sender = run(binary, folder, options.seconds, options.rate, "1GiB")
        if set(sender.answers) != {200}:
            raise SystemExit("there was room, and yet: %s" % sender.answers)
    with tempfile.TemporaryDirectory(prefix="sloscout-away-") as folder:
        sender = run(binary, folder, min(options.seconds, 20), options.rate, "8MiB")
        if not {429, 503} & set(sender.answers):
            raise SystemExit("a full spool is not said: %s" % sender.answers)


if __name__ == "__main__":
    main()
