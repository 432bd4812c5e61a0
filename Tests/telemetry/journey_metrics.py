"""From spans to panels, with a real Prometheus: the job `traces` receives spans, Prometheus scrapes it and evaluates the generated rules, and every panel has data.

usage: journey_metrics.py SLOSCOUT_BINARY [SECONDS]

Needs `prometheus` and `promtool`. An invented shop sends for SECONDS (45). Then: `analyze --prometheus` proves all indicators; every rule file loads; every expression of
every dashboard parses and returns data; the counters are those of an analysis of what was sent. An address where nobody listens is an error that says so.
Exit status 1 when one of these is not so.
"""

import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import shop_traces  # noqa: E402
from running_job import free_port  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CONFIG = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}
rule_files: [ "{folder}/rules/*.yaml" ]
scrape_configs:
  - job_name: sloscout
    static_configs: [{{ targets: ["127.0.0.1:{metrics}"] }}]
"""


def fail(message):
    raise SystemExit("journey metrics: " + message)


def job_file(folder, port):
    """The shipped job, hurried: what takes half a minute for real systems takes a second here."""
    text = open(os.path.join(ROOT, "jobs.yaml")).read()
    text = next(document for document in text.split("\n---\n") if "metadata: { name: traces }" in document)
    for old, new in [
        ('interval: 10s, store: "${SLOSCOUT_STATE:-.sloscout}"', 'interval: 300ms, store: "%s/state"' % folder),
        ('listen: "${SLOSCOUT_OTLP:-127.0.0.1:4318}"', 'listen: "127.0.0.1:%d", spool: "%s/spool"' % (port, folder)),
        ("maxOutOfOrder: 1m", "maxOutOfOrder: 1s"), ("gap: 30s", "gap: 1s"), ("every: 10s", "every: 500ms"),
    ]:
        if text.count(old) != 1:
            fail("jobs.yaml holds %d times %r: this test must follow it" % (text.count(old), old))
        text = text.replace(old, new)
    path = os.path.join(folder, "job.yaml")
    with open(path, "w") as out:
        out.write(text)
    return path


def wait_until(condition, what, seconds=60):
    for _ in range(seconds * 10):
        try:
            if condition():
                return
        except (OSError, KeyError):
            pass
        time.sleep(0.1)
    fail("timed out: " + what)


class Prometheus:
    def __init__(self, folder, metrics):
        self.port = free_port()
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w") as out:
            out.write(CONFIG.format(folder=folder, metrics=metrics))
        self.log = open(os.path.join(folder, "prometheus.log"), "w")
        self.process = subprocess.Popen(
            ["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + os.path.join(folder, "tsdb"), "--web.listen-address=127.0.0.1:%d" % self.port],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.url = "http://127.0.0.1:%d" % self.port
        wait_until(lambda: urllib.request.urlopen(self.url + "/-/ready", timeout=5).status == 200, "Prometheus does not start")

    def get(self, path, **query):
        with urllib.request.urlopen("%s/api/v1/%s?%s" % (self.url, path, urllib.parse.urlencode(query)), timeout=20) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        try:
            return self.get("query", query=expression)["result"]
        except urllib.error.HTTPError as error:
            fail("Prometheus does not take %s: %s" % (expression, error.read()[:300]))

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


def hurried_rules(tree, folder):
    """The generated rules, evaluated every second, so that what is built of what was recorded comes soon."""
    os.makedirs(folder + "/rules", exist_ok=True)
    files = glob.glob(tree + "/prometheus/rules/*/*.rules.yaml")
    for path in files:
        text = re.sub(r"\n( +)interval: \S+", r"\n\1interval: 1s", open(path).read())
        # What sums up hours is summed up in seconds here: the expression is the same but for its step.
        text = re.sub(r"\[(\d+)d:1h\]", r"[10m:1s]", text)
        with open(os.path.join(folder, "rules", os.path.basename(os.path.dirname(path)) + "-" + os.path.basename(path)), "w") as out:
            out.write(text)
    return len(files)


def panels(tree):
    for path in sorted(glob.glob(tree + "/grafana/dashboards/*.json")):
        board = json.load(open(path))
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                text = target["expr"].replace("$__rate_interval", "1m").replace("$slo", ".*").replace("$environment", ".*")
                yield "%s, %s" % (board["title"], panel["title"]), text


def main():
    binary = os.path.abspath(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 45
    running = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(binary, seconds, folder, running)
        except SystemExit:
            sys.stderr.write(open(os.path.join(folder, "job.log")).read()[-2000:])
            raise
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def check(binary, seconds, folder, running):
    otlp, metrics = free_port(), free_port()
    with open(folder + "/job.log", "w") as log:
        running.append(subprocess.Popen(
            [binary, "run", job_file(folder, otlp), "--job", "traces", "--quiet", "--listen", "127.0.0.1:%d" % metrics], stdin=subprocess.DEVNULL, stdout=log, stderr=log))
    page = "http://127.0.0.1:%d/metrics" % metrics
    wait_until(lambda: urllib.request.urlopen(page, timeout=5).status == 200, "the job does not answer /metrics")
    os.makedirs(folder + "/rules")
    prometheus = Prometheus(folder, metrics)
    running.append(prometheus.process)

    sent = open(folder + "/sent.jsonl", "w")
    def send(lines):
        # One request may hold the spans of many.
        body = {"resourceSpans": [r for line in lines for r in json.loads(line)["resourceSpans"]]}
        request = urllib.request.Request(
            "http://127.0.0.1:%d/v1/traces" % otlp, json.dumps(body).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=20).close()
        sent.writelines(line + "\n" for line in lines)
        sent.flush()

    begin, number = time.time(), 0
    def burst():
        nonlocal number
        number += 1
        send(list(shop_traces.lines(50, int((time.time() - 1) * 1e9), 15_000_000, seed=number)))

    wait_until(lambda: burst() or True, "the job does not take spans", 5)
    while time.time() - begin < seconds / 3:
        burst()
        time.sleep(0.5)
    tree = folder + "/tree"
    subprocess.run([binary, "analyze", folder + "/sent.jsonl", "--out", tree], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = hurried_rules(tree, folder)
    prometheus.reload()
    while time.time() - begin < seconds:
        burst()
        time.sleep(0.5)

    groups = prometheus.get("rules")["groups"]
    broken = [(rule["name"], rule.get("lastError")) for group in groups for rule in group["rules"] if rule.get("lastError")]
    if broken or len({group["file"] for group in groups}) != files:
        fail("%d of %d rule files are loaded; rules that fail: %s" % (len({g["file"] for g in groups}), files, broken[:3]))
    asked, empty = 0, []
    for name, expression in panels(tree):
        asked += 1
        # Where nothing burns there is no time until the budget is gone, and rightly no data: the division alone has some.
        if not prometheus.query(expression.replace(" > 0)", ")") if "Time until it is gone" in name else expression):
            empty.append((name, expression))
    if empty:
        fail("%d of %d panel expressions return nothing: %s" % (len(empty), asked, empty[:4]))

    found = subprocess.run(
        [binary, "analyze", folder + "/sent.jsonl", "--prometheus", prometheus.url, "--json", "--out", folder + "/proven"], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    proof = json.loads(found.stdout)
    unproven = [line["name"] for line in proof["prometheus"]["indicators"] if not line["series"]]
    if unproven or not proof["prometheus"]["indicators"]:
        fail("indicators without series: %s" % unproven)
    nobody = subprocess.run([binary, "analyze", folder + "/sent.jsonl", "--prometheus", "http://127.0.0.1:%d" % free_port()], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if nobody.returncode != 1 or "cannot be reached" not in nobody.stderr:
        fail("an address where nobody listens: exit %d, %s" % (nobody.returncode, nobody.stderr[-300:]))

    # Nothing more comes: the split becomes idle, and what was open is counted when the job ends its sessions; until then all but the newest are there.
    counted = {json.dumps([s["metric"]["journey"], s["metric"]["entry_service"]]): float(s["value"][1]) for s in prometheus.query("journey_requests_total")}
    for journey in proof["journeys"]:
        have = counted.get(json.dumps([journey["slug"], journey["entry_service"]]), 0)
        if not 0.5 * journey["requests"] < have <= journey["requests"]:
            fail("%s: %s requests at Prometheus, %s were sent" % (journey["slug"], have, journey["requests"]))
    print("%d rule files loaded, %d panel expressions with data, %d indicators proven, %d journeys" % (
        files, asked, len(proof["prometheus"]["indicators"]), len(proof["journeys"])))


main()
