"""A running job scrapes a real Prometheus and itself, and is killed meanwhile: what it stores is what they answered, sample by sample.

usage: scraper.py SLOSCOUT_BINARY [SECONDS]

Needs the program `prometheus` (Debian: apt-get install prometheus), and prometheus-client, another parser of what is exposed. A proxy between job and
targets keeps every answer. Exit status 1 when a scrape that is stored is no answer, or an answer is missing beyond the one that a kill may cost.
"""

import collections
import http.server
import json
import os
import sys
import tempfile
import threading
import time
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from prometheus import TYPES, Prometheus, same  # noqa: E402
from running_job import Job, free_port, through_topic  # noqa: E402

JOB = through_topic(
    """
      type: prometheus-scrape
      onError: fail
      time: {{ maxOutOfOrder: 10m }}
      config: {{ targets: ["127.0.0.1:{prometheus}", "127.0.0.1:{itself}"], job: shop, interval: 500ms, timeout: 400ms, spool: "{folder}/spool" }}""",
    "name", "name: string, time: string, type: string, unit: string, description: string, value: double, attributes: string")

CONFIG = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s }}
scrape_configs:
  - job_name: self
    static_configs: [{{ targets: ["127.0.0.1:{port}"] }}]
"""


class Proxy(threading.Thread):
    """Hands on what a target answers, and keeps it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.port, self.target, self.answers = free_port(), None, []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = urllib.request.Request(
                    "http://127.0.0.1:%d%s" % (proxy.target, self.path), headers={"Accept": self.headers.get("Accept", "")})
                try:
                    with urllib.request.urlopen(wanted, timeout=5) as answer:
                        kind, body = answer.headers["Content-Type"], answer.read()
                except OSError:
                    return self.send_error(502)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                proxy.answers.append((kind, body.decode()))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)

    def run(self):
        self.server.serve_forever()


def exposed(kind, text, instance):
    """What another parser reads: {labels: (value, type, help)}."""
    samples = {}
    for family in (openmetrics if "openmetrics" in kind else plain)(text):
        for sample in family.samples:
            labels = {"__name__": sample.name, "job": "shop", "instance": instance}
            for name, value in sample.labels.items():
                if value:
                    labels["exported_" + name if name in labels else name] = value
            samples[frozenset(labels.items())] = (sample.value, TYPES.get(family.type, family.type), family.documentation)
    return samples


def scrapes(rows, instance):
    """What is stored of a target: a dictionary like `exposed` for each scrape, in their order."""
    found = collections.defaultdict(dict)
    for row in rows:
        labels = dict(json.loads(row["attributes"]), __name__=row["name"])
        if labels["instance"] == instance:
            key = frozenset(labels.items())
            if key in found[row["time"]]:
                raise SystemExit("a sample is stored twice: %s" % row)
            found[row["time"]][key] = row
    return [found[time] for time in sorted(found)]


def equal(stored, answer):
    own = {key: row for key, row in stored.items() if row["name"] not in ("up", "scrape_duration_seconds", "scrape_samples_scraped")
           or key in answer}
    return own.keys() == answer.keys() and all(
        same(row["value"], answer[key][0]) and (row["type"], row["description"] or "") == answer[key][1:] for key, row in own.items())


def difference(stored, answer):
    for key in stored.keys() | answer.keys():
        row = stored.get(key)
        if row is None or key not in answer or not equal({key: row}, {key: answer[key]}):
            yield sorted(key), row, answer.get(key)


def check(name, proxy, rows):
    instance = "127.0.0.1:%d" % proxy.port
    answers = [exposed(kind, text, instance) for kind, text in list(proxy.answers)]
    up = frozenset({"__name__": "up", "job": "shop", "instance": instance}.items())
    stored = [scrape for scrape in scrapes(rows, instance) if scrape[up]["value"] == 1]
    at, matched = 0, 0
    for scrape in stored:
        found = next((index for index in range(at, len(answers)) if equal(scrape, answers[index])), None)
        if found is None:
            raise SystemExit("%s: a scrape is no answer: %s" % (name, list(difference(scrape, answers[min(at, len(answers) - 1)]))[:5]))
        at, matched = found + 1, matched + 1
    series = len(set().union(*answers)) if answers else 0
    print("%s: %d answers of %s, %d scrapes stored, %d samples, %d series, equal in labels, value, type and help" % (
        name, len(answers), " and ".join(sorted({kind.split(";")[0] for kind, _ in proxy.answers})), matched,
        sum(map(len, stored)), series))
    # A kill may cost the answer that was under way, and the end of the test another.
    if matched < 5 or len(answers) - matched > 2:
        raise SystemExit("%s: answers are missing" % name)


def main(binary, seconds):
    with tempfile.TemporaryDirectory() as folder:
        there, itself = Proxy(), Proxy()
        prometheus = Prometheus(folder, CONFIG)
        try:
            prometheus.wait_until_ready()
            there.target = prometheus.port
            there.start()
            itself.start()
            job = Job(binary, JOB, folder, ports=(), prometheus=there.port, itself=itself.port)
            itself.target = job.health
            time.sleep(seconds / 2)
            job.kill()
            job.start()
            time.sleep(seconds / 2)
            there.server.shutdown()
            itself.server.shutdown()
            # What was stored before is at the output when something later is: `up` is 0 by then.
            job.wait_for(lambda rows: all(
                any(row["value"] == 0 and row["name"] == "up" and str(proxy.port) in row["attributes"] for row in rows[-20000:])
                for proxy in (there, itself)))
            time.sleep(1)
        finally:
            prometheus.stop()
        job.stop()
        rows = job.rows()
        check("Prometheus", there, rows)
        check("sloscout", itself, rows)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 8)
    print("what was exposed and what was stored agree")
