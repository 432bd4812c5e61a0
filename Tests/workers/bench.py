#!/usr/bin/env python3
"""What it costs to run a job over workers, and how long a shard stands still: a report, not a test.

  bench.py BINARY [--records N] [--turns N] [--step MS] [--exchange local|kafka] [--kills N] [--moves N] [--lease SECONDS] [--environments N]

First the same files through one process and through two workers: CPU seconds per million records, of all processes together, and of the broker alone.
A process with two subtasks a step does in its own memory what the workers do over the exchange. Two processes that share nothing and exchange nothing
show what two busy cores cost beside one: they share caches and memory, and often more.
On Kafka also what the hop alone costs: what is in the exchange afterwards, sent and read once more by librdkafka and nothing else.
Then, while records arrive, workers are killed and workers are asked to stop: how long until every shard of theirs has a new checkpoint elsewhere. With many environments there are
many keys, and much state to bring to another worker: 42 keys an environment, a kilobyte each.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cluster import Feeder, Worker, job_file  # noqa: E402
from postgres import ROOT, Server  # noqa: E402


def cpu(pid):
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_cpu(body):
    """CPU and wall seconds of the processes that the body starts and waits for."""
    before, began = os.times(), time.monotonic()
    body()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system, time.monotonic() - began


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.server = Server(folder / "postgres")
        self.broker = self.broker_pid = None
        if options.exchange == "kafka":
            self.broker = self._kafka("start")
            port = self.broker.rsplit(":", 1)[1]
            found = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True).stdout
            self.broker_pid = int(found.split("pid=")[1].split(",")[0]) if "pid=" in found else None

    def _kafka(self, command):
        return subprocess.run(
            [str(ROOT / "scripts" / "kafka.sh"), command, "--dir", str(self.folder / "kafka")], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=command == "start").stdout.strip()

    def close(self):
        self.server.stop()
        if self.broker:
            self._kafka("stop")

    def job(self, name, mode):
        path = self.folder / f"{name}.yaml"
        topics = f"{{ path: {self.folder}/topics }}" if not self.broker else f'{{ brokers: ["{self.broker}"] }}'
        job_file(
            path, inputs=f"{self.folder}/in-{mode}/*.jsonl", exchange=(self.options.exchange, topics), readers=2, partitions=2,
            store=f"{self.folder}/state", name=name)
        text = path.read_text().replace("interval: 400ms", "interval: 1s").replace("emit: { every: 300ms }", "emit: { every: 10s }")
        path.write_text(text.replace("mode: follow", f"mode: {mode}"))
        return path

    # MARK: cost

    def cost(self):
        """The same files in four ways, in turns: other tenants of the machine slow all of them alike, and the medians are compared."""
        records = self.options.records
        feeder = Feeder(self.folder / "in-once", 2, records, 1e9, 1, step=self.options.step)
        feeder._write()
        print(f"{records:,} records in 2 files, {self.options.turns} turns, exchange {self.options.exchange}; CPU s per million records, of all processes")
        ways = [
            ("one process", lambda name: self.processes(name, [("*", 1)])),
            ("one process, two subtasks a step", lambda name: self.processes(name, [("*", 2)])),
            ("two processes that share nothing", lambda name: self.processes(name, [("part-0", 1), ("part-1", 1)])),
            ("two workers", self.workers),
        ]
        costs, walls = {name: [] for name, _ in ways}, {name: [] for name, _ in ways}
        broker = cpu(self.broker_pid) if self.broker_pid else 0
        for turn in range(self.options.turns):
            for number, (way, body) in enumerate(ways):
                databases, spent, wall = body(f"way{number}x{turn}")
                costs[way].append(spent * 1e6 / records)
                walls[way].append(wall)
                total = sum(int(self.server.psql(database, "SELECT sum(count) FROM capsule_shape")[0][0]) for database in databases)
                if total != feeder.accepted:
                    raise RuntimeError(f"{way}: {total} counted, {feeder.accepted} written")
        workers = statistics.median(costs["two workers"])
        for way, _ in ways:
            cost, wall = statistics.median(costs[way]), statistics.median(walls[way])
            times = "" if way == "two workers" else f"; two workers {workers / cost:.2f} times that"
            print(f"  {way:33} {cost:5.2f} ({min(costs[way]):.2f} to {max(costs[way]):.2f}), {records / wall / 1e6:.1f} M records/s{times}")
        if self.broker_pid:
            print(f"  the broker                        {(cpu(self.broker_pid) - broker) * 1e6 / records / self.options.turns:5.2f}")
            self.hop(databases[0], records)  # the last way's: the workers' job has that name too

    def processes(self, name, parts):
        """Runs the job once for each pattern of files, at the same time, each with so many subtasks a step."""
        commands = []
        for number, (files, subtasks) in enumerate(parts):
            self.server.create(f"{name}y{number}")
            job = self.job(f"{name}y{number}", "once")
            job.write_text(job.read_text().replace("/*.jsonl", f"/{files}.jsonl"))
            commands.append([self.options.binary, "run", str(job), "--quiet", "--parallelism", str(subtasks)])

        def run():
            started = [
                subprocess.Popen(command, env=dict(os.environ, DATABASE_URL=self.server.url(f"{name}y{number}")), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for number, command in enumerate(commands)]
            if any([process.wait(600) for process in started]):
                raise RuntimeError(f"{name}: a process failed")

        return ([f"{name}y{number}" for number in range(len(parts))], *children_cpu(run))

    def workers(self, name):
        self.server.create(name)
        job = self.job(name, "once")

        def run():
            started = [Worker(self.options.binary, job, self.server.url(name), f"{name}-{n}", self.folder, lease=6) for n in range(2)]
            for worker in started:
                if worker.process.wait(600) != 0:
                    raise RuntimeError(worker.output[-2000:])

        return ([name], *children_cpu(run))

    def hop(self, job, records):
        """The records of the job's exchanges, from one topic into another and out of it, by librdkafka alone: what they cost more than one record does."""
        from confluent_kafka import Consumer, Producer, TopicPartition

        def read(topics):
            consumer = Consumer({"bootstrap.servers": self.broker, "group.id": "bench", "enable.partition.eof": True, "receive.message.max.bytes": 2_000_000_000})
            parts = [TopicPartition(topic, part, 0) for topic in topics for part in range(2)]
            consumer.assign(parts)
            values, ended = [], 0
            while ended < len(parts):
                for message in consumer.consume(1000, 1):
                    if message.error():
                        ended += 1
                    else:
                        values.append((message.topic(), message.partition(), message.value()))
            consumer.close()
            return values

        def cross(frames, prefix):
            broker, before = cpu(self.broker_pid), os.times()
            producer = Producer({"bootstrap.servers": self.broker, "linger.ms": 2})
            for topic, part, value in frames:
                producer.produce(f"{prefix}.{topic}", value, partition=part)
                producer.poll(0)
            producer.flush()
            again = read([f"{prefix}.{topic}" for topic in topics])
            after = os.times()
            if len(again) != len(frames):
                raise RuntimeError(f"{len(again)} of {len(frames)} frames came back")
            return after.user + after.system - before.user - before.system, cpu(self.broker_pid) - broker

        topics = [topic for topic in self._topics() if topic.startswith(f"{job}.")]
        frames = read(topics)
        (one, broker_one), (all_of_them, broker) = cross(frames[:1], "one"), cross(frames, "again")
        spent, broker = max(0, all_of_them - one) * 1e6 / records, max(0, broker - broker_one) * 1e6 / records
        print(f"  the hop alone  {spent:6.2f} CPU s per million records, the broker {broker:.2f}; "
              f"{sum(len(value) for _, _, value in frames) / records:.1f} bytes a record")

    def _topics(self):
        from confluent_kafka.admin import AdminClient, NewTopic

        admin = AdminClient({"bootstrap.servers": self.broker})
        topics = [name for name in admin.list_topics(timeout=10).topics if "letters" in name or "_" in name]
        for made in admin.create_topics([NewTopic(f"{prefix}.{name}", 2, 1) for name in topics for prefix in ("one", "again")]).values():
            made.result()
        return topics

    # MARK: standing still

    def stand_still(self):
        self.server.create("moves")
        environments = self.options.environments
        burst = 42 * 12 * environments if environments > 1 else 0
        seconds = 30 + 15 * (self.options.kills + self.options.moves)
        feeder = Feeder(self.folder / "in-follow", 2, burst + 2000 * seconds, 2000, 2, burst=burst, environments=environments, step=2 if burst else 100)
        job = self.job("moves", "follow")
        url, number = self.server.url("moves"), 0
        workers = []

        def start():
            nonlocal number
            number += 1
            workers.append(Worker(self.options.binary, job, url, f"moves-{number}", self.folder, lease=self.options.lease))

        start(), start()
        feeder.start()
        self._settle(2)
        if burst:
            while int(self.server.psql("moves", "SELECT coalesce(sum(count), 0) FROM capsule_shape")[0][0]) < burst * 0.99:
                time.sleep(0.5)
        for kind, count in (("killed", self.options.kills), ("asked to stop", self.options.moves)):
            times = []
            if count == 0:
                continue
            for _ in range(count):
                start()
                self._settle(3)
                victim = workers.pop(0)
                owned = self._shards(f"owner LIKE '{victim.name}#%'")
                began = time.monotonic()
                victim.signal(signal.SIGKILL if kind == "killed" else signal.SIGTERM)
                times += self._wait(owned, victim.name, began)
                victim.process.wait(30)
                self._settle(2)
            print(f"  {kind}: {len(times)} shards had a new checkpoint elsewhere after {statistics.median(times):.1f} s (median), {max(times):.1f} s at most")
        stored = sum(file.stat().st_size for file in (self.folder / "state").rglob("*") if file.is_file())
        print(f"  {stored / 1e6:.0f} MB of checkpoints in the store")
        for worker in workers:
            worker.stop()

    def _shards(self, condition):
        rows = self.server.psql("moves", f"SELECT stage, shard, epoch, coalesce(owner, '') FROM shard_lease WHERE {condition}")
        return {(row[0], row[1]): (int(row[2]), row[3]) for row in rows}

    def _settle(self, workers):
        """Waits until so many workers share the shards, and all of them have made a checkpoint there."""
        while True:
            try:
                owners = {owner for _, owner in self._shards("true").values()}
                if len(owners) == workers and "" not in owners:
                    time.sleep(3)
                    if {owner for _, owner in self._shards("true").values()} == owners:
                        return
            except RuntimeError:
                pass  # before the tables are there
            time.sleep(0.2)

    def _wait(self, owned, name, began):
        times = {}
        while len(times) < len(owned):
            now = self._shards("true")
            for shard, (epoch, _) in owned.items():
                newer, owner = now[shard]
                if shard not in times and owner and not owner.startswith(f"{name}#") and newer > epoch:
                    times[shard] = time.monotonic() - began
            time.sleep(0.02)
        return list(times.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3, help="how often the ways are compared")
    parser.add_argument("--step", type=int, default=1, help="milliseconds of event time between two records: 1 is 3.6 million in each of the job's windows")
    parser.add_argument("--exchange", choices=["local", "kafka"], default="kafka")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--moves", type=int, default=5)
    parser.add_argument("--lease", type=float, default=6)
    parser.add_argument("--environments", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sloscout-workers-"))
    bench = Bench(options, folder)
    try:
        bench.cost()
        if options.kills + options.moves > 0:
            bench.stand_still()
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
