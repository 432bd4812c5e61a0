"""The server watches itself: spans of its requests become journeys with objectives by its own generator, and its numbers count every request.

usage: own_slos.py SLOSCOUT_BINARY POSTGRES_URL [OUT]

A real server sends its spans to a receiver here; what arrived is analysed as any other telemetry. It is then analysed again with times and ids that are
the same in every run: the rules about submitting analyses must be those of docs/own-slos, byte for byte. OUT is a folder to keep them in instead:
docs/own-slos, after a change that is meant. Needs promtool.
Exit status 1 when a claim does not hold.
"""

import http.server
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from contract import quiet
from control_server import ROOT, Server, claim, database, traces


class Receiver(http.server.ThreadingHTTPServer):
    """Takes OTLP over HTTP in JSON, one request a line of a file."""

    def __init__(self, path):
        self.path, self.lock, self.spans, self.isAway = path, threading.Lock(), [], False
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, body):
        request = json.loads(body)
        with self.lock, open(self.path, "a") as out:
            for resource in request["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    self.spans += scope["spans"]
            out.write(json.dumps(request) + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces" and not self.server.isAway:
            self.server.take(body)
        self.send_response(503 if self.server.isAway else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def drive(server, folder):
    """Requests of all kinds; how many there were of each method, route and status."""
    counts = {}

    def call(method, path, route, body=None, **headers):
        status = server.call(method, path, body, **headers)[0]
        counts[method, route, status] = counts.get((method, route, status), 0) + 1
        return status

    claim("a job is submitted", call("PUT", "/api/v1/jobs/quiet", "/api/v1/jobs/{name}", quiet("quiet", folder)) == 201)
    for number in range(150):
        call("GET", "/api/v1/jobs", "/api/v1/jobs")
        call("GET", "/api/v1/jobs/quiet", "/api/v1/jobs/{name}")
        if number % 5 == 0:
            call("GET", f"/api/v1/jobs/absent-{number}", "/api/v1/jobs/{name}")
            status = call("POST", "/api/v1/analyze", "/api/v1/analyze", json.dumps({"service_name": "payment"}))
            claim("an analysis is submitted, or told to wait", status in (202, 429), status)
    return counts


def settled(path, target):
    """Writes the requests of a file again, with times and ids that are no accident: the first began at an hour of ours, the next 20 ms later, and so on."""
    ids, begin = {}, 1_767_225_600_000_000_000
    number = lambda id: ids.setdefault(id, f"{len(ids) + 1:0{len(id)}x}")
    requests = [json.loads(line) for line in path.read_text().splitlines()]
    count = 0
    for span in (span for request in requests for resource in request["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]):
        for key in ("traceId", "spanId", "parentSpanId"):
            if key in span:
                span[key] = number(span[key])
        start = begin + count * 20_000_000
        # Between 1 and 4.1 ms.
        span["startTimeUnixNano"], span["endTimeUnixNano"] = str(start), str(start + 1_000_000 + count % 32 * 100_000)
        count += 1
    target.write_text("".join(json.dumps(request) + "\n" for request in requests))


def analysed(binary, telemetry, tree):
    done = subprocess.run([binary, "analyze", telemetry, "--service", "sloscout", "--out", tree, "--json"], capture_output=True, text=True)
    claim("its own telemetry is analysed", done.returncode == 0, done.stderr)
    return {one["name"]: one for one in json.loads(done.stdout)["journeys"]}


def own_rules(tree):
    """What a tree says about submitting analyses, by path."""
    return {str(path.relative_to(tree)): path for path in tree.glob("prometheus/rules/sloscout/*") if "analyze" in path.name}


def numbers(text):
    found = {}
    for method, route, status, count in re.findall(
            r'sloscout_http_request_duration_seconds_count\{method="(\w+)",route="([^"]+)",status="(\d+)"\} (\d+)', text):
        found[method, route, int(status)] = int(count)
    return found


def main():
    binary, url, *out = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="sloscout-own-") as name:
        folder = Path(name)
        traces(folder / "input.otlp.jsonl")
        receiver = Receiver(folder / "own.otlp.jsonl")
        server = Server(binary, database(url, "server_own_slos"), "--telemetry", str(folder / "input.otlp.jsonl"),
                        "--traces", f"http://127.0.0.1:{receiver.server_address[1]}")
        receiver.isAway = True
        server.call("GET", "/health")
        time.sleep(2.5)
        receiver.isAway = False
        claim("a receiver that is away is in nobody's way", server.call("GET", "/health/ready")[0] == 200)
        trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
        server.call("GET", "/api/v1/audit", traceparent=f"00-{trace}-{parent}-01")
        counts = drive(server, folder)
        seen = numbers(server.call("GET", "/metrics")[1])
        claim("its numbers count every request", all(seen.get(key) == count for key, count in counts.items()), (counts, seen))
        checked = subprocess.run(["promtool", "check", "metrics"], input=server.call("GET", "/metrics")[1], capture_output=True, text=True)
        claim("and promtool has nothing to say about them", checked.returncode == 0, checked.stderr)
        claim("it ends well, and sends what is left", server.stop() == 0)

        attributes = lambda span: {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}
        spans = {}
        for span in receiver.spans:
            of = attributes(span)
            key = of["http.request.method"], of["http.route"], int(of["http.response.status_code"])
            spans[key] = spans.get(key, 0) + 1
            if not (span["name"] == f"{key[0]} {key[1]}" and int(span["endTimeUnixNano"]) > int(span["startTimeUnixNano"])):
                claim("spans are named after their routes, and take time", False, span)
        claim("there is a span of every request", all(spans.get(key) == count for key, count in counts.items()), (counts, spans))
        own = next(span for span in receiver.spans if span["traceId"] == trace)
        claim("a client's trace is gone on with", own["parentSpanId"] == parent, own)

        tree = folder / "slo"
        journeys = analysed(binary, receiver.path, tree)
        wanted = sum(count for (method, route, _), count in counts.items() if (method, route) == ("POST", "/api/v1/analyze"))
        found = next((one for name, one in journeys.items() if "/api/v1/analyze" in name and "POST" in name), None)
        claim("submitting an analysis is one of its journeys, with every request", found and found["requests"] == wanted, (wanted, sorted(journeys)))
        rules = sorted(tree.glob("prometheus/rules/sloscout/*.rules.yaml"))
        claim("it has objectives with rules", any("analyze" in path.name for path in rules), [path.name for path in rules])
        for path in rules:
            checked = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
            if checked.returncode != 0:
                claim(f"promtool takes {path.name}", False, checked.stdout + checked.stderr)
        claim(f"promtool takes all {len(rules)} files of rules", True)
        stable = folder / "stable"
        settled(receiver.path, folder / "settled.otlp.jsonl")
        analysed(binary, folder / "settled.otlp.jsonl", stable)
        made = own_rules(stable)
        if out:
            for path, file in made.items():
                target = Path(out[0]) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
            return
        kept = own_rules(ROOT / "docs/own-slos")
        other = sorted(path for path in {*made, *kept} if path not in made or path not in kept or made[path].read_bytes() != kept[path].read_bytes())
        claim("the rules of docs/own-slos are what it makes of its own telemetry", not other, other)


if __name__ == "__main__":
    main()
