"""Workers of one job, each a process, if wanted with a network of its own, and what they share: PostgreSQL, an exchange, a place for checkpoints."""

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crash"))
from postgres import ROOT  # noqa: E402

TABLE = "SELECT service, environment, shape, window_start, count FROM capsule_shape ORDER BY 1, 2, 3, 4"
TEMPLATES = ["user {0} not found", "payment {0} of {1} refused", "cache miss for key {0}", "retry {0} of {1}", "slow query {0} ms", "order {0} shipped"]
SERVICES = ["cart", "checkout", "payment", "search", "shipping", "users", "admin"]


def parser(description, *, exchange=None):
    """What every test of workers can be told; with an `exchange`, which is the usual one, also how records travel."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("binary")
    found.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    found.add_argument("--keep", help="where what a failed run left is kept")
    if exchange:
        found.add_argument("--exchange", choices=["local", "kafka"], default=exchange)
        found.add_argument("--delivery", choices=["numbered", "transactions"], default="numbered")
    return found


def job_file(path, *, inputs, exchange, readers, partitions, store, delivery="numbered", name="fingerprint"):
    """The shipped job, cut over workers: the same document that one process runs."""
    documents = (ROOT / "jobs.yaml").read_text().split("---\n")
    text = "---\n".join(documents[:2])
    changes = [
        ("metadata: { name: fingerprint }", f"metadata: {{ name: {name} }}"),
        ("      type: generate\n", "      type: file\n"),
        ("idleAfter: 1m", "idleAfter: 1s"),
        ("config: { records: 200000, format: json }", f'config: {{ path: "{inputs}", mode: follow, format: json, pollInterval: 20ms }}'),
        ('  checkpoint: { interval: 5s, store: "${SLOSCOUT_STATE:-.sloscout}" }\n',
         f'  checkpoint: {{ interval: 400ms, store: "{store}" }}\n'
         f"  exchange: {{ connection: exchange, partitions: {partitions}, readers: {readers}, delivery: {delivery} }}\n"),
        ("emit: { every: 10s }", "emit: { every: 300ms }"),
    ]
    for old, new in changes:
        if text.count(old) != 1:
            raise RuntimeError(f"jobs.yaml holds {text.count(old)} times {old!r}: this test must follow it")
        text = text.replace(old, new)
    kind, config = exchange
    connection = f"apiVersion: sloscout/v1\nkind: Connection\nmetadata: {{ name: exchange }}\nspec: {{ type: {kind}, config: {config} }}\n---\n"
    Path(path).write_text(connection + text)


class Feeder:
    """Writes records to several files at a steady pace, some of them no records at all, and knows what it wrote.

    The first `burst` of them are written at once. With several `environments` there are as many times more keys. `step` milliseconds lie between the
    times of two records. For `rest` seconds in the middle nothing comes. Every message ends with `ending`.
    """

    def __init__(self, folder, files, records, rate, seed, *, burst=0, environments=1, step=100, rest=0.0, ending=""):
        self.folder, self.records, self.rate = Path(folder), records, rate
        self.burst, self.environments, self.step, self.rest, self.ending = burst, environments, step, rest, ending
        self.folder.mkdir(parents=True, exist_ok=True)
        self.accepted = self.malformed = 0
        self.random = random.Random(seed)
        self.files = [open(self.folder / f"part-{n}.jsonl", "w") for n in range(files)]
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.is_done = self.is_to_end = False

    def start(self):
        self.thread.start()

    def _write(self):
        started, step = time.monotonic(), 200
        for first in range(0, self.records, step):
            if self.is_to_end:
                break
            if self.rest and first * 2 >= self.records:
                time.sleep(self.rest)
                started += self.rest
                self.rest = 0
            for number in range(first, min(first + step, self.records)):
                self.files[number % len(self.files)].write(self._line(number))
            for file in self.files:
                file.flush()
            ahead = (first + step - self.burst) / self.rate - (time.monotonic() - started)
            if ahead > 0:
                time.sleep(ahead)
        self.is_done = True

    def _line(self, number):
        if self.random.random() < 0.003:
            self.malformed += 1
            return '{"event_id": "broken ' + str(number) + "\n"
        self.accepted += 1
        message = self.random.choice(TEMPLATES).format(self.random.randrange(10**6), self.random.randrange(100)) + self.ending
        stamp = 1767261900000 + number * self.step
        environment = f"prod-{self.random.randrange(self.environments)}" if self.environments > 1 else "prod"
        return (f'{{"event_id":"e{number}","service_name":"{self.random.choice(SERVICES)}","environment":"{environment}","severity":"INFO",'
                f'"timestamp":{stamp},"message":"{message}"}}\n')


class Network:
    """A network namespace with one way out: a pair of devices to this machine, over which relays carry the ports of the servers."""

    def __init__(self, number, ports):
        self.name, self.device = f"slow{os.getpid()}x{number}", f"sl{os.getpid() % 10000}x{number}"
        base = f"10.211.{number}"
        self.inside, self.outside = f"{base}.2", f"{base}.1"
        run(["ip", "netns", "add", self.name])
        run(["ip", "link", "add", self.device, "type", "veth", "peer", "name", "eth0", "netns", self.name])
        run(["ip", "addr", "add", f"{self.outside}/24", "dev", self.device])
        run(["ip", "link", "set", self.device, "up"])
        for command in (["addr", "add", f"{self.inside}/24", "dev", "eth0"], ["link", "set", "eth0", "up"], ["link", "set", "lo", "up"]):
            run(["ip", "-n", self.name, *command])
        relay = str(Path(__file__).with_name("relay.py"))
        # Servers tell their address to clients (Kafka does): so inside they are on loopback too, under their own ports.
        pairs = [f"{port}:{self.outside}:{port}" for port in ports]
        self.relays = [
            subprocess.Popen([sys.executable, relay, self.outside, *[f"{port}:127.0.0.1:{port}" for port in ports]]),
            subprocess.Popen(["ip", "netns", "exec", self.name, sys.executable, relay, "127.0.0.1", *pairs]),
        ]

    def cut(self, way):
        """Nothing passes any more: both ways, or only what the worker sends (`out`), or only what it is sent (`in`)."""
        if way == "both":
            run(["ip", "link", "set", self.device, "down"])
        else:
            self._blackhole("add", way)

    def mend(self, way):
        if way == "both":
            run(["ip", "link", "set", self.device, "up"])
        else:
            self._blackhole("del", way)

    def _blackhole(self, command, way):
        namespace, target = ([], self.inside) if way == "in" else (["-n", self.name], self.outside)
        run(["ip", *namespace, "route", command, "blackhole", f"{target}/32"])

    def close(self):
        for relay in self.relays:
            relay.kill()
            relay.wait()
        subprocess.run(["ip", "link", "del", self.device], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


def run(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}")


class Worker:
    """A running `sloscout worker`."""

    def __init__(self, binary, job, url, name, folder, *, lease=2, network=None, environment=None):
        self.name, self.network = name, network
        self.log = open(Path(folder) / f"{name}.log", "w+b")
        # Without a file a worker runs what the control server stores.
        command = [binary, "worker", *([str(job)] if job else []), "--database", url, "--as", name, "--lease-time", str(lease), "--quiet"]
        if network:
            command = ["ip", "netns", "exec", network.name, *command]
        self.process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def signal(self, number):
        self.process.send_signal(number)

    @property
    def is_alive(self):
        return self.process.poll() is None

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self, seconds=30):
        """Asks for a graceful stop; the exit code, or None when it did not end."""
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    @property
    def output(self):
        return Path(self.log.name).read_text(errors="replace")
