#!/usr/bin/env python3
"""Kills the embedding job in each of its stages, and at random moments, and counts what its provider was asked for.

  embedding.py BINARY POSTGRES_URL [--kills N] [--templates N] [--seed N]

A provider of embeddings runs in this process: it counts every text, is slow, and for a while answers 429, 500 and nothing. At the end every template
has exactly one vector, a run with nothing new asks for nothing, and what was asked for twice is no more than what was under way at the kills.
"""
import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]
DIMENSIONS = 8
BATCH = 1024  # records of a batch of the engine, at most


class Provider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.calls, self.lock = Counter(), 0, threading.Lock()
        self.mood = lambda: 200
        # Called with "asked" before an answer and "answered" behind it.
        self.moment = lambda _: None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that was killed closes its connection; that is the point."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        mood = self.server.mood()
        if mood is None:
            self.connection.close()
            return
        time.sleep(0.005)
        self.server.moment("asked")
        body = b"{}"
        if mood == 200:
            with self.server.lock:
                self.server.asked.update(texts)
                self.server.calls += 1
            body = json.dumps({"data": [{"index": i, "embedding": vector(text)} for i, text in enumerate(texts)]}).encode()
        self.send_response(mood)
        if mood == 429:
            self.send_header("Retry-After", "0.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.server.moment("answered")

    def log_message(self, *_):
        pass


def vector(text):
    return [1.0 + (hash_of(text) >> (4 * i) & 15) for i in range(DIMENSIONS)]


def hash_of(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def sql(url, text):
    result = subprocess.run(["psql", url, "-AtXq", "-v", "ON_ERROR_STOP=1", "-c", text], capture_output=True, text=True, timeout=60)
    if result.returncode:
        raise SystemExit(f"psql: {result.stderr}")
    return result.stdout.strip()


def fresh_database(url, name):
    sql(url, f"DROP DATABASE IF EXISTS {name}")
    sql(url, f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def job_file(folder, port):
    text = (ROOT / "jobs.yaml").read_text()
    for old, new in [
        ('config: { provider: local, path: "${SLOSCOUT_MODEL:-.model}" }',
         f'config: {{ provider: openai, url: "http://127.0.0.1:{port}/v1/embeddings", model: m, dimensions: {DIMENSIONS}, maxTexts: 64, giveUpAfter: 2m }}'),
        ("checkpoint: { interval: 2s,", "checkpoint: { interval: 100ms,"),
        ("config: { field: template, key: shape, repeats: drop, retryAfter: 1h }",
         "config: { field: template, key: shape, repeats: drop, retryAfter: 1h, inFlight: 1 }"),
    ]:
        assert text.count(old) == 1, f"jobs.yaml holds {text.count(old)} times {old!r}: this test must follow it"
        text = text.replace(old, new)
    path = folder / "jobs.yaml"
    path.write_text(text)
    return path


class Moments:
    """When a life is ended: the stages of the job in turn, and chance."""

    NAMES = ["any time", "while it is started", "while a call is under way", "when an answer has come", "while a checkpoint is written",
             "while the database is written"]

    def __init__(self, provider, url, state, chance):
        self.provider, self.url, self.state, self.chance = provider, url, state, chance
        self.reached = Counter()

    def wait(self, life, kind):
        """Returns at such a moment of the process's life, or when it has ended, or in time."""
        if kind == "while it is started":
            return self.ended(life, self.chance.uniform(0.02, 0.4))
        if kind in ("while a call is under way", "when an answer has come"):
            wanted, here, left = "asked" if "call" in kind else "answered", threading.Event(), [self.chance.randrange(1, 12)]

            def moment(name):
                if name == wanted:
                    left[0] -= 1
                    if left[0] == 0:
                        here.set()
                        # Its caller dies while it waits.
                        time.sleep(0.05 if name == "asked" else 0)

            self.provider.moment = moment
            self.until(life, here.is_set, kind)
            self.provider.moment = lambda _: None
        elif kind == "while a checkpoint is written":
            before, skip = self.files(), self.chance.randrange(4)
            for _ in range(skip + 1):
                self.until(life, lambda: self.files() != before, None)
                before = self.files()
            self.reached[kind] += life.poll() is None
        elif kind == "while the database is written":
            # Writers wait for the lock: one is under way when the job dies.
            lock = subprocess.Popen(["psql", self.url, "-AtXq"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
            lock.stdin.write("BEGIN; LOCK TABLE template_vector IN EXCLUSIVE MODE;\n")
            lock.stdin.flush()
            waiting = "SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database WHERE datname = current_database() AND NOT granted"
            self.until(life, lambda: sql(self.url, waiting) != "0", kind, pause=0.1, seconds=30)
            life.kill()
            lock.communicate("COMMIT;\n")
        else:
            self.ended(life, self.chance.uniform(0.5, 3.5))

    def files(self):
        return {path.name for path in self.state.rglob("*")} if self.state.exists() else set()

    def until(self, life, is_there, name, pause=0.001, seconds=5):
        deadline = time.monotonic() + seconds
        while life.poll() is None and time.monotonic() < deadline and not is_there():
            time.sleep(pause)
        if name:
            self.reached[name] += life.poll() is None and is_there()

    @staticmethod
    def ended(life, seconds):
        try:
            life.wait(seconds)
        except subprocess.TimeoutExpired:
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("postgres")
    parser.add_argument("--kills", type=int, default=18)
    parser.add_argument("--templates", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    chance = random.Random(options.seed)
    url = fresh_database(options.postgres, "embedding_kills")
    provider = Provider()
    with tempfile.TemporaryDirectory(prefix="sloscout-embedding-") as name:
        folder = Path(name)
        jobs = job_file(folder, provider.server_address[1])
        environment = dict(os.environ, DATABASE_URL=url, SLOSCOUT_STATE=str(folder / "state"), SLOSCOUT_TOPICS=str(folder / "topics"))

        def start(mode="once"):
            return subprocess.Popen(
                [options.binary, "run", "--quiet", str(jobs), "--job", "embedding"], env=dict(environment, SLOSCOUT_EMBEDDING_MODE=mode), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=open(folder / "output", "w"))

        def fill(first, count):
            sql(url, f"""
              INSERT INTO capsule_shape SELECT 'shop', 'prod', md5(i::text), 'template t' || i || 'x of the shop <*>', '2026-01-01', '2026-01-01 01:00', 1,
                '{{}}', '[]', '2026-01-01 00:10', '2026-01-01 00:20', 1, true FROM generate_series({first}, {first + count - 1}) AS i""")

        sql(url, """CREATE TABLE capsule_shape (service text, environment text, shape text, template text, window_start timestamptz, window_end timestamptz,
          count bigint, severities jsonb, samples jsonb, first_seen timestamptz, last_seen timestamptz, revision bigint, final boolean)""")
        fill(0, options.templates)
        # While kills go on the provider has its bad moments.
        provider.mood = lambda: chance.choice([200] * 36 + [429, 500, 503, None])
        moments = Moments(provider, url, folder / "state", chance)
        kills = 0
        while kills < options.kills:
            life = start("follow" if kills % 12 < 6 else "once")
            moments.wait(life, Moments.NAMES[kills % len(Moments.NAMES)])
            if life.poll() is not None:
                if life.returncode not in (0, -signal.SIGKILL):
                    raise SystemExit(f"the job failed: {(folder / 'output').read_text()}")
            if int(sql(url, "SELECT count(*) FROM template_vector")) > options.templates - 200:
                # There is something to do again.
                fill(options.templates, 500)
                options.templates += 500
            life.kill()
            life.wait()
            kills += 1
        provider.mood = lambda: 200
        check(start().wait(120) == 0, f"the last run ends well: {(folder / 'output').read_text()}")
        stored = sql(url, "SELECT count(*), count(DISTINCT shape) FROM template_vector")
        check(stored == f"{options.templates}|{options.templates}", f"every template has one vector: {stored}")
        distinct, asked = len(provider.asked), sum(provider.asked.values())
        check(distinct == options.templates, f"{distinct} distinct texts were asked for, of {options.templates}")
        # Under way, and done since the last checkpoint: at most two batches each at an interval of 100 ms.
        check(asked - distinct <= kills * 3 * BATCH, f"{asked - distinct} texts were asked for again after {kills} kills")
        wrong = sql(url, "SELECT count(*) FROM template_vector WHERE array_length(embedding, 1) <> 8 OR embedding_model <> 'm'")
        check(wrong == "0", f"{wrong} vectors are wrong")

        before = provider.calls
        check(start().wait(120) == 0, "a run with nothing new ends well")
        check(provider.calls == before, "and asks for nothing")
        fill(options.templates, 10)
        check(start().wait(120) == 0, "a run with ten new templates ends well")
        check(sum(provider.asked.values()) == asked + 10, "and asks for ten texts")
        check(sql(url, "SELECT count(*) FROM template_vector") == str(options.templates + 10), "and stores ten vectors")
        print(f"embedding: {kills} kills, {distinct} templates, {asked - distinct} asked for again, none missing; seed {options.seed}; "
              + ", ".join(f"{count} {name}" for name, count in moments.reached.items()))


def check(condition, what):
    if not condition:
        sys.exit(f"embedding.py: this does not hold: {what}")


if __name__ == "__main__":
    main()
