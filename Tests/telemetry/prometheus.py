"""A real Prometheus writes to a running job that is killed meanwhile: every sample that it knows of the period is at the output, labels and value equal.

usage: prometheus.py SLOSCOUT_BINARY [SECONDS]

Needs the program `prometheus` (Debian: apt-get install prometheus). It scrapes itself every second and remote-writes to the job for SECONDS (15).
Exit status 1 when a sample is missing, differs, or comes twice with another value.
"""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_job import Job, free_port  # noqa: E402

JOB = """
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: prometheus }}
spec:
  checkpoint: {{ interval: 200ms, store: "{folder}/state" }}
  sources:
    telemetry:
      type: prometheus-remote-write
      onError: fail
      time: {{ maxOutOfOrder: 10m }}
      config: {{ listen: "127.0.0.1:{port}", spool: "{folder}/spool" }}
  sinks:
    out:
      type: file
      inputs: [telemetry]
      config: {{ path: "{folder}/out" }}
"""

CONFIG = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s }}
scrape_configs:
  - job_name: self
    static_configs: [{{ targets: ["127.0.0.1:{port}"], labels: {{ site: 'köln "1"\\\\x' }} }}]
remote_write:
  - url: http://127.0.0.1:{job}/api/v1/write
    send_exemplars: true
    queue_config: {{ batch_send_deadline: 500ms, max_shards: 1, min_backoff: 50ms, max_backoff: 500ms }}
    metadata_config: {{ send: true, send_interval: 2s }}
"""


class Prometheus:
    """A running Prometheus; {port} in `text`, its configuration, is filled in with its own port, and further values."""

    def __init__(self, folder, text, **values):
        program = shutil.which("prometheus")
        if program is None:
            raise SystemExit("prometheus is not installed (Debian: apt-get install prometheus)")
        self.port = free_port()
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w") as out:
            out.write(text.format(port=self.port, **values))
        self.log = open(os.path.join(folder, "prometheus.log"), "w")
        self.process = subprocess.Popen(
            [program, "--config.file=" + config, "--storage.tsdb.path=" + os.path.join(folder, "tsdb"),
             "--web.listen-address=127.0.0.1:%d" % self.port],
            stdout=self.log, stderr=self.log)

    def get(self, path, **query):
        url = "http://127.0.0.1:%d%s?%s" % (self.port, path, urllib.parse.urlencode(query))
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)["data"]

    def wait_until_ready(self):
        for _ in range(600):
            try:
                urllib.request.urlopen("http://127.0.0.1:%d/-/ready" % self.port, timeout=5).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise SystemExit("prometheus does not run: " + open(self.log.name).read())

    def samples(self, begin, end):
        """Every raw sample of the period, of all series: {(labels, milliseconds): value}."""
        result = {}
        # A range selector gives samples as they are stored, with their own times.
        for series in self.get("/api/v1/query", query='{__name__!=""}[%ds]' % math.ceil(end - begin), time=end)["result"]:
            labels = frozenset(series["metric"].items())
            for at, value in series["values"]:
                result[labels, round(at * 1000)] = float(value)
        return result

    def metadata(self):
        return {name: entries[0] for name, entries in self.get("/api/v1/metadata").items()}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def same(stored, expected):
    """JSON has no number for NaN and infinities: they are null."""
    return stored is None if math.isnan(expected) or math.isinf(expected) else stored == expected


def milliseconds(text):
    """Of RFC 3339 with nine decimals, exactly."""
    whole, decimals = text.rstrip("Z").split(".")
    return calendar_seconds(whole) * 1000 + int(decimals[:3])


def calendar_seconds(text):
    import calendar

    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))


def series_of(row):
    return frozenset(list(json.loads(row["attributes"]).items()) + [("__name__", row["name"])])


TYPES = {"counter": "sum", "gauge": "gauge", "histogram": "histogram", "summary": "summary"}


def check(rows, expected, metadata):
    stored, repeated = {}, 0
    for row in rows:
        if row["value"] is None and row["flags"] is None and row["exemplars"]:
            continue
        key = (series_of(row), milliseconds(row["time"]))
        if key in stored:
            repeated += 1
            if stored[key]["value"] != row["value"]:
                raise SystemExit("one sample, two values: %s" % (row,))
        stored[key] = row
    missing = [key for key in expected if key not in stored]
    different = [key for key, value in expected.items() if key in stored and not same(stored[key]["value"], value)]
    series = {labels for labels, _ in expected}
    print("%d series, %d samples known to Prometheus; %d rows stored, %d of them sent again; %d missing, %d different" % (
        len(series), len(expected), len(rows), repeated, len(missing), len(different)))
    if missing or different or len(series) < 200:
        for key in (missing + different)[:3]:
            print(sorted(key[0]), key[1], expected[key], stored.get(key))
        raise SystemExit("prometheus: samples are missing or differ")
    # Metadata is sent every two seconds: the newest rows have it.
    untyped = set()
    for labels, _ in expected:
        name = dict(labels)["__name__"]
        if name in metadata:
            newest = max((key for key in stored if key[0] == labels), key=lambda key: key[1])
            if stored[newest]["type"] != TYPES[metadata[name]["type"]] or stored[newest]["description"] != metadata[name]["help"]:
                untyped.add(name)
    if untyped:
        raise SystemExit("prometheus: type or help are wrong of %s" % sorted(untyped)[:5])


def main(binary, seconds):
    with tempfile.TemporaryDirectory() as folder:
        job = Job(binary, JOB, folder)
        prometheus = Prometheus(folder, CONFIG, job=job.port)
        try:
            prometheus.wait_until_ready()
            begin = time.time()
            time.sleep(seconds / 2)
            job.kill()
            time.sleep(1)
            job.start()
            time.sleep(seconds / 2)
            # What was scraped until now is to arrive; the queue needs its deadline, and longer after the kill.
            end = time.time() - 0.5
            expected = prometheus.samples(begin, end)
            metadata = prometheus.metadata()
            newest = max(at for _, at in expected)
            job.wait_for(lambda rows: rows and milliseconds(max(row["time"] for row in rows)) > newest)
            time.sleep(1)
        finally:
            prometheus.stop()
        job.stop()
        check(job.rows(), expected, metadata)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 15)
    print("Prometheus and the job agree")
