#!/usr/bin/env python3
"""The control server as the controller of workers: submit, upgrade, stop, start, cancel, kills of both; and jobs that follow a folder.

  controller.py BINARY [--broker HOST:PORT] [--seed N] [--keep FOLDER]

A server, two workers that know no file, a real PostgreSQL and a real broker. Records arrive all the time. At the end the table holds exactly what
`sloscout run` makes of the same files, and so does that of a job that began with a savepoint; and at no moment did shards of two definitions run side by side.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "server"))
from cluster import TABLE, Feeder, Worker, job_file, parser  # noqa: E402
from control_server import Server as ControlServer, claim  # noqa: E402
from postgres import ROOT, Server as Postgres  # noqa: E402

HELD = "SELECT DISTINCT definition_version FROM shard_lease WHERE job = '{0}' AND owner IS NOT NULL AND expires_at > now()"

#: A job of the server's own process, beside one over workers.
OWN = """apiVersion: sloscout/v1
kind: Job
metadata: {{ name: {name} }}
spec:
  guarantee: at-least-once
  checkpoint: {{ interval: 1s, store: "{folder}/state" }}
  sources:
    made: {{ type: generate, config: {{ records: 1000000, rate: 2000 }} }}
  sinks:
    nowhere: {{ type: discard, inputs: [made] }}
"""


class Watch:
    """Looks all the time whether shards of two definitions run side by side."""

    def __init__(self, postgres, database, job):
        self.command = ["psql", "-XqAt", postgres.url(database)]
        self.question, self.looks, self.mixed, self.is_over = HELD.format(job), 0, [], False
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        session = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        while not self.is_over:
            session.stdin.write(self.question + ";\n\\echo end\n")
            session.stdin.flush()
            versions = []
            for line in session.stdout:
                if line.strip() == "end":
                    break
                versions.append(line.strip())
            self.looks += 1
            if len(versions) > 1:
                self.mixed.append(versions)
            time.sleep(0.02)
        session.stdin.close()
        session.wait(10)

    def stop(self):
        self.is_over = True
        self.thread.join(20)


class Test:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.name = f"shop-{options.seed}"
        self.path = f"/api/v1/jobs/{self.name}"
        self.workers, self.number = [], 0
        self.postgres = Postgres(folder / "postgres")
        self.postgres.create("control")
        self.url = self.postgres.url("control")

    def worker(self):
        self.number += 1
        worker = Worker(self.options.binary, None, self.url, f"w{self.number}", self.folder, lease=2)
        self.workers.append(worker)
        return worker

    def close(self):
        for worker in self.workers:
            if worker.is_alive:
                worker.kill()
        self.postgres.stop()

    def until(self, what, holds):
        return self.server.until(what, self.name, holds)

    def running(self, workers, beyond=0):
        return self.until(
            f"all shards run on {workers} workers", lambda view: view["status"]["phase"] == "running" and view["status"]["shards"]["version"] > beyond
            and len({shard["worker"] for shard in view["status"]["shards"]["list"]}) == workers)

    def counted(self):
        try:
            return tuple(int(row[0]) for row in self.postgres.psql(
                "control", "SELECT coalesce(sum(count), 0) FROM capsule_shape", "SELECT count(*) FROM dead_letter"))
        except RuntimeError:
            return (0, 0)

    def progress(self, what, seconds=20):
        before, deadline = self.counted()[0], time.monotonic() + seconds
        while time.monotonic() < deadline and self.counted()[0] <= before:
            time.sleep(0.1)
        claim(what, self.counted()[0] > before, before)

    def go(self):
        options, folder = self.options, self.folder
        job = folder / "job.yaml"
        job_file(
            job, inputs=f"{folder}/in/*.jsonl", exchange=("kafka", f'{{ brokers: ["{options.broker}"] }}'), readers=2, partitions=3,
            store=f"{folder}/state", name=self.name)
        text = job.read_text()
        feeder = Feeder(folder / "in", 3, 1_000_000, 3_000, options.seed, ending=" by ann@example.com")
        feeder.start()
        self.server = ControlServer(options.binary, self.url)
        watch = Watch(self.postgres, "control", self.name)
        self.life(text)
        self.refusals(text)
        self.recut()
        self.savepoints()
        self.kills()
        self.totals(feeder, job)
        self.begin_again()
        self.unattended()
        watch.stop()
        claim(f"in {watch.looks} looks no two definitions ran side by side", watch.looks > 100 and not watch.mixed, watch.mixed[:3])
        self.ending()
        claim("a stopped server ends well", self.server.stop() == 0)
        self.follow(text)

    def life(self, text):
        """Submit, run, upgrade, stop, start, checkpoint, restart, cancel."""
        status, view, _ = self.server.call("PUT", self.path, text)
        claim("a job over workers is taken", status == 201, (status, view))
        claim("without workers it waits, and says what to do", view["status"]["phase"] == "waiting" and "sloscout worker" in view["status"]["message"], view)
        status, problem, response = self.server.call("POST", f"{self.path}/savepoints")
        said = self.client("savepoint", self.name)
        claim("the terminal says so, and that it may pass", said.returncode == 75 and "no worker lives" in said.stderr, said)
        said = self.client("savepoint", "--all", "--as", "nothing")
        claim("a job that has counted nothing yet needs none", said.returncode == 0 and f"{self.name}: waiting" in said.stdout, said)
        claim("nor has it a savepoint, which may pass", (status, problem["error_code"]) == (503, "NO_WORKERS") and response.getheader("Retry-After"), problem)
        shown = subprocess.run([self.options.binary, "worker", "status", "--database", self.url], capture_output=True, text=True)
        claim("the status of workers is in words when there is nothing to show", "sloscout worker" in shown.stdout and shown.returncode == 0, shown)
        self.worker()
        self.worker()
        view = self.running(2)
        first = view["status"]["shards"]
        claim("all its shards are shown", len(first["list"]) == first["total"] == first["running"] >= 5, first)
        self.progress("records are counted")
        self.until("rates and checkpoints are shown", lambda view: view["status"]["rate"] > 0 and "checkpointAge" in view["status"]["shards"])
        rates = []
        for _ in range(6):
            rates.append(self.server.call("GET", self.path)[1]["status"]["rate"])
            time.sleep(0.5)
        claim("and the rate is steady enough to read", min(rates) > 0, rates)

        self.graph()
        self.taps()
        changed = text.replace("emit: { every: 300ms }", "emit: { every: 250ms }")
        status, view, _ = self.server.call("PUT", self.path, changed)
        claim("another document is an upgrade", status == 200 and view["status"]["shards"]["version"] > first["version"], (status, view))
        view = self.running(2, first["version"])
        second = view["status"]["shards"]["version"]
        pins = list((self.folder / "state").glob(f"{self.name}.*/savepoint-upgrade-v*"))
        claim("the state before it is kept, of every shard that had any", len(pins) == first["total"], [len(pins), first["total"]])
        self.progress("the upgraded job goes on")

        status, view, _ = self.server.call("POST", f"{self.path}/stop")
        claim("it stops, every shard", status == 200 and view["status"]["phase"] == "suspended", view)
        claim("nobody holds a shard", self.postgres.psql("control", HELD.format(self.name)) == [])
        shown = subprocess.run([self.options.binary, "worker", "status", "--database", self.url], capture_output=True, text=True)
        claim("stopped shards are not missed", shown.returncode == 0 and "stopped" in shown.stdout, shown)
        for what in ("checkpoint", "savepoints"):
            status, problem, _ = self.server.call("POST", f"{self.path}/{what}")
            claim(f"a job that stands takes no {what}", (status, problem["error_code"]) == (409, "JOB_NOT_RUNNING"), (status, problem))
        self.server.call("POST", f"{self.path}/start")
        view = self.running(2)
        claim("a start is no new definition", view["status"]["shards"]["version"] == second, view["status"]["shards"])
        said = subprocess.run(
            [self.options.binary, "job", "checkpoint", "--all", "--wait", "20", "--server", f"http://127.0.0.1:{self.server.port}"],
            capture_output=True, text=True)
        claim("a checkpoint of all shards can be waited for", said.returncode == 0 and self.name in said.stdout, said)
        said = subprocess.run(
            [self.options.binary, "job", "show", self.name, "--server", f"http://127.0.0.1:{self.server.port}"], capture_output=True, text=True)
        claim("the terminal shows the shards", said.returncode == 0 and "w1" in said.stdout and "1.0" in said.stdout, said)
        self.server.call("POST", f"{self.path}/restart")
        self.running(2, second)
        status, view, _ = self.server.call("POST", f"{self.path}/cancel")
        claim("it can be ended at once", status == 200 and view["status"]["phase"] == "suspended" and "at once" in view["status"]["message"], view)
        self.server.call("PATCH", self.path, '{"state": "running"}')
        self.running(2)
        status, text, _ = self.server.call("GET", "/metrics")
        claim("its shards are among the numbers", f'sloscout_shards{{job="{self.name}",state="running"}} {first["total"]}' in text, text[-2000:])
        promtool = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        claim("and promtool has nothing to say about them", promtool.returncode == 0, promtool.stderr)
        self.text = changed

    def graph(self):
        """What the steps do, over all shards, while somebody looks."""
        loads = "SELECT count(*) FROM shard_lease WHERE load IS NOT NULL"
        claim("while nobody looks at the graph workers tell nothing of it", self.postgres.psql("control", loads) == [["0"]])
        status, graph, _ = self.server.call("GET", f"{self.path}/graph")
        nodes = {node["id"]: node for node in graph["nodes"]}
        claim("the graph is that of the whole job", status == 200 and {"telemetry", "capsules", "store"} <= set(nodes) and graph["edges"], graph)
        claim("with the records of all shards", nodes["telemetry"]["received"] > 0 and nodes["capsules"]["received"] > 0
              and nodes["telemetry"]["subtasks"] == 2 and nodes["capsules"]["subtasks"] == 3, graph["nodes"])
        claim("its inputs are those of all readers", len(graph["splits"]) == 3 and graph["waitsFor"].startswith("windows"), graph)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and not all(nodes[step]["rate"] > 0 and nodes[step]["busy"] > 0 for step in ("telemetry", "capsules")):
            time.sleep(0.5)
            nodes = {node["id"]: node for node in self.server.call("GET", f"{self.path}/graph")[1]["nodes"]}
        claim("and how fast and how busy they are", time.monotonic() < deadline, nodes)

    def taps(self):
        """Records of shards, wherever they run, while somebody looks; and nothing is left of a look."""
        left = "SELECT (SELECT count(*) FROM sharded_tap), (SELECT count(*) FROM sharded_tap_record)"

        def records(edge, seconds, rate=10):
            status, text, _ = self.server.call("GET", f"{self.path}/tap?edge={edge}&rate={rate}&seconds={seconds}")
            claim(f"records of {edge} can be seen", status == 200, (status, text))
            return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]

        def forgotten(what):
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and self.postgres.psql("control", left) != [["0", "0"]]:
                time.sleep(0.1)
            claim(what, self.postgres.psql("control", left) == [["0", "0"]], self.postgres.psql("control", left))

        # A file is one reader's, and each worker has one of the two readers.
        events = records("telemetry", 6, rate=50)
        claim("no more than were asked for", 20 <= len(events) <= 50 * 7, len(events))
        claim("those that were not shown are counted", sum(event["passed"] for event in events) > 3_000, sum(event["passed"] for event in events))
        files = {int(event["record"]["fields"]["event_id"][1:]) % 3 for event in events}
        claim("they are of all readers, on both workers", files == {0, 1, 2}, files)
        shown = json.dumps(events)
        claim("personal data is taken out of them", "@" not in shown and "<email>" in shown, events[:3])
        keys = {(event["record"]["fields"]["service"], event["record"]["fields"]["shape"]) for event in records("capsules", 6, rate=50)}
        claim("a later stage hands on what it made, from its shards", len(keys) > 3, keys)
        letters = records("telemetry.errors", 6, rate=50)
        claim("so do the sides of a step", letters and all("reason" in event["record"]["fields"] for event in letters), letters[:2])
        forgotten("nothing is left of looks that are over")

        call = self.server.call
        status, problem, _ = call("GET", f"{self.path}/tap?edge=nowhere")
        claim("an edge that is not there is told so, with those that are",
              (status, problem["error_code"]) == (404, "EDGE_NOT_FOUND") and "telemetry" in problem["hint"], problem)
        threads = [threading.Thread(target=call, args=("GET", f"{self.path}/tap?edge=telemetry&seconds=3")) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        status, problem, _ = call("GET", f"{self.path}/tap?edge=telemetry")
        claim("a fifth looks in vain", (status, problem["error_code"]) == (429, "TOO_MANY_TAPS"), problem)
        for thread in threads:
            thread.join()
        said = self.client("tap", self.name, "redacted", "--rate", "5", "--seconds", "4")
        lines = [json.loads(line) for line in said.stdout.splitlines()]
        claim("the terminal shows records too", said.returncode == 0 and 1 <= len(lines) <= 5 * 5 and all(line["record"]["fields"] for line in lines), said)
        forgotten("nothing is left of them either")
        gone = self.look()
        claim("a look stands in the database", self.postgres.psql("control", "SELECT count(*) FROM sharded_tap") == [["1"]])
        gone.close()
        forgotten("nor of one whose client has gone")
        self.tap_ends()
        forgotten("nothing is left when the server was killed: workers remove it")

    def look(self):
        """A client that looks at records, and can go at any time."""
        client = socket.create_connection(("127.0.0.1", self.server.port))
        client.sendall(f"GET {self.path}/tap?edge=telemetry&seconds=600 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        client.recv(100)
        return client

    def tap_ends(self):
        """A look ends with its job; that of a server which is killed ends with its time."""
        ends = []
        thread = threading.Thread(target=lambda: ends.append(self.server.call("GET", f"{self.path}/tap?edge=telemetry&seconds=25")[0]))
        thread.start()
        time.sleep(1)
        self.server.call("POST", f"{self.path}/stop")
        thread.join(10)
        claim("a look ends when its job is stopped", ends == [200], ends)
        self.server.call("POST", f"{self.path}/start")
        self.running(2)
        gone = self.look()
        time.sleep(1)
        self.server.kill()
        gone.close()
        claim("a killed server leaves its look", self.postgres.psql("control", "SELECT count(*) FROM sharded_tap") == [["1"]])
        self.server = ControlServer(self.options.binary, self.url)
        self.running(2)

    def refusals(self, text):
        call = self.server.call
        lines = [line for line in text.splitlines() if not line.startswith("  exchange:")]
        status, problem, _ = call("PUT", self.path, "\n".join(lines))
        claim("the server does not begin anew what workers have counted", status == 409 and problem["error_code"] == "PLACE_WOULD_CHANGE", (status, problem))
        renamed = text.replace("capsules", "bundles").replace("type: bundles", "type: capsules")
        status, problem, _ = call("PUT", self.path, renamed)
        claim("what would lose state, or travel otherwise, is refused", status == 409, (status, problem))
        status, problem, _ = call("PATCH", self.path, '{"parallelism": 2}')
        claim("more subtasks are more workers", status == 422 and "workers" in problem["hint"], (status, problem))
        status, problem, _ = call("PUT", self.path, text.replace("connection: exchange,", "connection: absent,"))
        claim("a wrong document is refused with its place", status == 422 and problem["errors"], (status, problem))

    def recut(self):
        """Another number of partitions: the upgraded job is drained and cut anew."""
        before = self.server.call("GET", self.path)[1]["status"]["shards"]
        self.text = self.text.replace("partitions: 3", "partitions: 4")
        status, view, _ = self.server.call("PUT", self.path, self.text)
        claim("another number of partitions is an upgrade", status == 200, (status, view))
        stages = (before["total"] - 2) // 3
        self.until("the job is cut anew and runs", lambda view: view["status"]["phase"] == "running"
                   and view["status"]["shards"]["total"] == view["status"]["shards"]["running"] == 2 + 4 * stages)
        shown = subprocess.run([self.options.binary, "worker", "status", "--database", self.url], capture_output=True, text=True)
        claim("as its next version", f"{self.name}: version 2, running: 2 readers, 4 partitions" in shown.stdout, shown.stdout)
        status, view, _ = self.server.call("PUT", self.path, self.text.replace("emit: { every: 250ms }", "emit: { every: 240ms }"))
        claim("an upgrade is planned with the state of the new shards", status == 200, (status, view))
        self.text = self.text.replace("emit: { every: 250ms }", "emit: { every: 240ms }")
        self.running(2, before["version"])
        self.progress("and goes on")

    def client(self, *arguments):
        return subprocess.run(
            [self.options.binary, *arguments, "--server", f"http://127.0.0.1:{self.server.port}"], stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def savepoints(self):
        """Of the whole job, by request, while records arrive: taken, listed, removed; and the job goes on."""
        call, place = self.server.call, f"{self.path}/savepoints"
        status, view, response = call("POST", f"{place}?wait=25", '{"name": "middle"}')
        claim("a savepoint is taken of all shards", status == 201 and (view["name"], view["job"]) == ("middle", self.name), (status, view))
        claim("it says where it is", response.getheader("Location") == f"{place}/middle")
        folder = self.folder / "state" / self.name
        claim("and lies where the job keeps its checkpoints", (folder / "savepoint-middle").exists())
        status, problem, _ = call("POST", place, '{"name": "middle"}')
        claim("a name is given once", (status, problem["error_code"]) == (409, "SAVEPOINT_EXISTS"), (status, problem))
        self.progress("the job goes on")
        said = self.client("savepoint", self.name, "--wait", "25")
        claim("the terminal takes one too, named after the cut", said.returncode == 0 and said.stdout.startswith("epoch-"), said)
        named = said.stdout.split()[0]
        for word in ("bytes", "there already"):
            said = self.client("savepoint", "--all", "--as", "before-revision-2", "--wait", "25")
            claim(f"one of all jobs may be repeated: {word}", said.returncode == 0 and f"{self.name}: before-revision-2" in said.stdout and word in said.stdout, said)
        found = [one["name"] for one in call("GET", place)[1]["savepoints"]]
        claim("all are listed", found == ["before-revision-2", named, "middle"], found)
        claim("one is removed", call("DELETE", f"{place}/{named}")[0] == 204)
        claim("with its data", not list(folder.glob(f"save*-{named}*")), list(folder.iterdir()))
        claim("and is not there any more", call("DELETE", f"{place}/{named}")[0] == 404)
        status, view, _ = call("POST", f"{place}?wait=25", json.dumps({"name": named}))
        claim("its name can be had again", status == 201, (status, view))
        self.running(2)

    def begin_again(self):
        """A job of another name, with tables of its own, begins with the savepoint and delivers what came after."""
        self.postgres.create("trial")
        name = f"{self.name}-trial"
        text = self.text.replace(f"metadata: {{ name: {self.name} }}", f"metadata: {{ name: {name} }}")
        text = re.sub(r"\$\{DATABASE_URL[^}]*\}", self.postgres.url("trial"), text)
        path = f"/api/v1/jobs/{name}"
        status, view, _ = self.server.call("PUT", f"{path}?state=suspended", text)
        claim("a job that is to begin with a savepoint waits for it", status == 201 and view["status"]["phase"] == "suspended", (status, view))
        status, problem, _ = self.server.call("POST", f"{self.path}/savepoints/middle/start")
        claim("a job that runs begins with none", (status, problem["error_code"]) == (409, "JOB_RUNNING"), (status, problem))
        said = self.client("savepoint", "start", name, "middle", "--of", self.name)
        claim("it begins with that of the other", said.returncode == 0, said)

        wanted, deadline = self.postgres.psql("control", TABLE), time.monotonic() + 40
        while True:
            try:
                found = self.postgres.psql("trial", TABLE)
            except RuntimeError:
                found = []
            # Windows that were closed before are the other's alone; of that which was open, what has changed since; of later ones, all.
            began = min((row[3] for row in found), default="")
            later = [row for row in wanted if row[3] > began]
            same = [row for row in found if row[3] > began] == later and all(row in wanted for row in found)
            if same and later or time.monotonic() > deadline:
                break
            time.sleep(0.3)
        claim(f"and counts the same, in {len(later)} rows", same and later, [row for row in found if row not in wanted][:3])
        letters, different = self.postgres.psql("trial", "SELECT count(*), count(DISTINCT raw) FROM dead_letter")[0]
        claim("of what cannot be read it has what came after", letters == different and 0 < int(letters) < self.counted()[1], (letters, different))
        self.server.call("POST", f"{path}/stop")
        status, problem, _ = self.server.call("POST", f"{path}/savepoints/middle/start?of={self.name}")
        claim("once: now it has a history", (status, problem["error_code"]) == (409, "SAVEPOINT_OF_ANOTHER_JOB"), (status, problem))
        claim("and is deleted", self.server.call("DELETE", path)[0] == 204)

    def unattended(self):
        """Workers are away: savepoints of all jobs are taken of those that can have one, and the others are named."""
        own = f"{self.name}-own"
        status, view, _ = self.server.call("PUT", f"/api/v1/jobs/{own}", OWN.format(name=own, folder=self.folder))
        claim("a job of the server's own process runs beside", status == 201, (status, view))
        for worker in self.workers:
            if worker.is_alive:
                claim(f"{worker.name} ends well", worker.stop() == 0)
        self.until("without workers the job waits", lambda view: view["status"]["phase"] == "waiting")
        self.server.until("the other job runs", own, lambda view: view["status"].get("checkpoint"))
        said = self.client("savepoint", "--all", "--as", "before-revision-3", "--wait", "10")
        claim("who takes savepoints of all jobs is told which one waits", f"{self.name}: no savepoint: waits for workers" in said.stderr, said)
        claim("and that it may pass", said.returncode == 75, said)
        claim("the other one has its own", f"{own}: before-revision-3" in said.stdout, said)
        claim("the other one is deleted", self.server.call("DELETE", f"/api/v1/jobs/{own}")[0] == 204)
        self.worker()
        self.worker()
        self.running(2)

    def kills(self):
        self.server.kill()
        self.progress("workers go on without the server")
        self.server = ControlServer(self.options.binary, self.url)
        self.running(2)
        self.workers[0].kill()
        self.worker()
        self.running(2)
        # An upgrade while a worker is killed: its leases run out, and only then others begin.
        before = self.server.call("GET", self.path)[1]["status"]["shards"]["version"]
        self.server.call("PUT", self.path, self.text.replace("emit: { every: 240ms }", "emit: { every: 350ms }"))
        self.workers[1].kill()
        self.worker()
        self.running(2, before)

    def totals(self, feeder, job):
        feeder.is_to_end = True
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (feeder.is_done and self.counted() >= (feeder.accepted, feeder.malformed)):
            time.sleep(0.3)
        time.sleep(1.5)
        claim("every record is counted once", self.counted() == (feeder.accepted, feeder.malformed), (self.counted(), feeder.accepted, feeder.malformed))
        self.postgres.create("single")
        single = self.folder / "single.yaml"
        single.write_text(job.read_text().replace("mode: follow", "mode: once").replace(f"{self.folder}/state", f"{self.folder}/single"))
        environment = {"DATABASE_URL": self.postgres.url("single"), "PATH": "/usr/bin:/bin"}
        result = subprocess.run(
            [self.options.binary, "run", str(single), "--quiet"], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        claim("one process runs the same document", result.returncode == 0, result.stderr[-2000:])
        claim("and makes the same table", self.postgres.psql("single", TABLE) == self.postgres.psql("control", TABLE))
        view = self.server.call("GET", self.path)[1]
        claim("the records of all readers are counted", view["status"]["records"] >= feeder.accepted, view["status"])

    def ending(self):
        kinds = [entry["kind"] for entry in self.server.call("GET", f"{self.path}/history?limit=200")[1]]
        claim("history tells of it", {"waiting", "running", "suspended"} <= set(kinds), kinds)
        claim("a job that is cut anew is not taken for one that is finished", "finished" not in kinds, kinds)
        claim("the job is deleted", self.server.call("DELETE", self.path)[0] == 204)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.postgres.psql("control", HELD.format(self.name)):
            time.sleep(0.1)
        claim("and its shards stop", self.postgres.psql("control", HELD.format(self.name)) == [])

    def follow(self, text):
        """Jobs of a folder: submitted, upgraded, refused without harm, stopped when they are taken out; those of others stay."""
        folder = self.folder / "jobs"
        folder.mkdir()
        self.name = f"{self.name}-filed"
        text = text.replace(f"metadata: {{ name: {self.path.rsplit('/', 1)[1]} }}", f"metadata: {{ name: {self.name} }}")
        text = text.replace(f"{self.folder}/in/", f"{self.folder}/none/")
        (folder / "jobs.yaml").write_text(text)
        self.path = f"/api/v1/jobs/{self.name}"
        self.server = ControlServer(self.options.binary, self.url, "--jobs", str(folder))
        self.until("a job of the folder is there", lambda view: view["status"]["phase"] == "running")
        mine = text.replace(self.name, f"{self.name}-mine").replace("  exchange:", "  state: suspended\n  exchange:")
        claim("others submit theirs", self.server.call("PUT", f"{self.path}-mine?state=running", mine)[0] == 201)
        (folder / "jobs.yaml").write_text(text.replace("emit: { every: 300ms }", "emit: { every: 250ms }"))
        self.until("a changed file is an upgrade", lambda view: view["revision"] == 2 and view["status"]["phase"] == "running")
        (folder / "jobs.yaml").write_text("# another comment\n" + (folder / "jobs.yaml").read_text().replace("\nspec:", "   # here\nspec:"))
        time.sleep(5)
        # What a busy machine does to shards meanwhile is told there too.
        told = [entry for entry in self.server.call("GET", f"{self.path}/history?limit=200")[1] if entry["kind"] == "refused"]
        claim("a changed comment is none, and nobody is told", self.server.call("GET", self.path)[1]["revision"] == 2 and told == [], told)
        (folder / "jobs.yaml").write_text(text.replace("type: tumbling-window", "type: tumbling-windw"))
        time.sleep(5)
        view = self.server.call("GET", self.path)[1]
        claim("a broken file does no harm", view["revision"] == 2 and view["spec"]["state"] == "running", view["spec"]["state"])
        (folder / "jobs.yaml").unlink()
        self.until("a job that was taken out stops", lambda view: view["spec"]["state"] == "suspended" and view["status"]["phase"] == "suspended")
        claim("those of others do not", self.server.call("GET", f"{self.path}-mine")[1]["spec"]["state"] == "running")
        claim("the server ends well", self.server.stop() == 0)
        for worker in [worker for worker in self.workers if worker.is_alive]:
            claim(f"{worker.name} ends well", worker.stop() == 0, worker.output[-2000:])


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--broker", help="a Kafka; one of its own when left out")
    options = arguments.parse_args()
    folder = Path(options.keep or tempfile.mkdtemp(prefix="sloscout-controller-"))
    folder.mkdir(parents=True, exist_ok=True)
    kafka = ROOT / "scripts" / "kafka.sh"
    own = not options.broker
    if own:
        options.broker = subprocess.run(
            [str(kafka), "start", "--dir", str(folder / "kafka")], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout.strip()
    began, test, is_well = time.monotonic(), None, False
    try:
        test = Test(options, folder)
        test.go()
        is_well = True
        print(f"the server as the controller of workers, seed {options.seed}: {time.monotonic() - began:.0f} s")
    finally:
        if test and not is_well:
            for worker in test.workers:
                print(f"--- {worker.name}\n{worker.output[-3000:]}", file=sys.stderr)
            print(f"what is left is in {folder}", file=sys.stderr)
        if test:
            test.close()
        if own:
            subprocess.run([str(kafka), "stop", "--dir", str(folder / "kafka")], stdin=subprocess.DEVNULL, capture_output=True)
        if is_well and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
