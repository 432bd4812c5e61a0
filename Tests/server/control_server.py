"""The control server as its users meet it: submit, inspect, steer, kill -9, resume; tokens, roles and the audit log.

usage: control_server.py SLOSCOUT_BINARY POSTGRES_URL

The database is emptied of nothing: the test makes two of its own. Exit status 1 when a claim does not hold.
"""

import atexit
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]
CAPSULES = "SELECT service, environment, shape, window_start, count FROM capsule_shape ORDER BY 1, 2, 3, 4"


def claim(what, holds, seen=""):
    print(f"{'ok' if holds else 'NOT OK'}: {what}{'' if holds else f' (seen: {seen})'}", flush=True)
    if not holds:
        sys.exit(1)


def sql(url, text):
    return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url, "-c", text], check=True, capture_output=True, text=True).stdout


def database(url, name):
    sql(url, f"DROP DATABASE IF EXISTS {name}")
    sql(url, f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def document(name, state, *, records, rate=None):
    """The shipped job under another name, smaller, with checkpoints every 200 ms."""
    text = (ROOT / "jobs.yaml").read_text()
    pace = f", rate: {rate}" if rate else ""
    for old, new in [
        ("metadata: { name: fingerprint }", f"metadata: {{ name: {name} }}"),
        ("config: { records: 200000, format: json }", f"config: {{ records: {records}, seed: 7{pace}, format: json }}"),
        ('interval: 5s, store: "${SLOSCOUT_STATE:-.sloscout}"', f'interval: 200ms, store: "{state}"'),
    ]:
        assert text.count(old) == 1, f"jobs.yaml holds {text.count(old)} times {old!r}: this test must follow it"
        text = text.replace(old, new)
    return text


class Server:
    def __init__(self, binary, url, *options, port=0):
        self.process = subprocess.Popen(
            [binary, "server", "--port", str(port), *options], env={**os.environ, "DATABASE_URL": url}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"listening on https?://[^:]+:(\d+)", line):
                self.port = int(found[1])
                # Nobody reads on, and a full pipe would stop the server: the rest goes where a thread takes it.
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                atexit.register(self.process.kill)
                return
        raise SystemExit(f"the server did not start: {''.join(self.said)}")

    def call(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        text = response.read()
        kind = response.getheader("Content-Type", "")
        return response.status, json.loads(text) if "json" in kind and text else text.decode(), response

    def until(self, what, job, holds):
        for _ in range(600):
            status, view, _ = self.call("GET", f"/api/v1/jobs/{job}")
            if status == 200 and holds(view):
                return view
            time.sleep(0.1)
        claim(what, False, view)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def steering(binary, url, folder):
    reference, own = database(url, "server_reference"), database(url, "server_own")
    plain = folder / "reference.yaml"
    plain.write_text(document("steered", folder / "reference", records=60000))
    subprocess.run([binary, "run", "--quiet", plain], check=True, env={**os.environ, "DATABASE_URL": reference}, stderr=subprocess.DEVNULL)

    server = Server(binary, own)
    claim("a server without tokens says so, loudly", any("WARNING" in line for line in server.said), server.said)
    claim("it is ready", server.call("GET", "/health/ready")[0] == 200)
    slow = document("steered", folder / "state", records=60000, rate=8000)
    status, view, response = server.call("PUT", "/api/v1/jobs/steered", slow)
    claim("a submitted job is created", status == 201 and response.getheader("Location") == "/api/v1/jobs/steered", (status, view))
    status, view, response = server.call("PUT", "/api/v1/jobs/steered", slow, If_None_Match="*")
    claim("a job that exists is not created again", status == 412 and view["error_code"] == "REVISION_CONFLICT", (status, view))
    view = server.until("it runs", "steered", lambda view: view["status"]["phase"] == "running" and view["status"]["records"] > 2000)
    claim("a checkpoint can be asked for", server.call("POST", "/api/v1/jobs/steered/checkpoint")[0] == 202)
    view = server.until("checkpoints are seen", "steered", lambda view: "checkpoint" in view["status"])

    status, graph, _ = server.call("GET", "/api/v1/jobs/steered/graph")
    busy = [node for node in graph["nodes"] if node["id"] == "telemetry"]
    claim("the graph has live numbers", status == 200 and busy[0]["received"] > 2000 and graph["edges"], graph)
    status, text, response = server.call("GET", "/metrics")
    claim("its numbers are there for a Prometheus", status == 200 and 'job="steered"' in text and "sloscout_up " in text, text[:2000])
    promtool = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    claim("and promtool has nothing to say about them", promtool.returncode == 0, promtool.stderr)
    status, text, _ = server.call("GET", "/api/v1/jobs/steered", Accept="application/yaml")
    claim("the document comes back as it was sent", text == slow)

    server.kill()
    server = Server(binary, own)
    view = server.until("a killed server resumes its jobs", "steered", lambda view: view["status"]["phase"] == "running")
    graph = server.call("GET", "/api/v1/jobs/steered/graph")[1]
    telemetry = next(node for node in graph["nodes"] if node["id"] == "telemetry")
    claim("steps count over all runs, as the job does", telemetry["received"] >= view["status"]["records"] > 2000, (telemetry, view["status"]))
    status, view, response = server.call("POST", "/api/v1/jobs/steered/stop")
    claim("a job stops with a checkpoint", status == 200 and view["status"]["phase"] == "suspended", view)
    claim("stopping is a change", view["revision"] == 2, view)
    status, view, _ = server.call("PATCH", "/api/v1/jobs/steered", '{"state": "running"}', If_Match='"1"')
    claim("a change of an old revision is refused", status == 412, (status, view))
    claim("a stopped server ends well", server.stop() == 0)

    server = Server(binary, own)
    claim("a stopped job stays stopped", server.call("GET", "/api/v1/jobs/steered")[1]["status"]["phase"] == "suspended")
    status, view, _ = server.call("PATCH", "/api/v1/jobs/steered", '{"parallelism": 2, "state": "running"}')
    claim("a job can be given more subtasks", status == 200 and view["spec"]["parallelism"] == 2, (status, view))
    server.until("it comes to its end", "steered", lambda view: view["status"]["phase"] == "finished")
    claim("kill, stop and rescaling lost and doubled nothing", sql(own, CAPSULES) == sql(reference, CAPSULES))
    kinds = [entry["kind"] for entry in server.call("GET", "/api/v1/jobs/steered/history")[1]]
    claim("history tells of the resumption", "restored" in kinds and kinds[0] == "finished", kinds)
    refusals(server, folder)
    claim("a job is deleted", server.call("DELETE", "/api/v1/jobs/steered")[0] == 204 and server.call("GET", "/api/v1/jobs/steered")[0] == 404)
    status, audit, _ = server.call("GET", "/api/v1/audit/verify")
    claim("the audit log is intact", status == 200 and audit["intact"] and audit["rows"] >= 4, audit)
    server.stop()
    return own


def refusals(server, folder):
    good = document("other", folder / "other", records=10)
    status, problem, response = server.call("PUT", "/api/v1/jobs/other", good.replace("type: require", "type: requir"))
    place = problem["errors"][0]
    claim("a wrong document is refused with its place", status == 422 and place["line"] > 1 and place["hint"], (status, problem))
    claim("errors are problem documents", response.getheader("Content-Type") == "application/problem+json")
    claim("the name in the document must be the address", server.call("PUT", "/api/v1/jobs/another", good)[0] == 422)
    status, problem, _ = server.call("PUT", "/api/v1/jobs/other", good.replace("records: 10,", 'records: 10, start: "${file:/etc/hostname}",'))
    claim("a document reads no files of the server", status == 422, (status, problem))
    status, problem, _ = server.call("PUT", "/api/v1/jobs/other", good.replace("records: 10,", 'records: 10, start: "${HOME}",'))
    claim("a document reads no other variables of the server", status == 422, (status, problem))
    renamed = (folder / "reference.yaml").read_text().replace("capsules", "bundles").replace("type: bundles", "type: capsules")
    renamed = renamed.replace(str(folder / "reference"), str(folder / "state"))
    status, problem, _ = server.call("PUT", "/api/v1/jobs/steered", renamed)
    claim("a change that would lose state is refused", status == 409 and problem["plan"]["dropped"] == ["capsules"], (status, problem))
    status, view, _ = server.call("PUT", "/api/v1/jobs/steered?lose-state=true", renamed)
    claim("unless somebody says that it may be", status == 200, (status, view))
    view = server.until("then the job goes on without it", "steered", lambda view: view["status"]["phase"] in ("finished", "failed"))
    claim("and does not fail", view["status"]["phase"] == "finished", view)
    kinds = [entry["kind"] for entry in server.call("GET", "/api/v1/jobs/steered/history")[1]]
    claim("its history tells of it", "dropped" in kinds, kinds)
    for name in ["..", "a%2Fb", "a%00b", "x" * 64, "%27%3B--"]:
        claim(f"the name {name[:12]} is refused", server.call("PUT", f"/api/v1/jobs/{name}", good)[0] in (404, 422))
    claim("a body over the limit is refused", server.call("PUT", "/api/v1/jobs/other", "#" * (2 << 20))[0] == 413)
    claim("bytes that are no text are refused", server.call("PUT", "/api/v1/jobs/other", b"\xff\xfe")[0] == 422)
    claim("a page of another site is refused", server.call("POST", "/api/v1/jobs/steered/start", Origin="http://evil.example")[0] == 403)
    claim("another name for this machine is refused", server.call("GET", "/api/v1/jobs", Host="evil.example")[0] == 403)


def grown(binary, url, folder):
    """A sink that a job gets while it has state begins where the job is; one that has lost its ledger does not."""
    own = database(url, "server_grown")
    server = Server(binary, own)
    slow = document("grown", folder / "grown", records=40000, rate=8000)
    server.call("PUT", "/api/v1/jobs/grown", slow)
    server.until("checkpoints are taken, and the first ones removed", "grown", lambda view: view["status"].get("checkpoint", {}).get("epoch", 0) > 6)
    more = slow.replace("    aliases:\n", """    second:
      type: postgres
      connection: capsule-store
      inputs: [capsules]
      config: { table: capsule_again, key: [service, environment, shape, window_start], types: { severities: jsonb, samples: jsonb } }

    aliases:
""", 1)
    status, view, _ = server.call("PUT", "/api/v1/jobs/grown", more)
    claim("a job gets a sink more", status == 200, (status, view))
    view = server.until("it comes to its end", "grown", lambda view: view["status"]["phase"] in ("finished", "failed"))
    claim("and does not fail for it", view["status"]["phase"] == "finished", view["status"])
    warned = [entry["message"] for entry in server.call("GET", "/api/v1/jobs/grown/history")[1] if entry["kind"] == "warning"]
    claim("its history says where the sink begins", any('"second" is new to the job' in message for message in warned), warned)
    both = "SELECT count(*) FROM capsule_shape a JOIN capsule_again b USING (service, environment, shape, window_start) WHERE a.count = b.count"
    claim("what windows emit from then on is in both tables", int(sql(own, both)) > 0, sql(own, "SELECT count(*) FROM capsule_again"))
    sql(own, "DELETE FROM sink_ledger WHERE sink = 'second'")
    server.call("POST", "/api/v1/jobs/grown/restart")
    view = server.until("a sink that has lost its ledger is another matter", "grown", lambda view: view["status"]["phase"] in ("finished", "failed"))
    claim("it is refused", view["status"]["phase"] == "failed" and "missing" in view["status"]["message"], view["status"])
    server.stop()


def traces(path, count=200, carts=False, reports=False):
    """Requests through two services, one in twenty fails, in OTLP/JSON; of `reports` nothing tells whether they failed."""
    def span(trace, span_id, parent, name, kind, start, milliseconds, code, **attributes):
        return {
            "traceId": f"{trace:032x}", "spanId": f"{span_id:016x}", "parentSpanId": f"{parent:016x}" if parent else "", "name": name, "kind": kind,
            "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + milliseconds * 1_000_000), "status": {"code": code},
            "attributes": [{"key": key.replace("_", "."), "value": {"stringValue": value}} for key, value in attributes.items()]}

    def resource(service, spans):
        return {"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}, "scopeSpans": [{"spans": spans}]}

    with open(path, "w") as out:
        for number in range(1, count + 1):
            start = 1_767_225_600_000_000_000 + number * 1_400_000_000_000 // count
            code = 2 if number % 20 == 0 else 0
            root = span(number, number * 4 + 1, 0, "POST /checkout", 2, start, 80 + number % 50, code, http_route="/checkout")
            call = span(number, number * 4 + 2, number * 4 + 1, "charge", 2, start + 5_000_000, 40, code)
            out.write(json.dumps({"resourceSpans": [resource("shop", [root]), resource("payment", [call])]}) + "\n")
            if carts:
                cart = span(count + number, number * 4 + 3, 0, "GET /cart", 2, start, 20, 0, http_route="/cart")
                out.write(json.dumps({"resourceSpans": [resource("shop", [cart])]}) + "\n")
            if reports:
                report = span(2 * count + number, number * 4 + 4, 0, "GET /report", 0, start, 20, 0, http_route="/report")
                out.write(json.dumps({"resourceSpans": [resource("shop", [report])]}) + "\n")


def analyses(binary, url, folder):
    traces(folder / "traces.otlp.jsonl")
    own = database(url, "server_analyses")
    server = Server(binary, own, "--telemetry", str(folder / "traces.otlp.jsonl"))
    ask = lambda body, **headers: server.call("POST", "/api/v1/analyze", json.dumps(body), Content_Type="application/json", **headers)

    def end(identity):
        for _ in range(300):
            view = server.call("GET", f"/api/v1/analyze/{identity}")[1]
            if view["status"] in ("completed", "failed", "cancelled"):
                return view
            time.sleep(0.1)
        claim("an analysis ends", False, view)

    body = {"service_name": "payment", "namespace": "production", "lookback_hours": 24}
    status, view, response = ask(body, Idempotency_Key="one")
    claim("an analysis is accepted", status == 202 and view["state"] == "accepted" and response.getheader("Location") == view["status_url"], view)
    status, again, _ = ask(body, Idempotency_Key="one")
    claim("the same key is the same analysis", again["job_id"] == view["job_id"], again)
    claim("the same key for something else is refused", ask({"service_name": "shop"}, Idempotency_Key="one")[0] == 409)
    server.kill()
    server = Server(binary, own, "--telemetry", str(folder / "traces.otlp.jsonl"))
    view = end(view["job_id"])
    claim("an analysis survives a kill of the server", view["status"] == "completed" and view["journeys_discovered"] == 1, view)
    stages = view["stages"]
    claim("its stages are those of the second try, each over when the next began", [one["name"] for one in stages] == ["collect", "assemble", "journeys", "artifacts"]
          and all(one["finished_at"] == then for one, then in zip(stages, [one["started_at"] for one in stages[1:]] + [view["completed_at"]])), stages)
    status, result, _ = server.call("GET", view["result_url"])
    journey = result["journeys"][0]
    claim("its journey has the requests and errors of the file", (journey["requests"], journey["errors"]) == (200, 10), journey)
    status, files, _ = server.call("GET", f"{view['status_url']}/artifacts")
    claim("it wrote rules, dashboards, objectives, runbooks and a report", len(files["artifacts"]) == view["artifacts_generated"] > 5, files)
    page = next(path for path in files["artifacts"] if path.endswith("index.html"))
    status, text, response = server.call("GET", f"{view['status_url']}/artifacts/{page}")
    claim("files can be read, and cannot act", status == 200 and "sandbox" in response.getheader("Content-Security-Policy", ""), status)
    view = end(ask({"service_name": "paymnt"})[1]["job_id"])
    claim("an unknown service is named, with the close ones",
          view["status"] == "failed" and view["error"]["error_code"] == "SERVICE_NOT_FOUND" and "payment" in view["error"]["message"], view)
    for wrong in [{}, {"service_name": 7}, {"service_name": "a", "lookback_hours": 0}, {"service_name": "a", "lookback_hours": 5, "analysis_window_days": 2},
                  {"service_name": "a", "force_refresh": "yes"}, []]:
        status, problem, _ = ask(wrong)
        claim(f"{json.dumps(wrong)} is refused", status == 422 and problem["error_code"] == "REQUEST_INVALID", (status, problem))
    claim("an analysis that is over cannot be cancelled", server.call("DELETE", view["status_url"])[0] == 409)
    claim("an analysis that is not there is not found", server.call("GET", "/api/v1/analyze/none")[0] == 404)
    server.stop()


def access(binary, url):
    env = {**os.environ, "DATABASE_URL": url}
    make = lambda name, role: subprocess.run(
        [binary, "server", "token", "create", name, "--role", role], env=env, check=True, capture_output=True, text=True).stdout.strip()
    tokens = {role: make(f"test-{role}", role) for role in ("read", "operate", "admin")}
    server = Server(binary, url)
    bearer = lambda role: {"Authorization": f"Bearer {tokens[role]}"}
    claim("with tokens, nobody comes in without", server.call("GET", "/api/v1/jobs")[0] == 401)
    claim("a wrong token does not open", server.call("GET", "/api/v1/jobs", Authorization="Bearer slo_guess")[0] == 401)
    claim("health needs no token", server.call("GET", "/health")[0] == 200)
    claim("readers read", server.call("GET", "/api/v1/jobs", **bearer("read"))[0] == 200)
    claim("readers change nothing", server.call("PUT", "/api/v1/jobs/x", "a", **bearer("read"))[0] == 403)
    claim("operators change jobs", server.call("PUT", "/api/v1/jobs/x", "a", **bearer("operate"))[0] == 422)
    claim("operators do not read the audit log", server.call("GET", "/api/v1/audit", **bearer("operate"))[0] == 403)
    status, audit, _ = server.call("GET", "/api/v1/audit", **bearer("admin"))
    claim("admins do", status == 200 and audit["entries"][0]["action"] == "token.create", audit)
    server.stop()
    hashes = sql(url, "SELECT hash FROM sloscout_token")
    claim("the database holds no token", not any(token in hashes for token in tokens.values()))
    tampering(binary, url, env)


def tampering(binary, url, env):
    verify = lambda: subprocess.run([binary, "server", "audit", "verify"], env=env, capture_output=True, text=True)
    claim("the audit log verifies", verify().returncode == 0, verify().stderr)
    change = "UPDATE sloscout_audit SET actor = 'nobody' WHERE seq = 2"
    refused = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url, "-c", change], capture_output=True)
    claim("the audit log refuses changes", refused.returncode != 0)
    off, on = ("ALTER TABLE sloscout_audit DISABLE TRIGGER ALL", "ALTER TABLE sloscout_audit ENABLE TRIGGER ALL")
    sql(url, f"{off}; {change}; {on}")
    claim("a change by force is found, with its row", verify().returncode == 1 and "row 2" in verify().stderr, verify().stderr)


def paths(binary, url, folder):
    """Files of the server's machine: below the allowed paths, and nowhere else."""
    inside, outside = folder / "inside", folder / "outside"
    for place in (inside, outside):
        place.mkdir()
        (place / "log.jsonl").write_text('{"message": "hello", "timestamp": "2026-01-01T00:00:00Z"}\n')
        (place / "start").write_text("2026-01-01T00:00:00Z")
    (inside / "link").symlink_to(outside)
    server = Server(binary, database(url, "server_paths"), "--allow-path", str(inside))
    text = lambda source: f"""
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: reader }}
spec:
  state: suspended
  checkpoint: {{ store: "{folder / 'state'}" }}
  sources:
    telemetry: {{ onError: drop, {source} }}
  sinks:
    nowhere: {{ type: discard, delivery: live, inputs: [telemetry] }}
"""
    put = lambda source: server.call("PUT", "/api/v1/jobs/reader", text(source))
    file = lambda path: f'type: file, config: {{ path: "{path}", format: json }}'
    generated = lambda path: f'type: generate, config: {{ records: 10, format: json, start: "${{file:{path}}}" }}'
    for path in (inside / "log.jsonl", inside / "*.jsonl", inside / "later" / "x.jsonl"):
        status, view, _ = put(file(path))
        claim(f"{path.name} below an allowed path may be read", status in (200, 201), view)
    for path in (outside / "log.jsonl", f"{inside}/../outside/log.jsonl", inside / "link" / "log.jsonl", folder / "**" / "*.jsonl", "/etc/passwd"):
        status, view, _ = put(file(path))
        claim(f"{str(path)[-24:]} may not", status == 422 and view["errors"][0]["code"] == "server.path", (status, view))
    status, view, _ = put(generated(inside / "start"))
    claim("a document may be filled in from an allowed file", status in (200, 201), view)
    for path in (outside / "start", "/etc/hostname", inside / "link" / "start"):
        status, view, _ = put(generated(path))
        claim(f"and not from {str(path)[-20:]}", status == 422, (status, view))
    server.stop()


def main():
    binary, url = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="sloscout-server-") as folder:
        own = steering(binary, url, Path(folder))
        analyses(binary, url, Path(folder))
        grown(binary, url, Path(folder))
        access(binary, own)
        paths(binary, url, Path(folder))


if __name__ == "__main__":
    main()
