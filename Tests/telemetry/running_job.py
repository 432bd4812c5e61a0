"""A job of the program under test that receives telemetry and writes what it gets to files; and what its senders' tests share."""

import collections
import glob
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(what, condition, seconds=60):
    for _ in range(int(seconds * 20)):
        if condition():
            return
        time.sleep(0.05)
    raise SystemExit("it did not happen that " + what)


def request(url, body=None, kind="application/json"):
    """Status and text; status 0 when there was no answer."""
    call = urllib.request.Request(url, data=body, headers={"Content-Type": kind} if body is not None else {})
    try:
        with urllib.request.urlopen(call, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Job:
    """`text` is the job file. {folder} in it is filled in, every name of `ports` with a free port that the job is to listen on, and further values.

    The ports are attributes of the job; `health` is where it answers for itself.
    """

    def __init__(self, binary, text, folder, ports=("port",), **values):
        self.binary, self.folder, self.health = binary, folder, free_port()
        self.ports = {name: free_port() for name in ports}
        self.__dict__.update(self.ports)
        self.file = os.path.join(folder, "job.yaml")
        with open(self.file, "w") as out:
            out.write(text.format(folder=folder, **self.ports, **values))
        self.start()

    def start(self):
        with open(os.path.join(self.folder, "log"), "a") as log:
            self.process = subprocess.Popen(
                [self.binary, "run", self.file, "--listen", "127.0.0.1:%d" % self.health], stdout=log, stderr=log)
        for port in [*self.ports.values(), self.health]:
            wait_until("port %d listens" % port, lambda: self.process.poll() is not None or listens(port))
        if self.process.poll() is not None:
            raise SystemExit("the job ended: " + self.log())

    def log(self):
        with open(os.path.join(self.folder, "log")) as log:
            return log.read()[-4000:]

    def ask(self, path):
        """Status and text of the job's own answers."""
        return request("http://127.0.0.1:%d%s" % (self.health, path))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise SystemExit("the job did not stop well: " + self.log())

    def rows(self):
        rows = []
        for path in glob.glob(os.path.join(self.folder, "out", "**", "*.jsonl"), recursive=True):
            if os.path.isfile(path) and not os.path.basename(path).startswith("."):
                with open(path) as lines:
                    rows += [json.loads(line) for line in lines if line.strip()]
        return rows

    def has(self, texts):
        return lambda: set(texts) <= {row["message"] for row in self.rows()}

    def wait_for(self, condition):
        for _ in range(600):
            if condition(self.rows()):
                return
            time.sleep(0.05)
        raise SystemExit("what was waited for did not happen: " + self.log())


def through_topic(source, key, fields):
    """The file of two jobs: one from the source (YAML in braces, with {{ for {) into a topic, one from there to the output, with these fields."""
    return THROUGH_TOPIC.replace("SOURCE", source).replace("KEY", key).replace("FIELDS", fields)


THROUGH_TOPIC = """
apiVersion: sloscout/v1
kind: Connection
metadata: {{ name: topics }}
spec: {{ type: local, config: {{ path: "{folder}/topics" }} }}
---
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: receive }}
spec:
  checkpoint: {{ interval: 200ms, store: "{folder}/state-receive" }}
  sources:
    telemetry: SOURCE
  sinks:
    raw: {{ type: topic, connection: topics, inputs: [telemetry], config: {{ topic: telemetry, key: KEY }} }}
---
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: read }}
spec:
  checkpoint: {{ interval: 200ms, store: "{folder}/state-read" }}
  sources:
    raw: {{ type: topic, connection: topics, onError: fail, time: {{ maxOutOfOrder: 10m }}, config: {{ topics: [telemetry] }} }}
  operators:
    parsed: {{ type: parse-json, inputs: [raw], config: {{ field: value, keep: [], fields: {{ FIELDS }} }} }}
  sinks:
    out: {{ type: file, inputs: [parsed], config: {{ path: "{folder}/out" }} }}
"""


def check(name, sent, rows):
    """Every acknowledged text is there; one that was acknowledged is there once."""
    seen = collections.Counter(rows)
    missing = [text for text, acknowledged in sent.items() if acknowledged and not seen[text]]
    twice = [text for text, count in seen.items() if count > 1 and sent.get(text)]
    unknown = [text for text in seen if text not in sent]
    print("%s: %d sent, %d acknowledged, %d stored" % (name, len(sent), sum(sent.values()), sum(seen.values())))
    if missing or twice or unknown:
        raise SystemExit("%s: missing %s, twice %s, unknown %s" % (name, missing[:3], twice[:3], unknown[:3]))
