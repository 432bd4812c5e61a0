#!/usr/bin/env python3
"""Runs a job over workers while they are killed, put to sleep, cut off and replaced, and compares what comes out with one process's result.

  kills.py BINARY [--runs N] [--seed N] [--exchange local|kafka] [--delivery numbered|transactions] [--store folder|s3] [--faults kill,pause,…]
           [--keep FOLDER]

In each run a few workers share the shipped job. Records arrive all the time; every second or two something happens to a worker:

  kill     kill -9                          pause    SIGSTOP until its leases are over, then SIGCONT: a zombie
  stop     SIGTERM, another one starts      grow, shrink   one worker more, one less
  postgres the database loses its power and comes back
  lost     a commit reaches the database and its reply does not come back: the connection breaks instead
  cut      a worker's network is cut, both ways or one way, until its leases are over (needs root)

At the end the table holds exactly what `sloscout run` makes of the same files, record by record of every capsule, and every line that is no record is
a dead letter once.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "s3"))
import s3  # noqa: E402
from cluster import TABLE, Feeder, Network, Worker, job_file, parser  # noqa: E402
from database_gate import LossyGate  # noqa: E402
from postgres import ROOT, Server  # noqa: E402

LEASE = 2
FAULTS = ["kill", "pause", "stop", "grow", "shrink", "postgres", "lost", "cut"]


class Run:
    def __init__(self, options, number, server, proxy, broker, bucket, folder):
        self.options, self.number, self.server, self.proxy, self.folder = options, number, server, proxy, folder
        self.broker, self.bucket = broker, bucket
        self.random = random.Random(options.seed * 1000 + number)
        self.database = f"workers_{number}"
        self.workers, self.networks, self.started, self.events = [], [], 0, []
        self.tally = {}

    def go(self):
        choice = self.random
        server, options = self.server, self.options
        server.create(self.database)
        self.job = self.folder / "job.yaml"
        topics = f"{{ path: {self.folder}/topics }}" if options.exchange == "local" else f'{{ brokers: ["{self.broker}"] }}'
        readers, partitions = choice.randint(2, 4), choice.randint(2, 4)
        job_file(
            self.job, inputs=f"{self.folder}/in/*.jsonl", exchange=(options.exchange, topics), readers=readers, partitions=partitions,
            store=f"s3://sloscout/{self.database}" if self.bucket else f"{self.folder}/state", delivery=options.delivery, name=f"fingerprint-{options.seed}-{self.number}")
        # Shards that were idle send records as they are, others combine them.
        feeder = Feeder(
            self.folder / "in", readers + 1, choice.randint(18_000, 40_000), 6_000, options.seed * 1000 + self.number, rest=choice.choice([0, 2.0]))
        try:
            for _ in range(choice.randint(2, 3)):
                self.start()
            feeder.start()
            while not feeder.is_done:
                time.sleep(choice.uniform(0.5, 1.5))
                self.fault(choice.choice(options.faults))
            return self.finish(feeder)
        finally:
            for worker in self.workers:
                if worker.is_alive:
                    worker.signal(signal.SIGCONT)
                    worker.kill()
            for network in self.networks:
                network.close()

    # MARK: what happens

    def start(self):
        self.started += 1
        network = None
        if "cut" in self.options.faults:
            ports = [self.proxy.port] + [int(place.rsplit(":", 1)[1]) for place in (self.broker, self.bucket) if place]
            network = Network(self.started, ports)
            self.networks.append(network)
        self.workers.append(
            Worker(
                self.options.binary, self.job, self.url(self.database), f"w{self.started}", self.folder, lease=LEASE, network=network,
                environment=self.environment))

    def url(self, database):
        """The database by the way that loses replies."""
        own = urlsplit(self.server.base).port
        return self.server.url(database).replace(f":{own}/", f":{self.proxy.port}/")

    @property
    def environment(self):
        return s3.environment(self.bucket) if self.bucket else {}

    @property
    def alive(self):
        return [worker for worker in self.workers if worker.is_alive]

    def fault(self, kind):
        alive = self.alive
        if kind in ("shrink", "stop", "kill") and len(alive) < 2:
            kind = "grow"
        if kind == "grow" and len(alive) >= 5:
            kind = "kill"
        self.tally[kind] = self.tally.get(kind, 0) + 1
        victim = self.random.choice(alive) if alive else None
        self.events.append(f"{time.monotonic():.1f} {kind} {victim.name if victim else ''}")
        if kind == "grow" or victim is None:
            self.start()
        elif kind == "kill":
            victim.kill()
            self.start()
        elif kind in ("stop", "shrink"):
            code = victim.stop()
            # One that the system's loader had not even begun does not know the signal yet.
            if code != 0 and not (code == -signal.SIGTERM and not victim.output):
                raise Failure(f"{victim.name} ended with {code} when it was asked to stop\n{victim.output[-3000:]}")
            if kind == "stop":
                self.start()
        elif kind == "pause":
            victim.signal(signal.SIGSTOP)
            time.sleep(LEASE + self.random.uniform(0.5, 2))
            victim.signal(signal.SIGCONT)
        elif kind == "postgres":
            self.server.crash()
            time.sleep(self.random.uniform(0, 1))
            self.server.restart()
        elif kind == "lost":
            self.proxy.lose_next()
        elif kind == "cut":
            way = self.random.choice(["both", "in", "out"])
            victim.network.cut(way)
            time.sleep(LEASE + self.random.uniform(0.5, 2))
            victim.network.mend(way)

    # MARK: what came of it

    def finish(self, feeder):
        deadline = time.monotonic() + 60
        counted = letters = None
        while time.monotonic() < deadline:
            counted, letters = self.totals()
            if counted >= feeder.accepted and letters >= feeder.malformed:
                break
            if not self.alive:
                raise Failure("all workers ended by themselves")
            time.sleep(0.3)
        # What is counted twice may come a moment later.
        time.sleep(1.5)
        counted, letters = self.totals()
        if (counted, letters) != (feeder.accepted, feeder.malformed):
            raise Failure(f"counted {counted} of {feeder.accepted} records, {letters} of {feeder.malformed} dead letters")
        for worker in self.alive:
            if worker.stop() != 0:
                raise Failure(f"{worker.name} did not end well when it was asked to stop\n{worker.output[-3000:]}")
        found = self.server.psql(self.database, TABLE)
        self.compare(found)
        generations = self.server.psql(self.database, "SELECT sum(generation), count(*) FROM shard_lease")[0]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.server.drop(self.database)
        return int(generations[0]) - int(generations[1])

    def totals(self):
        try:
            return tuple(int(row[0]) for row in self.server.psql(
                self.database, "SELECT coalesce(sum(count), 0) FROM capsule_shape", "SELECT count(*) FROM dead_letter"))
        except RuntimeError:
            return (0, 0)  # before the tables are there, or while the database comes back

    def compare(self, found):
        """One process on the same files, with the same document, makes the same table."""
        single = self.database + "_single"
        self.server.create(single)
        text = self.job.read_text().replace("mode: follow", "mode: once").replace("/state\"", "/single\"").replace(f"sloscout/{self.database}\"", f"sloscout/{single}\"")
        job = self.folder / "single.yaml"
        job.write_text(text)
        environment = {"DATABASE_URL": self.server.url(single), "PATH": "/usr/bin:/bin", **self.environment}
        result = subprocess.run(
            [self.options.binary, "run", str(job), "--quiet"], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if result.returncode != 0:
            raise Failure(f"sloscout run: {result.stderr[-2000:]}")
        wanted = self.server.psql(single, TABLE)
        self.server.drop(single)
        if found != wanted:
            differ = [row for row in found if row not in wanted][:3] + [row for row in wanted if row not in found][:3]
            raise Failure(f"{len(found)} capsules, one process makes {len(wanted)}; different: {differ}")


class Failure(Exception):
    pass


def script(name, command, folder):
    """Starts or stops a server of the project's scripts; where it is."""
    result = subprocess.run(
        [str(ROOT / "scripts" / f"{name}.sh"), command, "--dir", str(folder / name)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{name}.sh {command}: {result.stderr.strip()}")
    return result.stdout.strip()


def main():
    arguments = parser(__doc__, exchange="local")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--store", choices=["folder", "s3"], default="folder")
    arguments.add_argument("--faults", default=",".join(FAULTS if os.geteuid() == 0 else FAULTS[:-1]))
    options = arguments.parse_args()
    options.faults = options.faults.split(",")
    unknown = [fault for fault in options.faults if fault not in FAULTS]
    if unknown:
        arguments.error(f"there are no faults {unknown}")
    if "cut" not in options.faults:
        print("NOTE: no network is cut: that needs root, and --faults with cut", file=sys.stderr)
    folder = Path(options.keep or tempfile.mkdtemp(prefix="sloscout-workers-"))
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder / "postgres")
    proxy = LossyGate("127.0.0.1", urlsplit(server.base).port)
    proxy.open()
    broker = script("kafka", "start", folder) if options.exchange == "kafka" else None
    bucket = script("s3", "start", folder) if options.store == "s3" else None
    tally, takeovers, began, failed = {}, 0, time.monotonic(), 0
    try:
        for number in range(options.runs):
            run = Run(options, number, server, proxy, broker, bucket, folder / f"run-{number}")
            run.folder.mkdir(parents=True, exist_ok=True)
            try:
                takeovers += run.go()
            except Exception as failure:
                failed += 1
                print(f"run {number} (seed {options.seed}): {failure}\n  " + "\n  ".join(run.events), file=sys.stderr)
                for worker in run.workers:
                    print(f"--- {worker.name}\n{worker.output[-1500:]}", file=sys.stderr)
                if failed >= 3:
                    break
            for kind, count in run.tally.items():
                tally[kind] = tally.get(kind, 0) + count
            if (number + 1) % 10 == 0:
                print(f"{number + 1} of {options.runs} runs after {time.monotonic() - began:.0f} s, {failed} failed", file=sys.stderr)
    finally:
        proxy.close()
        server.stop()
        for name, place in (("kafka", broker), ("s3", bucket)):
            if place:
                script(name, "stop", folder)
        if not failed and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    seconds = time.monotonic() - began
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(tally.items()))
    print(f"{options.runs} runs over workers, exchange {options.exchange} {options.delivery}, checkpoints in {options.store}, seed {options.seed}: {said}; "
          f"{proxy.lost} commits without a reply; {takeovers} shards changed hands; {failed} failed; {seconds:.0f} s")
    if failed:
        print(f"what is left is in {folder}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
