"""The job `traces` is killed again and again: the totals at its end are those of an analysis of the same file, which nobody killed.

usage: trace_kills.py SLOSCOUT_BINARY [FILE] [KILLS] [SEED]

FILE holds OTLP/JSON requests; without one 30,000 traces of an invented shop are made. Exit status 1 when a total differs.
"""

import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import shop_traces  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def job_file(folder, path):
    """The shipped job, with checkpoints every 50 ms, a file as its source and its sink."""
    text = open(os.path.join(ROOT, "jobs.yaml")).read()
    text = next(document for document in text.split("\n---\n") if "metadata: { name: traces }" in document)
    for old, new in [
        ('interval: 10s, store: "${SLOSCOUT_STATE:-.sloscout}"', 'interval: 50ms, store: "%s/state"' % folder),
        ("type: otlp\n", "type: otlp-file\n"),
        ('listen: "${SLOSCOUT_OTLP:-127.0.0.1:4318}", ', 'path: "%s", ' % path),
        ("type: prometheus\n", 'type: file\n      config: { path: "%s/out" }\n' % folder),
        ("every: 10s", "every: 100ms"),
    ]:
        if text.count(old) != 1:
            raise SystemExit("jobs.yaml holds %d times %r: this test must follow it" % (text.count(old), old))
        text = text.replace(old, new)
    job = os.path.join(folder, "job.yaml")
    with open(job, "w") as out:
        out.write(text)
    return job


def totals(folder):
    """The newest value of each series; it must never be below one that was there before."""
    values, out = {}, os.path.join(folder, "out")
    for name in sorted(os.listdir(out), key=lambda n: (len(n), n)):
        if not name.startswith("part-"):
            continue
        for line in open(os.path.join(out, name)):
            row = json.loads(line)
            key = (row["name"], row["labels"])
            if row["value"] < values.get(key, 0):
                raise SystemExit("%s %s ran backwards: %s after %s" % (*key, row["value"], values[key]))
            values[key] = row["value"]
    return values


def main():
    binary = os.path.abspath(sys.argv[1])
    path = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] else ""
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        if not path:
            path = os.path.join(folder, "shop.otlp.jsonl")
            with open(path, "w") as out:
                for line in shop_traces.lines(30_000, 1_767_225_600_000_000_000, 1_000_000_000):
                    out.write(line + "\n")
        found = subprocess.run([binary, "analyze", path, "--json"], check=True, capture_output=True, timeout=120)
        expected = {j["slug"]: j for j in json.loads(found.stdout)["journeys"]}
        job, died = job_file(folder, path), 0
        with open(os.path.join(folder, "log"), "w") as log:
            for _ in range(kills):
                process = subprocess.Popen([binary, "run", job, "--job", "traces"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                time.sleep(dice.uniform(0.05, 0.9))
                process.send_signal(signal.SIGKILL)
                died += process.wait() == -signal.SIGKILL
            subprocess.run([binary, "run", job, "--job", "traces"], check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=300)
        values = totals(folder)
        sums = collections.Counter()
        for (name, labels), value in values.items():
            journey = json.loads(labels).get("journey")
            if journey and name in ("journey_requests_total", "journey_errors_total", "journey_duration_seconds_count"):
                sums[name, journey] = value
            elif name == "traces_span_metrics_calls_total":
                sums["spans"] += value
        counted = {key[1]: value for key, value in sums.items() if key[0] == "journey_requests_total"}
        if set(counted) != set(expected):
            raise SystemExit("seed %d: journeys are %s, an analysis finds %s" % (seed, counted, sorted(expected)))
        if not path.endswith(".gz"):
            sent = sum(line.count('"startTimeUnixNano":') for line in open(path))
            if sums["spans"] != sent:
                raise SystemExit("seed %d: %d spans are counted, %d are in the file" % (seed, sums["spans"], sent))
        for slug, journey in expected.items():
            wanted = {"journey_requests_total": journey["requests"], "journey_duration_seconds_count": journey["requests"]}
            if journey["error_evidence"] == "spans":
                wanted["journey_errors_total"] = journey["errors"]
            for name, value in wanted.items():
                if sums[name, slug] != value:
                    raise SystemExit("seed %d: %s of %s is %s, expected is %s" % (seed, name, slug, sums[name, slug], value))
        print("%d of %d runs killed; %d spans, %d journeys, %d series: totals as an analysis has them" % (
            died, kills, sums["spans"], len(expected), len(values)))


main()
