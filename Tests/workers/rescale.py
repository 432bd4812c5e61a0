#!/usr/bin/env python3
"""Gives a job over workers other numbers of shards while records arrive and workers are killed, and begins another job with a savepoint of it.

  rescale.py BINARY [--seed N] [--exchange local|kafka] [--delivery numbered|transactions] [--rate N] [--kills no] [--keep FOLDER]

The shipped job begins with 2 readers and 3 partitions. Its file then says 3 and 5, and a worker is started with it; a command asks for 2 partitions; a savepoint
is taken; and a command asks for 1 reader and 4 partitions. All the time a worker is killed every second or two. At the end:

- the table holds exactly what `sloscout run` makes of the same files, and every line that is no record is a dead letter once;
- the savepoint, from which a job of another name began, with a database of its own, gives the same table once the job has read what came after;
- of earlier versions no checkpoint, folder or topic is left, and of those that are over for long no row of a sink;
- without workers, commands say that none lives, and end after `--wait` seconds.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))
from kills import TABLE, Failure, Run, script  # noqa: E402
from cluster import Feeder, job_file, parser  # noqa: E402
from database_gate import LossyGate  # noqa: E402
from postgres import Server  # noqa: E402

LEASE = 2


class Rescale(Run):
    def __init__(self, options, server, proxy, broker, folder):
        options.faults = ["kill"]
        super().__init__(options, 0, server, proxy, broker, None, folder)
        self.name = f"fingerprint-{options.seed}"
        self.failure = None
        self.done = False
        self.took = []

    def document(self, path, readers, partitions, name):
        topics = f"{{ path: {self.folder}/topics }}" if self.options.exchange == "local" else f'{{ brokers: ["{self.broker}"] }}'
        job_file(
            path, inputs=f"{self.folder}/in/*.jsonl", exchange=(self.options.exchange, topics), readers=readers, partitions=partitions,
            store=f"{self.folder}/state", delivery=self.options.delivery, name=name)

    def go(self):
        self.server.create(self.database)
        self.job = self.folder / "job.yaml"
        self.document(self.job, 2, 3, self.name)
        feeder = Feeder(self.folder / "in", 4, 1_000_000, self.options.rate, self.options.seed)
        try:
            for _ in range(3):
                self.start()
            feeder.start()
            asking = threading.Thread(target=self.ask, daemon=True)
            asking.start()
            while not (self.done and feeder.is_done):
                time.sleep(self.random.uniform(1, 2.5))
                if self.failure:
                    raise self.failure
                feeder.is_to_end = self.done
                if self.options.kills != "no":
                    victim = self.random.choice(self.alive)
                    self.tally["kill"] = self.tally.get("kill", 0) + 1
                    self.events.append(f"{time.monotonic():.1f} kill {victim.name}")
                    victim.kill()
                    self.start()
            self.totals_and_table(feeder)
            self.unattended()
            self.begin_again(feeder)
            return self.tally.get("kill", 0)
        finally:
            for worker in self.workers:
                if worker.is_alive:
                    worker.kill()

    # MARK: what is asked for

    def ask(self):
        try:
            self.wait(lambda: self.records() > 1_000, "the first records")
            self.document(self.job, 3, 5, self.name)
            self.start()
            self.settle(2, "3,5,5", "the file")
            self.command("rescale", self.name, "--partitions", "2")
            self.settle(3, "3,2,2", "the command")
            self.command("savepoint", self.name, "middle")
            self.settle(4, "3,2,2", "the savepoint")
            # As if the versions before had been over for long: the rows of their sinks go with the next one.
            self.wait(lambda: self.server.psql(self.database, "SELECT count(*) FROM former_cut WHERE emptied") == [["3"]], "an end of former versions")
            self.server.psql(self.database, "UPDATE former_cut SET at = now() - interval '8 days'")
            self.command("rescale", self.name, "--readers", "1", "--partitions", "4")
            self.settle(5, "1,4,4", "the command")
            self.wait(lambda: self.server.psql(self.database, "SELECT version FROM former_cut WHERE emptied") == [["4"]], "an end of version 4")
        except Exception as failure:  # the main thread raises it
            self.failure = failure
        self.done = True

    def command(self, *arguments):
        began = time.monotonic()
        result = subprocess.run(
            [self.options.binary, "worker", *arguments, "--database", self.server.url(self.database)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)
        self.events.append(f"{time.monotonic():.1f} {' '.join(arguments)}: {result.stdout.strip()}")
        if result.returncode != 0:
            raise Failure(f"worker {' '.join(arguments)} ended with {result.returncode}: {result.stderr}{result.stdout}")
        self.took.append((arguments[0], time.monotonic() - began))

    def settle(self, version, counts, why):
        began = time.monotonic()
        wanted = [str(version), counts, "running"]

        def is_there():
            try:
                return self.server.psql(self.database, "SELECT version, counts, phase FROM sharded_job") == [wanted]
            except RuntimeError:
                return False
        self.wait(is_there, f"version {version} with {counts}, which {why} asked for")
        if why == "the file":
            self.took.append(("file", time.monotonic() - began))
        # Some records belong to this version too.
        before = self.records()
        self.wait(lambda: self.records() > before, f"records under version {version}")

    def records(self):
        return self.totals()[0]

    def wait(self, is_true, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > deadline or self.failure:
                status = subprocess.run(
                    [self.options.binary, "worker", "status", "--database", self.server.url(self.database)],
                    stdin=subprocess.DEVNULL, capture_output=True, text=True)
                raise Failure(f"{what} did not come in {seconds} s\n{status.stdout}")
            time.sleep(0.1)

    # MARK: what came of it

    def totals_and_table(self, feeder):
        self.wait(lambda: self.totals() == (feeder.accepted, feeder.malformed), f"{feeder.accepted} records, {feeder.malformed} letters: {self.totals()}")
        # What is counted twice may come a moment later.
        time.sleep(1.5)
        if self.totals() != (feeder.accepted, feeder.malformed):
            raise Failure(f"counted {self.totals()} of {feeder.accepted} records and {feeder.malformed} letters")
        for worker in self.alive:
            if worker.stop() != 0:
                raise Failure(f"{worker.name} did not end well when it was asked to stop\n{worker.output[-3000:]}")
        self.table = self.server.psql(self.database, TABLE)
        self.compare(self.table)
        self.former()

    def former(self):
        """Of versions that are over there is nothing left, but for the rows of sinks of the last week; the savepoint and the last version are there."""
        rows = self.server.psql(self.database, "SELECT version, emptied FROM former_cut ORDER BY 1")
        if rows != [["4", "t"]]:
            raise Failure(f"former versions are not removed: {rows}")
        state = self.folder / "state"
        folders = sorted(path.name for path in state.glob(f"{self.name}.*"))
        if not folders or any(not name.startswith(f"{self.name}.v5.") for name in folders):
            raise Failure(f"folders of former versions are left: {folders}")
        if not (state / self.name / "savepoint-middle").exists():
            raise Failure("the savepoint is gone")
        topics = [name for name in self.topics() if name.startswith(f"{self.name}.")]
        if not topics or any(not name.endswith("-v5") for name in topics):
            raise Failure(f"topics of former versions are left: {topics}")
        ledgers = {row[0].split(".")[1] for row in self.server.psql(self.database, f"SELECT DISTINCT job FROM sink_ledger WHERE job LIKE '{self.name}.%'")}
        if ledgers != {"v4", "v5"}:
            raise Failure(f"rows of sinks are left of {ledgers}")

    def topics(self):
        if self.options.exchange == "local":
            return [path.name for path in (self.folder / "topics").iterdir()]
        from confluent_kafka.admin import AdminClient
        return list(AdminClient({"bootstrap.servers": self.broker}).list_topics(timeout=10).topics)

    def unattended(self):
        """Without workers a command says at once what it waits for, and ends when it was told to; what it asked for stands."""
        asked = [("rescale", self.name, "--partitions", "7"), ("savepoint", self.name, "late")]
        for arguments in asked:
            result = subprocess.run(
                [self.options.binary, "worker", *arguments, "--wait", "1", "--database", self.server.url(self.database)],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            said = result.stderr.splitlines()
            if result.returncode != 75 or not said[0].startswith("waiting: no worker lives") or "the request stands" not in said[-1]:
                raise Failure(f"worker {' '.join(arguments)} without workers ended with {result.returncode}: {result.stderr}")
        row = self.server.psql(self.database, "SELECT phase, target, savepoint FROM sharded_job")
        if row != [["draining", "1,7,7", "late"]]:
            raise Failure(f"what was asked for without workers does not stand: {row}")

    def begin_again(self, feeder):
        """A job of another name, in a database of its own, begins with the savepoint and reads what came after."""
        name, database = f"trial-{self.options.seed}", self.database + "_trial"
        self.server.create(database)
        document = self.folder / "trial.yaml"
        self.document(document, 2, 3, name)
        log = open(self.folder / "trial.log", "w+b")
        command = [self.options.binary, "worker", str(document), "--job", name, "--from", f"{self.name}/middle", "--as", "trial",
                   "--database", self.server.url(database), "--lease-time", "1", "--quiet"]
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            deadline, found = time.monotonic() + 30, None
            while time.monotonic() < deadline and worker.poll() is None:
                try:
                    found = self.server.psql(database, TABLE)
                except RuntimeError:
                    found = None
                if found == self.table:
                    break
                time.sleep(0.2)
            else:
                differ = [row for row in found or [] if row not in self.table][:3]
                raise Failure(f"the savepoint gives {len(found or [])} capsules, not {len(self.table)}; different: {differ}\n"
                              + Path(log.name).read_text(errors="replace")[-3000:])
            letters, different = self.server.psql(database, "SELECT count(*), count(DISTINCT raw) FROM dead_letter")[0]
            if letters != different or not 0 < int(letters) < feeder.malformed:
                raise Failure(f"the savepoint gives {letters} dead letters, {different} different ones, of {feeder.malformed}")
        finally:
            worker.terminate()
            worker.wait(30)


def main():
    arguments = parser(__doc__, exchange="kafka")
    arguments.add_argument("--rate", type=int, default=1_500, help="records a second")
    arguments.add_argument("--kills", choices=["yes", "no"], default="yes")
    options = arguments.parse_args()
    folder = Path(options.keep or tempfile.mkdtemp(prefix="sloscout-rescale-"))
    (folder / "run").mkdir(parents=True, exist_ok=True)
    server = Server(folder / "postgres")
    proxy = LossyGate("127.0.0.1", urlsplit(server.base).port)
    proxy.open()
    broker = script("kafka", "start", folder) if options.exchange == "kafka" else None
    began, failed, kills = time.monotonic(), False, 0
    run = Rescale(options, server, proxy, broker, folder / "run")
    try:
        kills = run.go()
    except Exception as failure:
        failed = True
        print(f"seed {options.seed}: {failure}\n  " + "\n  ".join(run.events), file=sys.stderr)
        for worker in run.workers:
            print(f"--- {worker.name}\n{worker.output[-2500:]}", file=sys.stderr)
    finally:
        proxy.close()
        server.stop()
        if broker:
            script("kafka", "stop", folder)
        if not failed and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    took = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in run.took)
    print(f"4 versions after the first, exchange {options.exchange} {options.delivery}, seed {options.seed}: {kills} kills; {took}; "
          f"{'failed' if failed else 'all as one process'}; {time.monotonic() - began:.0f} s")
    if failed:
        print(f"what is left is in {folder}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
