"""Two jobs with topics between them, killed again and again: generate -> topic -> topic. Then the last topic must hold each record once.

Topics on local disk are read here by a reader of its own, written after the description of the files and not after the program; topics in Kafka
by another client, which waits for transactions. With Kafka the broker is stopped and started in the middle as well, and no kill strikes while a
transaction is open: once one of a producer was aborted, the test broker tells readers of all its later records that they are aborted, too.
"""

import argparse
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

JOBS = """
apiVersion: sloscout/v1
kind: Connection
metadata: { name: topics }
spec: %(connection)s
---
apiVersion: sloscout/v1
kind: Job
metadata: { name: fill }
spec:
  parallelism: 2
  checkpoint: { interval: 50ms, store: "%(folder)s/state" }
  restart: { maxAttempts: 100 }
  sources:
    lines: { type: generate, config: { records: %(records)d, rate: %(rate)d, seed: %(seed)d, brokenFraction: 0.0, format: lines } }
  sinks:
    raw: { type: topic, connection: topics, inputs: [lines], config: { topic: raw, key: line, format: { type: raw, field: line } } }
---
apiVersion: sloscout/v1
kind: Job
metadata: { name: copy }
spec:
  parallelism: 2
  checkpoint: { interval: 50ms, store: "%(folder)s/state" }
  sources:
    raw: { type: topic, connection: topics, config: { topics: [raw] } }
  sinks:
    out: { type: topic, connection: topics, inputs: [raw], config: { topic: out, key: key, format: { type: raw } } }
"""

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def ends(folder):
    """The end of each partition: offset, segment, bytes of it."""
    data = (folder / "commit").read_bytes()
    assert data[:4] == b"SLTC" and struct.unpack("<I", data[-4:])[0] == crc32c(data[:-4]), "the commit is damaged"
    (partitions,) = struct.unpack_from("<I", data, 24)
    return [struct.unpack_from("<qqq", data, 28 + 32 * n) for n in range(partitions)]


def read(folder):
    """All values of a topic. Offsets must follow one another, and every check must fit."""
    values = []
    for partition, (end, last, size) in enumerate(ends(folder)):
        expected = 0
        for path in sorted((folder / str(partition)).glob("*.segment")):
            base = int(path.stem)
            if base > last:
                continue
            assert base == expected, f"{path} does not go on where the one before ended"
            data = path.read_bytes()
            data = data[:size] if base == last else data
            at = 40
            while at < len(data):
                crc, length, version, count, first, _ = struct.unpack_from("<IIIIqq", data, at)
                assert version == 1 and first == expected, f"{path}: offset {first} at byte {at}, not {expected}"
                assert crc32c(data[at + 4 : at + 8 + length]) == crc, f"{path}: damaged at byte {at}"
                record, stop = at + 32, at + 8 + length
                while record < stop:
                    (length, _, key, value, _) = struct.unpack_from("<IqiiH", data, record)
                    start = record + 22 + max(0, key)
                    values.append(data[start : start + value])
                    record += 4 + length
                    expected += 1
                assert record == stop and expected == first + count
                at = stop
        assert expected == end, f"{folder}/{partition} ends at {expected}, not {end}"
    return values


class Local:
    """Topics on local disk."""

    def __init__(self, folder):
        self.folder = folder / "topics"
        self.connection = '{ type: local, config: { path: "%s", partitions: 3, segmentBytes: 1MiB } }' % self.folder

    def end(self, topic):
        try:
            return sum(end for end, _, _ in ends(self.folder / topic))
        except FileNotFoundError:
            return 0

    def read(self, topic):
        return read(self.folder / topic)

    def disturb(self, life):
        pass

    @staticmethod
    def kill(life, trace):
        life.kill()
        life.wait()

    def close(self):
        pass


class Kafka:
    """Topics in a broker of this run's own."""

    def __init__(self, folder):
        self.folder = folder / "broker"
        self.address = self.script("start")
        self.connection = '{ type: kafka, config: { brokers: ["%s"], partitions: 3, connectTimeout: 5s } }' % self.address
        self.known = {}

    def script(self, *words):
        script = Path(__file__).parents[2] / "scripts" / "kafka.sh"
        return subprocess.run(
            ["bash", str(script), *words, "--dir", str(self.folder)], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    def consume(self, topic, wait):
        """New records that are committed, until there are none for so many seconds."""
        from confluent_kafka import Consumer, KafkaException, TopicPartition

        values, positions = self.known.setdefault(topic, ([], {}))
        consumer = Consumer(
            {"bootstrap.servers": self.address, "group.id": "oracle", "isolation.level": "read_committed", "enable.auto.commit": False,
             "log_level": 0}
        )
        try:
            found = consumer.list_topics(topic, timeout=10).topics[topic]
            if found.error:
                return values
            consumer.assign([TopicPartition(topic, number, positions.get(number, 0)) for number in found.partitions])
            while (message := consumer.poll(wait)) is not None:
                if message.error():
                    continue
                values.append(message.value())
                positions[message.partition()] = message.offset() + 1
        except KafkaException:
            pass
        finally:
            consumer.close()
        return values

    def end(self, topic):
        return len(self.consume(topic, 0.5))

    def read(self, topic):
        return self.consume(topic, 5)

    def disturb(self, life):
        # A clean restart: the test broker forgets its last second, and whose a transaction was that is open.
        life.send_signal(signal.SIGINT)
        life.wait(60)
        time.sleep(2)
        self.script("stop", "--keep")
        self.script("start")

    def kill(self, life, trace):
        """Kills when no transaction is open. While the process stands still, what it wrote down last is what it is doing."""
        for _ in range(2000):
            life.send_signal(signal.SIGSTOP)
            if life.poll() is not None or is_between_transactions(trace):
                break
            life.send_signal(signal.SIGCONT)
            time.sleep(0.005)
        life.kill()
        life.wait()

    def close(self):
        self.script("stop")


def is_between_transactions(trace):
    """All claims are made, which is before a job's first checkpoint, and what was begun is applied."""
    phases = [line.split() for line in trace.read_text().splitlines() if " phase " in line]
    names = [words[2] for words in phases if len(words) == 4]
    # Two jobs may share the trace: with so many checkpoints both have some.
    return names.count("staged") > 3 and names.count("applying") == names.count("applied")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20, help="kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--kind", choices=("local", "kafka"), default="local", help="where the topics are")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="sloscout-topics-") as name:
        folder = Path(name)
        topics = {"local": Local, "kafka": Kafka}[options.kind](folder)
        try:
            run(options, dice, folder, topics)
        finally:
            topics.close()


def run(options, dice, folder, topics):
    records = 2000 * max(5, options.runs)
    jobs = folder / "jobs.yaml"
    jobs.write_text(
        JOBS % {"folder": folder, "connection": topics.connection, "records": records, "rate": 4000, "seed": options.seed}
    )

    trace = folder / "trace"

    def start():
        trace.write_text("")
        log = open(folder / "log", "ab")
        environment = dict(os.environ, SLOSCOUT_TRACE=str(trace))
        return subprocess.Popen([options.binary, "run", str(jobs), "--quiet"], env=environment, stdout=log, stderr=log)

    def finished():
        return topics.end("out") >= records

    def fail(message):
        sys.exit(f"{message} (seed {options.seed}):\n" + (folder / "log").read_text()[-3000:])

    kills = 0
    while kills < options.runs and not finished():
        life = start()
        time.sleep(dice.uniform(0.02, 1.0))
        if kills == options.runs // 2:
            topics.disturb(life)
        if life.poll() not in (None, 0):
            fail("the program failed")
        topics.kill(life, trace)
        kills += 1
    life = start()
    deadline = time.monotonic() + 300
    while not finished() and life.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    life.send_signal(signal.SIGINT)
    code = life.wait(60)
    if code != 0:
        fail(f"the program ended with {code}")
    for topic in ("raw", "out"):
        values = topics.read(topic)
        different = len(set(values))
        if len(values) != records or different != records:
            fail(f"topic {topic}: {len(values)} records, {different} different ones, of {records}")
    print(f"{kills} kills, {records} records through two topics ({options.kind}), each once")


if __name__ == "__main__":
    main()
