"""The API keeps the promises of /api/v1/openapi.json: each status of each operation is seen once, and each answer looks as the document says.

usage: contract.py SLOSCOUT_BINARY POSTGRES_URL

Four identities (nobody, read, operate, admin) at every operation; hostile names, bodies and headers; the database away; a stop while jobs are submitted.
Exit status 1 when a claim does not hold.
"""

import json
import re
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import jsonschema
from openapi_spec_validator import validate

import hostile
import product
from control_server import Server, claim, database, document, sql, traces

sys.path.append(str(Path(__file__).resolve().parents[1] / "crash"))
from database_gate import DatabaseGate  # noqa: E402

ROLES = ("read", "operate", "admin")
#: A job that needs no database once it runs.
QUIET = """
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: {name} }}
spec:
  state: {what}
  checkpoint: {{ interval: 200ms, store: "{state}" }}
  sources:
    telemetry: {{ type: generate, onError: drop, config: {{ records: 100000000, rate: 2000, format: json }} }}
  sinks:
    nowhere: {{ type: discard, delivery: live, inputs: [telemetry] }}
"""


def quiet(name, folder, what="running"):
    return QUIET.format(name=name, state=folder / name, what=what)


class Contract:
    """What the document declares, and what of it was seen."""

    def __init__(self, spec):
        self.spec = spec
        self.seen = set()
        self.operations = [
            (operation, method.upper(), template)
            for template, item in spec["paths"].items() for method, operation in item.items()]
        schemas = {name: self.strict(schema) for name, schema in spec["components"]["schemas"].items()}
        self.components = {"components": {"schemas": schemas}}
        # Captures last: /jobs/overview is not a job of that name.
        self.patterns = sorted(
            ((template.count("{"), re.compile(self.pattern(template)), template) for template in spec["paths"]), key=lambda entry: entry[0])

    @staticmethod
    def pattern(template):
        return "^" + re.sub(r"\\{(\w+)\\}", lambda found: ".+" if found[1] == "path" else "[^/]+", re.escape(template)) + "$"

    @staticmethod
    def strict(schema):
        """The same, and nothing besides: a member that the document does not know is a mistake of the server."""
        return {**schema, "additionalProperties": False} if "properties" in schema else schema

    def find(self, method, path):
        path = path.split("?")[0]
        for _, pattern, template in self.patterns:
            if pattern.match(path) and method.lower() in self.spec["paths"][template]:
                return self.spec["paths"][template][method.lower()]
        return None

    def check(self, method, path, status, body, kind):
        operation = self.find(method, path)
        if operation is None:
            return
        name = operation["operationId"]
        declared = operation["responses"].get(str(status))
        if declared is None:
            claim(f"{name} answers only as declared", False, (method, path, status, body))
        content = declared.get("content")
        if content:
            found = content.get(kind) or content.get("*/*")
            if found is None:
                claim(f"{name} {status} has a declared type", False, (path, kind))
            if "json" in kind and kind in content:
                try:
                    jsonschema.Draft202012Validator({**found["schema"], **self.components}).validate(body)
                except jsonschema.ValidationError as error:
                    claim(f"{name} {status} looks as declared", False, (error.message, list(error.absolute_path), body))
        elif body:
            claim(f"{name} {status} has no body", False, body)
        self.seen.add((name, str(status)))

    def missing(self):
        return sorted(
            {(operation["operationId"], status) for operation, _, _ in self.operations for status in operation["responses"]} - self.seen)


class Watched(Server):
    """A server whose every answer is held against the document."""
    contract = None

    def call(self, method, path, body=None, **headers):
        status, view, response = super().call(method, path, body, **headers)
        if self.contract:
            self.contract.check(method, path, status, view, response.getheader("Content-Type", "").split(";")[0])
        return status, view, response


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def address(operation, template, **captures):
    """The operation's address about something that does not exist."""
    values = {"name": "absent", "id": "00000000-0000-0000-0000-000000000000", "path": "none", **captures}
    path = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "absent"), template)
    needed = [f"{one['name']}=1" for one in operation.get("parameters", []) if one["in"] == "query" and one["required"]]
    return path + ("?" + "&".join(needed) if needed else "")


def expect(server, what, method, path, status, body=None, code=None, **headers):
    seen, view, response = server.call(method, path, body, **headers)
    claim(what, seen == status and (code is None or view["error_code"] == code), (method, path, seen, view))
    return view, response


def jobs(server, folder, own):
    """Each answer of the operations on jobs that a caller with all rights can bring about."""
    text = quiet("quiet", folder)
    job = "/api/v1/jobs/quiet"
    expect(server, "a job is created", "PUT", job, 201, text)
    expect(server, "a job is replaced", "PUT", job, 200, text, If_Match='"1"')
    expect(server, "an old revision is refused", "PUT", job, 412, text, If_Match='"1"')
    expect(server, "a document of another name is refused", "PUT", job, 422, text.replace("name: quiet", "name: loud"))
    server.until("it runs", "quiet", lambda view: view["status"]["records"] > 100 and "checkpoint" in view["status"])
    for operation in ("", "/graph", "/points", "/checkpoints", "/history"):
        expect(server, f"GET {operation} answers", "GET", job + operation, 200)
    expect(server, "a limit that is none is refused", "GET", f"{job}/history?limit=many", 422, code="PARAMETER_INVALID")
    expect(server, "a parameter that is not there is refused", "GET", f"{job}?lost=1", 422, code="PARAMETER_INVALID")
    expect(server, "the document comes as YAML", "GET", job, 200, Accept="application/yaml")
    expect(server, "a plan is made", "POST", f"{job}/plan", 200, text)
    expect(server, "a plan of nonsense is refused", "POST", f"{job}/plan", 422, "a: [")
    lines = f'apiVersion: sloscout/v1\nkind: Connection\nmetadata: {{ name: lines }}\nspec: {{ type: local, config: {{ path: "{folder}/topics" }} }}\n---\n'
    shared = lines + text.replace("  sources:", "  exchange: { connection: lines, partitions: 1 }\n  sources:").lstrip()
    expect(server, "a job that has run here is not planned for workers", "POST", f"{job}/plan", 409, shared, code="PLACE_WOULD_CHANGE")
    expect(server, "nor given to them", "PUT", job, 409, shared, code="PLACE_WOULD_CHANGE")
    workers(server, shared, own)
    expect(server, "a checkpoint is taken", "POST", f"{job}/checkpoint", 202)
    flink(server)
    taps(server, job)
    savepoints(server, job, text)
    for verb in ("stop", "start", "restart", "cancel"):
        expect(server, f"{verb} refuses an old revision", "POST", f"{job}/{verb}", 412, If_Match='"1"')
        expect(server, f"{verb} works", "POST", f"{job}/{verb}", 200)
        expect(server, f"{verb} of a job that is not there", "POST", f"/api/v1/jobs/absent/{verb}", 404)
        expect(server, f"{verb} of a name that is none", "POST", f"/api/v1/jobs/a%20b/{verb}", 422)
    history = server.call("GET", f"{job}/history?limit=1")[1][0]
    claim("a cancelled job says which state stands", history["kind"] == "suspended" and "the last checkpoint stands" in history["message"], history)
    seen = server.call("GET", job)[1]["status"]["records"]
    expect(server, "a cancelled job starts again", "POST", f"{job}/start", 200)
    server.until("it goes on", "quiet", lambda view: view["status"]["records"] > seen)
    kinds = [entry["kind"] for entry in server.call("GET", f"{job}/history?limit=5")[1]]
    claim("from its last checkpoint, not from the beginning", "restored" in kinds, kinds)
    expect(server, "it is cancelled again", "POST", f"{job}/cancel", 200)
    expect(server, "no checkpoint of a job that does not run", "POST", f"{job}/checkpoint", 409)
    expect(server, "no records of a job that does not run", "GET", f"{job}/tap?edge=telemetry", 409)
    expect(server, "a job changes", "PATCH", job, 200, '{"parallelism": 1}')
    expect(server, "an old revision does not change", "PATCH", job, 412, '{"parallelism": 1}', If_Match='"1"')
    expect(server, "a change to nothing is refused", "PATCH", job, 422, "{}")
    expect(server, "a job that is not there does not change", "PATCH", "/api/v1/jobs/absent", 404, '{"parallelism": 1}')
    for operation in ("/graph", "/points", "/checkpoints", "/history", ""):
        expect(server, f"GET {operation} of a job that is not there", "GET", f"/api/v1/jobs/absent{operation}", 404)
        expect(server, f"GET {operation} of a name that is none", "GET", f"/api/v1/jobs/%3B{operation}", 422)
    expect(server, "no checkpoint of a job that is not there", "POST", "/api/v1/jobs/absent/checkpoint", 404)
    expect(server, "no checkpoint of a name that is none", "POST", "/api/v1/jobs/%3B/checkpoint", 422)
    expect(server, "no graph of a job that never ran", "PUT", "/api/v1/jobs/asleep", 201,
           quiet("asleep", folder, "suspended"))
    expect(server, "no graph of a job that never ran", "GET", "/api/v1/jobs/asleep/graph", 409)
    expect(server, "an old revision is not deleted", "DELETE", "/api/v1/jobs/asleep", 412, If_Match='"7"')
    expect(server, "a name that is none is not deleted", "DELETE", "/api/v1/jobs/%3B", 422)
    expect(server, "a job that is not there is not deleted", "DELETE", "/api/v1/jobs/absent", 404)
    conflicts(server, text)


def flink(server):
    """What users of Flink ask for, in the shape that they know."""
    cluster, _ = expect(server, "Flink's users see how many jobs there are", "GET", "/overview", 200)
    claim("of which one runs", cluster["jobs-running"] == 1 and cluster["taskmanagers"] == 1, cluster)
    listed, _ = expect(server, "they list them", "GET", "/jobs", 200)
    claim("by id and status", {"id": "quiet", "status": "RUNNING"} in listed["jobs"], listed)
    expect(server, "what is not there is told so", "GET", "/jobs/quiet/vertices/none", 404, code="NOT_FOUND")
    for tail in ("", "/checkpoints", "/exceptions"):
        expect(server, f"Flink's users find {tail or 'it'}", "GET", f"/jobs/quiet{tail}", 200)
        expect(server, f"Flink's users do not find {tail} of others", "GET", f"/jobs/absent{tail}", 404)
        expect(server, f"Flink's names are checked {tail}", "GET", f"/jobs/%27{tail}", 422)
    newest = server.call("GET", "/jobs/quiet/checkpoints")[1]["history"][0]
    claim("checkpoints have sizes, and times of today", newest["state_size"] > 0 and abs(newest["trigger_timestamp"] / 1000 - time.time()) < 3600, newest)


def workers(server, shared, own):
    """A job that workers would run, and no worker: what it answers, and that it waits. `own` is the server's database."""
    job = "/api/v1/jobs/shared"
    view, _ = expect(server, "a job over workers is created", "PUT", job, 201, shared.replace("name: quiet", "name: shared"))
    claim("it waits for workers", view["status"]["phase"] == "waiting" and view["status"]["shards"]["list"] == [], view)
    for operation in ("", "/points", "/checkpoints", "/history"):
        expect(server, f"GET {operation} of a job over workers", "GET", job + operation, 200)
    view, _ = expect(server, "the graph of a job that nobody runs has steps and no numbers", "GET", f"{job}/graph", 200)
    claim("all of them", {node["id"]: node["received"] for node in view["nodes"]} == {"telemetry": 0, "nowhere": 0}, view)
    expect(server, "no checkpoint while nobody runs it", "POST", f"{job}/checkpoint", 409, code="JOB_NOT_RUNNING")
    expect(server, "nor has it records to look at", "GET", f"{job}/tap?edge=telemetry", 409, code="JOB_NOT_RUNNING")
    view, response = expect(server, "no savepoint while nobody lives who could take it", "POST", f"{job}/savepoints", 503, code="NO_WORKERS")
    claim("which may pass", response.getheader("Retry-After") and "sloscout worker" in view["hint"], view)
    # A worker that says it lives, and does nothing: the savepoint stays asked for.
    sql(own, "INSERT INTO worker (owner, name, jobs, drains, expires_at) VALUES ('idle#1', 'idle', '{shared}', true, now() + interval '1 hour')")
    expect(server, "no savepoint of what nobody has taken up", "POST", f"{job}/savepoints", 409, code="NO_CHECKPOINT")
    sql(own, "INSERT INTO sharded_job (job, counts, layout) VALUES ('shared', '1,1', 'l')")
    for body in ('{"name": "chosen"}', '{"name": "chosen"}', None):
        view, response = expect(server, "a savepoint that takes too long is awaited", "POST", f"{job}/savepoints?wait=1", 504, body, code="SAVEPOINT_AWAITED")
        claim("under its name, and whoever asks again waits for the same", "chosen" in view["title"] and response.getheader("Retry-After"), view)
    expect(server, "another is not taken meanwhile", "POST", f"{job}/savepoints?wait=1", 409, '{"name": "other"}', code="SAVEPOINT_EXISTS")
    sql(own, "DELETE FROM sharded_job; DELETE FROM worker")
    expect(server, "nobody waits for what is no more", "POST", f"{job}/savepoints?wait=0", 422, code="PARAMETER_INVALID")
    expect(server, "its savepoints are listed", "GET", f"{job}/savepoints", 200)
    expect(server, "one that is not there is not removed", "DELETE", f"{job}/savepoints/absent", 404, code="SAVEPOINT_NOT_FOUND")
    expect(server, "no subtasks of it", "PATCH", job, 422, '{"parallelism": 2}')
    for verb, phase in (("stop", "suspended"), ("start", "waiting"), ("restart", "waiting"), ("cancel", "suspended")):
        view, _ = expect(server, f"{verb} works over workers", "POST", f"{job}/{verb}", 200)
        claim(f"then it is {phase}", view["status"]["phase"] == phase, view)
        if verb == "stop":
            expect(server, "no savepoint of what stands", "POST", f"{job}/savepoints", 409, code="JOB_NOT_RUNNING")
    expect(server, "Flink's users find it", "GET", "/jobs/shared", 200)
    expect(server, "it is deleted", "DELETE", job, 204)


def taps(server, job):
    """Records of an edge of a running job: no more than was asked for, and as many at once as the job bears."""
    text, response = expect(server, "records can be seen", "GET", f"{job}/tap?edge=telemetry&rate=5&seconds=2", 200)
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    claim("some of them, with their fields", 1 <= len(events) <= 15 and all("fields" in event["record"] for event in events), events)
    claim("those that were not shown are counted", sum(event["passed"] for event in events) > 1000, events)
    raw = [value for event in events for value in event["record"]["fields"].values() if isinstance(value, str)]
    claim("e-mail addresses are taken out", raw and not any(re.search(r"\w@\w+\.\w", value) for value in raw), raw)
    expect(server, "an edge that is not there", "GET", f"{job}/tap?edge=none", 404, code="EDGE_NOT_FOUND")
    expect(server, "no edge at all", "GET", f"{job}/tap", 422, code="PARAMETER_INVALID")
    threads = [threading.Thread(target=server.call, args=("GET", f"{job}/tap?edge=telemetry&seconds=2")) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    expect(server, "a fifth looks in vain", "GET", f"{job}/tap?edge=telemetry", 429)
    for thread in threads:
        thread.join()
    gone = socket.create_connection(("127.0.0.1", server.port))
    gone.sendall(f"GET {job}/tap?edge=telemetry&seconds=600 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    gone.recv(100)
    gone.close()
    time.sleep(2.5)
    threads = [threading.Thread(target=server.call, args=("GET", f"{job}/tap?edge=telemetry&seconds=1")) for _ in range(3)]
    for thread in threads:
        thread.start()
    expect(server, "who has gone takes nobody's place", "GET", f"{job}/tap?edge=telemetry&seconds=1", 200)
    for thread in threads:
        thread.join()


def savepoints(server, job, text):
    """Savepoints of a job without a ledger: whatever is asked for is given, or refused as declared."""
    place = f"{job}/savepoints"
    expect(server, "there is no savepoint", "GET", place, 200)
    view, response = expect(server, "one is taken", "POST", place, 201)
    claim("it is named after its checkpoint, and where it is", (view["name"], response.getheader("Location")) == (f"epoch-{view['epoch']}", f"{place}/{view['name']}"), view)
    expect(server, "another gets a name", "POST", place, 201, '{"name": "chosen"}')
    expect(server, "a name is given once", "POST", place, 409, '{"name": "chosen"}', code="SAVEPOINT_EXISTS")
    for name in ("", "..", "A", "a/b", "-a", "x" * 41):
        expect(server, f"{name[:5]!r} names none", "POST", place, 422, json.dumps({"name": name}))
    found = expect(server, "both are there", "GET", place, 200)[0]["savepoints"]
    claim("by name", [one["name"] for one in found] == ["chosen", view["name"]], found)
    expect(server, "a job that runs starts from none", "POST", f"{place}/chosen/start", 409, code="JOB_RUNNING")
    expect(server, "it stops", "POST", f"{job}/stop", 200)
    expect(server, "one that is not there is not started from", "POST", f"{place}/absent/start", 404, code="SAVEPOINT_NOT_FOUND")
    expect(server, "nor one of a job that took none", "POST", f"{place}/chosen/start?of=other", 404, code="SAVEPOINT_NOT_FOUND")
    expect(server, "nor one of a name that is none", "POST", f"{place}/chosen/start?of=a%2Fb", 422, code="NAME_INVALID")
    expect(server, "nor in the face of another change", "POST", f"{place}/chosen/start", 412, If_Match='"1"')
    before = server.call("GET", job)[1]["status"]["records"]
    expect(server, "a job without a ledger goes back", "POST", f"{place}/chosen/start", 200)
    server.until("it runs", "quiet", lambda view: view["status"]["records"] > 0)
    restored = next(one["message"] for one in server.call("GET", f"{job}/history?limit=10")[1] if one["kind"] == "restored")
    claim("from there", int(re.search(r"after (\d+) records", restored)[1]) < before, (restored, before))
    for method, tail in (("GET", ""), ("POST", ""), ("POST", "/chosen/start"), ("DELETE", "/chosen")):
        expect(server, f"{method} {tail} of a job that is not there", method, f"/api/v1/jobs/absent/savepoints{tail}", 404, code="JOB_NOT_FOUND")
        expect(server, f"{method} {tail} of a name that is none", method, f"/api/v1/jobs/%3B/savepoints{tail}", 422, code="NAME_INVALID")
    for _ in range(200):
        taking = threading.Thread(target=server.call, args=("POST", place, '{"name": "late"}'))
        taking.start()
        time.sleep(0.002)
        server.call("DELETE", f"{place}/late")
        taking.join()
        server.call("DELETE", f"{place}/late")
        if ("deleteSavepoint", "409") in server.contract.seen:
            break
    claim("savepoints of a job are taken and removed one by one", ("deleteSavepoint", "409") in server.contract.seen)
    for name in ("chosen", found[1]["name"]):
        expect(server, f"{name} is removed", "DELETE", f"{place}/{name}", 204)
    expect(server, "once", "DELETE", f"{place}/chosen", 404)
    claim("none is left", server.call("GET", place)[1]["savepoints"] == [])


def conflicts(server, text):
    """Two at once: one is done, the others are told that the job is being changed, or was."""
    changes = [
        ("PUT", "", text, "putJob"), ("PATCH", "", '{"parallelism": 1}', "patchJob"), ("POST", "/restart", None, "restartJob"),
        ("POST", "/start", None, "startJob"), ("POST", "/stop", None, "stopJob"), ("POST", "/cancel", None, "cancelJob"),
        ("DELETE", "", None, "deleteJob")]
    slow = "/api/v1/jobs/busy"
    text = text.replace("name: quiet", "name: busy")
    for method, path, body, name in changes:
        for _ in range(200):
            server.call("PUT", slow, text)
            results = []

            def one(method, path, body):
                results.append(server.call(method, slow + path, body))

            # A replacement stops the job with a checkpoint, which takes its time: whoever comes meanwhile is refused.
            first = threading.Thread(target=one, args=("PUT", "", text))
            first.start()
            time.sleep(0.002)
            one(method, path, body)
            first.join()
            if any(status == 409 for status, _, _ in results) and (name, "409") in server.contract.seen:
                break
        claim(f"{name} is refused while another change is under way", (name, "409") in server.contract.seen)
    etag = server.call("PUT", slow, text)[2].getheader("ETag")
    results = []
    threads = [threading.Thread(target=lambda: results.append(server.call("PATCH", slow, '{"parallelism": 1}', If_Match=etag)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claim("of eight changes of one revision one is made", results.count(200) == 1 and set(results) <= {200, 409, 412}, results)
    expect(server, "a job is deleted", "DELETE", slow, 204)


def analyses(server):
    ask = lambda body, status, **headers: expect(
        server, f"{str(body)[:60]} gives {status}", "POST", "/api/v1/analyze", status, json.dumps(body), **headers)
    body = {"service_name": "payment", "namespace": "production", "lookback_hours": 24}
    view, _ = ask(body, 202, Idempotency_Key="key")
    ask({"service_name": "shop"}, 409, Idempotency_Key="key")
    ask({}, 422)
    first = view["status_url"]
    last = None
    for _ in range(40):
        status, more, response = server.call("POST", "/api/v1/analyze", json.dumps(body))
        if status == 429:
            claim("who comes too often is told when to come again", int(response.getheader("Retry-After")) > 0)
            break
        before, last = last, more["status_url"]
    claim("more analyses than there is room for are refused", status == 429, (status, more))
    expect(server, "there is no result yet", "GET", f"{last}/result", 409)
    expect(server, "an analysis is cancelled", "DELETE", last, 204)
    watchers(server, before)
    for _ in range(300):
        if server.call("GET", first)[1]["status"] == "completed":
            break
        time.sleep(0.1)
    expect(server, "an analysis that is over is not cancelled", "DELETE", first, 409)
    text, _ = expect(server, "its end can be watched too", "GET", f"{first}/events", 200)
    event = json.loads(text.removeprefix("data: "))
    claim("as one event, what its status says", event == server.call("GET", first)[1], event)
    expect(server, "for a time that makes sense", "GET", f"{first}/events?seconds=0", 422)
    expect(server, "an analysis that is not there is not watched", "GET", f"/api/v1/analyze/{'0' * 36}/events", 404)
    expect(server, "analyses are listed", "GET", "/api/v1/analyze?limit=5", 200)
    expect(server, "a wrong limit is refused", "GET", "/api/v1/analyze?limit=0", 422)
    expect(server, "a result is there", "GET", f"{first}/result", 200)
    files, _ = expect(server, "files are listed", "GET", f"{first}/artifacts", 200)
    for path in files["artifacts"]:
        expect(server, f"{path} can be read", "GET", f"{first}/artifacts/{path}", 200)
    for path in ("", "/result", "/artifacts", "/artifacts/none"):
        expect(server, f"an analysis that is not there has no {path}", "GET", f"/api/v1/analyze/{'0' * 36}{path}", 404)
    expect(server, "an analysis that is not there is not cancelled", "DELETE", f"/api/v1/analyze/{'0' * 36}", 404)
    for path in ("../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "index.html%00", "..%2f..%2fetc%2fpasswd"):
        expect(server, f"{path} leads nowhere", "GET", f"{first}/artifacts/{path}", 404)
    return first


def watchers(server, url):
    """As many as may watch an analysis that waits for its turn; each is told when it is over."""
    results = []
    threads = [threading.Thread(target=lambda: results.append(server.call("GET", f"{url}/events?seconds=2"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    expect(server, "a seventeenth watches in vain", "GET", f"{url}/events", 429, code="TOO_MANY_WATCHERS")
    for thread in threads:
        thread.join()
    claim("all others were told", [status for status, _, _ in results] == [200] * 16 and all(text.startswith("data: ") for _, text, _ in results), results[:1])
    expect(server, "their places are free again", "GET", f"{url}/events?seconds=1", 200)


def strangers(server):
    for operation, method, template in server.contract.operations:
        expect(server, f"{operation['operationId']} does not answer to another name of this machine", method, address(operation, template), 403,
               Host="evil.example")
        if operation.get("x-role"):
            path = address(operation, template)
            expect(server, f"{operation['operationId']} takes no parameter that it does not know", method, path + ("&" if "?" in path else "?") + "nonsense=1",
                   422, code="PARAMETER_INVALID")
        if "requestBody" in operation:
            expect(server, f"{operation['operationId']} takes no body of 2 MiB", method, address(operation, template), 413, "#" * (2 << 20))


def identities(server, tokens):
    """All operations with all identities: exactly those may pass whose role suffices."""
    for operation, method, template in server.contract.operations:
        role, path, name = operation.get("x-role"), address(operation, template), operation["operationId"]
        status = server.call(method, path)[0]
        claim(f"{name} without a token", (status == 401) == (role is not None), status)
        for index, held in enumerate(ROLES):
            status, view, _ = server.call(method, path, **bearer(tokens[held]))
            refused = role is not None and index < ROLES.index(role)
            claim(f"{name} with the role {held}", status == 403 if refused else status not in (401, 403), (status, view))
    for wrong in ("Basic YTpi", "Bearer", "Bearer ", "Bearer slo_guess", "bearer  x", "Bearer " + "a" * 5000):
        claim(f"{wrong[:20]} opens nothing", server.call("GET", "/api/v1/jobs", Authorization=wrong)[0] == 401)
    claim("a method that a path does not take is named", server.call("DELETE", "/api/v1/jobs")[2].getheader("Allow") == "GET")


def database_away(server, gate, fresh):
    """With the database gone: 503 with Retry-After, and jobs go on."""
    before = server.call("GET", "/api/v1/jobs/quiet", **bearer(fresh[0]))[1]["status"]["records"]
    gate.close()
    expect(server, "a server without its database is not ready", "GET", "/health/ready", 503)
    for number, (operation, method, template) in enumerate(server.contract.operations):
        if operation.get("x-role"):
            # A token that was not seen before: what is known of others holds for five seconds.
            status, problem, response = server.call(method, address(operation, template), **bearer(f"slo_unseen{number}"))
            claim(f"{operation['operationId']} without the database", status == 503 and int(response.getheader("Retry-After")) > 0, (status, problem))
    after = server.call("GET", "/api/v1/jobs/quiet", **bearer(fresh[0]))
    for _ in range(50):
        if after[0] == 200 and after[1]["status"]["records"] > before:
            break
        time.sleep(0.1)
        after = server.call("GET", "/api/v1/jobs/quiet", **bearer(fresh[0]))
    claim("a running job goes on without it", after[0] in (200, 503), after)
    time.sleep(1)
    gate.open()
    for _ in range(100):
        if server.call("GET", "/health/ready")[0] == 200:
            break
        time.sleep(0.1)
    status, view, _ = server.call("GET", "/api/v1/jobs/quiet", **bearer(fresh[0]))
    claim("the job did not restart meanwhile", status == 200 and view["status"]["phase"] == "running" and view["status"]["records"] > before, view)
    kinds = [entry["kind"] for entry in server.call("GET", "/api/v1/jobs/quiet/history", **bearer(fresh[0]))[1]]
    claim("nor did it fail", kinds[0] in ("started", "restored"), kinds)


def shutdown(server, binary, url, folder, token):
    """Whatever was acknowledged while the server stopped is there when it comes back."""
    accepted, refused = set(), []

    def submit(worker):
        for number in range(1000):
            name = f"late-{worker}-{number}"
            text = quiet(name, folder, "suspended")
            try:
                status, view, _ = server.call("PUT", f"/api/v1/jobs/{name}", text, **bearer(token))
            except OSError:
                return
            if status == 201:
                accepted.add(name)
            elif status != 503:
                refused.append((status, view))

    threads = [threading.Thread(target=submit, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    claim("a server stops while jobs are submitted", server.stop() == 0)
    for thread in threads:
        thread.join()
    claim("submits during a stop are taken, or refused with 503", not refused, refused[:1])
    again = Server(binary, url)
    names = {job["name"] for job in again.call("GET", "/api/v1/jobs", **bearer(token))[1]["jobs"]}
    claim(f"all {len(accepted)} jobs that were acknowledged are there", accepted and accepted <= names, accepted - names)
    again.stop()


def main():
    binary, url = sys.argv[1:]
    own = database(url, "server_contract")
    place = urlsplit(own)
    with tempfile.TemporaryDirectory(prefix="sloscout-contract-") as name, DatabaseGate(place.hostname, place.port) as gate:
        folder = Path(name)
        traces(folder / "traces.otlp.jsonl", 5000, carts=True)
        through = urlunsplit(place._replace(netloc=f"{place.username}@127.0.0.1:{gate.port}"))
        options = ("--telemetry", str(folder / "traces.otlp.jsonl"))
        server = Watched(binary, own, *options)
        spec = server.call("GET", "/api/v1/openapi.json")[1]
        validate(spec)
        claim("the document is valid OpenAPI 3.1", spec["openapi"].startswith("3.1"))
        server.contract = contract = Contract(spec)
        for path in ("/health", "/health/live", "/health/ready", "/api/v1/openapi.json", "/jobs", "/jobs/overview", "/api/v1/jobs", "/api/v1/audit",
                     "/api/v1/audit/verify"):
            expect(server, f"GET {path} answers", "GET", path, 200)
        expect(server, "a wrong limit is refused", "GET", "/api/v1/audit?limit=a", 422)
        jobs(server, folder, own)
        analyses(server)
        product.walk(server, own, folder)
        hostile.walk(server, folder)
        strangers(server)
        server.stop()

        server = Watched(binary, own, "--require-token", *options)
        tokens = {role: hostile.token(binary, own, f"contract-{role}", role) for role in ROLES}
        server.contract = contract
        identities(server, tokens)
        server.stop()
        server = Watched(binary, through, *options)
        server.contract = contract
        claim("a job is started", server.call("POST", "/api/v1/jobs/quiet/start", **bearer(tokens["admin"]))[0] == 200)
        for _ in range(100):
            view = server.call("GET", "/api/v1/jobs/quiet", **bearer(tokens["read"]))[1]
            if view["status"]["phase"] == "running" and view["status"]["records"] > 0:
                break
            time.sleep(0.1)
        database_away(server, gate, [tokens["read"]])
        missing = contract.missing()
        claim(f"all {len(contract.seen)} statuses of {len(contract.operations)} operations were seen", not missing, missing)
        shutdown(server, binary, own, folder, tokens["admin"])


if __name__ == "__main__":
    main()
