"""One of each fault that a job must live through, made with the real thing: the server, the disk, the signals."""

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import damage
import oracle
from kills import Violation
from postgres import Session
from process import Life, job_file


class Fault:
    """A job of its own, in a folder and a database of its own."""

    def __init__(self, suite, name, *, second_copy=False, seed=1):
        self.suite = suite
        self.name = name
        self.seed = seed
        self.folder = suite.folder / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.state = self.folder / "state"
        self.store = suite.store(name, self.state)
        self.database = name.replace("-", "_")
        self.lives = []
        suite.server.create(self.database)
        job_file(self.folder / "jobs.yaml", records=suite.records, seed=seed, rate=suite.rate, interval_ms=suite.interval_ms)

    @property
    def checkpoints(self):
        """The folder with the checkpoints as they are now."""
        self.store.fetch()
        return self.store.checkpoints

    def start(self, **options):
        life = Life(
            self.suite.binary, self.folder / "jobs.yaml", self.store.option, self.suite.server.url(self.database), self.folder / f"life-{len(self.lives)}",
            **options)
        self.lives.append(life)
        return life

    def wait_for(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Violation(f"{self.name}: {what} did not come in {seconds} s")
            time.sleep(0.01)

    def wait_for_epoch(self, epoch, life, seconds=60):
        """Waits until that many checkpoints are published, while the job runs."""
        def there():
            if life.process.poll() is not None:
                raise Violation(f"{self.name}: the job ended before checkpoint {epoch}: {life.output.strip()[-800:]}")
            return (damage.epochs(self.checkpoints) or [0])[-1] >= epoch
        self.wait_for(there, f"checkpoint {epoch}", seconds)

    def expect_end(self, life, code=0, seconds=120):
        found = life.wait(seconds)
        if found != code:
            raise Violation(f"{self.name}: exit code {found}, not {code}: {life.output.strip()[-1500:]}")

    def judge(self, life):
        """The input is at its end: everything must be as if nothing had happened."""
        suite = self.suite
        wrong = oracle.complete(suite.server, self.database, suite.truth(self.seed)) + oracle.balance(life.output, suite.truth(self.seed))
        wrong = wrong or oracle.compare(oracle.results(suite.server, self.database), suite.reference(self.seed))
        if wrong:
            raise Violation("\n".join([f"{self.name}: {len(wrong)} things are wrong"] + wrong[:5]))

    def close(self):
        for life in self.lives:
            if life.process.poll() is None:
                life.signal(signal.SIGCONT)
            life.close()
        self.suite.server.drop(self.database)


def postgres_restarts(fault):
    """The server loses its power and comes back at once."""
    life = fault.start()
    fault.wait_for_epoch(2, life)
    fault.suite.server.crash()
    fault.suite.server.restart()
    fault.expect_end(life)
    fault.judge(life)
    return "the job went on by itself"


def postgres_away(fault):
    """The server loses its power and is away for five seconds."""
    life = fault.start()
    fault.wait_for_epoch(2, life)
    fault.suite.server.crash()
    time.sleep(5)
    if life.process.poll() is not None:
        raise Violation(f"{fault.name}: the job gave up: {life.output.strip()[-800:]}")
    fault.suite.server.restart()
    fault.expect_end(life)
    fault.judge(life)
    return "the job went on by itself"


def power_cut(fault):
    """Program and server lose their power at the same moment, three times."""
    for cut in range(3):
        life = fault.start(parallelism=1 + cut % 2)
        fault.wait_for_epoch(2 + 3 * cut, life)
        life.kill()
        fault.suite.server.crash()
        fault.suite.server.restart()
    life = fault.start()
    fault.expect_end(life)
    fault.judge(life)
    return "no manual step"


def disk_full(fault):
    """The folder of the checkpoints has no room for three seconds."""
    fault.state.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "sloscout-test", str(fault.state)], capture_output=True, text=True)
    if mounted.returncode != 0:
        if os.environ.get("CI"):
            raise Violation(f"{fault.name}: a small file system cannot be mounted: {mounted.stderr.strip()}")
        return f"SKIPPED: a small file system cannot be mounted: {mounted.stderr.strip()}"
    try:
        life = fault.start()
        fault.wait_for_epoch(2, life)
        filler = fault.state / "filler"
        with open(filler, "wb", buffering=0) as file:
            end = time.monotonic() + 3
            while time.monotonic() < end:
                try:
                    file.write(bytes(65536))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    time.sleep(0.005)  # what the program frees meanwhile is taken too
        if life.process.poll() is not None:
            raise Violation(f"{fault.name}: the job gave up: {life.output.strip()[-800:]}")
        if "the checkpoint waits" not in life.output:
            raise Violation(f"{fault.name}: the job does not say that the disk is full: {life.output.strip()[-800:]}")
        held = life.trace().read
        filler.unlink()
        fault.expect_end(life)
        fault.judge(life)
        if "attempt" in life.output:
            raise Violation(f"{fault.name}: the job had to start again: {life.output.strip()[-800:]}")
        interval = fault.suite.rate * fault.suite.interval_ms / 1000
        newest = max(epoch for epoch in life.trace().staged)
        return f"{held} records had been read when there was room again; {newest} checkpoints in all, {interval:.0f} records an interval"
    finally:
        for life in fault.lives:
            life.close()
        subprocess.run(["umount", "-l", str(fault.state)], check=False)


def graceful(number):
    def stop(fault):
        """A signal asks the job to stop: it takes a checkpoint, fires no window, and goes on later."""
        life = fault.start()
        fault.wait_for_epoch(3, life)
        life.signal(number)
        fault.expect_end(life, 0, 30)
        if "stopped; " not in life.output or "balanced: " not in life.output:
            raise Violation(f"{fault.name}: the job does not say that it was stopped: {life.output.strip()[-800:]}")
        read = life.trace().read
        reached = 1767225600 + 6 * 3600 * (read + fault.suite.rate / 10) / fault.suite.records
        fired = int(fault.suite.server.psql(
            fault.database, f"SELECT count(*) FROM capsule_shape WHERE final AND window_end > to_timestamp({reached})")[0][0])
        if fired:
            raise Violation(f"{fault.name}: {fired} open windows fired at the stop")
        again = fault.start(parallelism=2)
        fault.expect_end(again)
        fault.judge(again)
        epoch, records = again.trace().restored
        if records < read:
            raise Violation(f"{fault.name}: {read} records were read before the stop, the restart begins behind {records}")
        return f"stopped behind {records} records in checkpoint {epoch}, nothing was read twice"
    return stop


def two_signals(fault):
    """The second signal ends the job at once, and that loses nothing either."""
    life = fault.start()
    fault.wait_for_epoch(2, life)
    life.signal(signal.SIGINT)
    life.signal(signal.SIGTERM)
    code = life.wait(30)
    if code not in (0, 130):
        raise Violation(f"{fault.name}: exit code {code}: {life.output.strip()[-800:]}")
    again = fault.start()
    fault.expect_end(again)
    fault.judge(again)
    return f"exit code {code}"


def zombie(phase, lead):
    def stall(fault):
        """A process stands still, another takes over, the first wakes up: it must find out, and write nothing."""
        old = fault.start(failpoint=f"{phase}:3:0:stop")
        fault.wait_for(lambda: Path(f"/proc/{old.process.pid}/stat").read_text().split(") ")[1][0] == "T", f"the stop at {phase}")
        stood = (damage.epochs(fault.checkpoints) or [0])[-1]
        new = fault.start(parallelism=2)
        # One that stopped inside of a transaction holds the ledger's row until the server ends its session, ten seconds later.
        fault.wait_for_epoch(stood + lead, new, seconds=150)
        old.signal(signal.SIGCONT)
        code = old.wait(60)
        if code in (None, 0, -9):
            raise Violation(f"{fault.name}: the process that woke up ends with {code}: {old.output.strip()[-800:]}")
        said = "another process is running this job" in old.output or "taken over by a newer run" in old.output
        if not said:
            raise Violation(f"{fault.name}: the process that woke up does not say why it stops: {old.output.strip()[-800:]}")
        lost = new.wait(120)
        if lost != 0:
            # Both may stop when the old one was first with a checkpoint: a third start must go on from there.
            if "another process is running this job" not in new.output:
                raise Violation(f"{fault.name}: the new process ends with {lost}: {new.output.strip()[-800:]}")
            new = fault.start()
            fault.expect_end(new)
        if gaps := damage.gaps(fault.checkpoints):
            raise Violation(f"{fault.name}: {gaps[0]}")
        fault.judge(new)
        return old.output.strip().splitlines()[-2][:150]
    return stall


def zombie_in_transaction(fault):
    """A process stands still inside of its transaction: the server ends that one, the job that took over goes on."""
    old = fault.start()
    fault.wait_for_epoch(2, old)
    session = Session(fault.suite.server.url(fault.database))
    question = "SELECT count(*) FROM pg_locks WHERE relation = 'sink_ledger'::regclass AND mode = 'RowShareLock'"
    held = False
    while not held:
        if old.process.poll() is not None:
            raise Violation(f"{fault.name}: the job was never seen with the ledger's row locked")
        if session.query(question) != [["0"]]:
            old.signal(signal.SIGSTOP)
            time.sleep(0.1)
            held = session.query(question) != [["0"]]
            if not held:
                old.signal(signal.SIGCONT)
    session.close()
    began = time.monotonic()
    new = fault.start()
    fault.expect_end(new, seconds=200)
    fault.judge(new)
    old.signal(signal.SIGCONT)
    code = old.wait(60)
    if code in (None, 0, -9):
        raise Violation(f"{fault.name}: the process that woke up ends with {code}: {old.output.strip()[-800:]}")
    fault.judge(new)
    return f"the job was through {time.monotonic() - began:.0f} s after the stop"


def rivals(fault):
    """Two processes are started on the same job and neither stands still."""
    first = fault.start()
    fault.wait_for_epoch(1, first)
    second = fault.start(parallelism=2)
    ends = [first.wait(120), second.wait(120)]
    for life, code in zip((first, second), ends):
        if code not in (0, 1):
            raise Violation(f"{fault.name}: exit code {code}: {life.output.strip()[-800:]}")
    if gaps := damage.gaps(fault.checkpoints):
        raise Violation(f"{fault.name}: {gaps[0]}")
    again = fault.start()
    fault.expect_end(again)
    fault.judge(again)
    return f"exit codes {ends[0]} and {ends[1]}, then exact"


def second_run(fault):
    """A run over input that is at its end reads nothing; one without the state is refused, with the ways out."""
    life = fault.start()
    fault.expect_end(life)
    fault.judge(life)
    rows = oracle.results(fault.suite.server, fault.database)
    again = fault.start()
    fault.expect_end(again)
    if "; 0 records read in this run" not in again.output or oracle.results(fault.suite.server, fault.database) != rows:
        raise Violation(f"{fault.name}: the second run added something: {again.output.strip()[-800:]}")
    shutil.rmtree(fault.state)
    refused = fault.start()
    fault.expect_end(refused, 1)
    if "the job's state is gone" not in refused.output or "hint: do one of these" not in refused.output:
        raise Violation(f"{fault.name}: the refusal does not say the cure: {refused.output.strip()[-800:]}")
    if oracle.results(fault.suite.server, fault.database) != rows:
        raise Violation(f"{fault.name}: a start that was refused changed the rows")
    return "0 records, then refused"


class Writer(threading.Thread):
    """An application that logs at a pace, and whose log is rotated: renamed, and begun anew."""

    def __init__(self, lines, folder, rate, rotations):
        super().__init__(daemon=True)
        self.lines, self.folder, self.rate, self.rotations = lines, folder, rate, rotations

    def run(self):
        share = len(self.lines) // self.rotations + 1
        began, written = time.monotonic(), 0
        for part in range(self.rotations):
            path = self.folder / "shop.jsonl"
            with open(path, "wb", buffering=0) as file:
                for line in range(part * share, min(len(self.lines), (part + 1) * share), 200):
                    # Lines come in pieces that end anywhere, as buffered writers leave them.
                    chunk = b"".join(self.lines[line:min(line + 200, (part + 1) * share)])
                    file.write(chunk[: len(chunk) // 3])
                    time.sleep(max(0, began + written / self.rate - time.monotonic()))
                    file.write(chunk[len(chunk) // 3:])
                    written += 200
            if part + 1 < self.rotations:
                path.rename(self.folder / f"shop-{part}.jsonl")


def rotation(fault):
    """A followed log is rotated again and again while the job is killed again and again."""
    suite = fault.suite
    logs = fault.folder / "logs"
    logs.mkdir()
    whole = fault.folder / "whole.jsonl"
    subprocess.run([suite.binary, "generate", "--records", str(suite.records), "--seed", str(fault.seed), "--output", str(whole)], check=True)
    job_file(fault.folder / "jobs.yaml", interval_ms=suite.interval_ms, files=logs / "*.jsonl", follow=True)
    lines = whole.read_bytes().splitlines(keepends=True)
    writer = Writer(lines, logs, suite.rate, rotations=6)
    writer.start()
    kills = 0
    while writer.is_alive():
        life = fault.start(parallelism=1 + kills % 2)
        if life.wait(0.3 + 0.1 * (kills % 7)) is not None:
            raise Violation(f"{fault.name}: the job ended by itself: {life.output.strip()[-800:]}")
        life.kill()
        kills += 1
    life = fault.start()
    fault.wait_for(lambda: life.trace().read >= len(lines) or life.process.poll() is not None, "the last record")
    life.signal(signal.SIGTERM)
    fault.expect_end(life, 0, 30)
    # What is followed has no end; a run that reads to the present end fires the windows.
    job_file(fault.folder / "jobs.yaml", interval_ms=suite.interval_ms, files=logs / "*.jsonl")
    life = fault.start()
    fault.expect_end(life)
    truth = suite.truth(fault.seed)
    if wrong := oracle.complete(suite.server, fault.database, truth, letter="ctid") + oracle.balance(life.output, truth):
        raise Violation("\n".join([f"{fault.name}: {len(wrong)} things are wrong"] + wrong[:5]))
    # Two records of two files can stand at the same place, so the lines themselves tell dead letters apart.
    # They are kept without personal data, as the program's own command takes it out.
    kept = subprocess.run([suite.binary, "redact"], input=b"\n".join(line.rstrip(b"\n") for line in lines), capture_output=True, check=True)
    there = Counter(hashlib.md5(line).hexdigest() for line in kept.stdout.split(b"\n"))
    for digest, count in fault.suite.server.psql(fault.database, "SELECT md5(raw), count(*) FROM dead_letter GROUP BY 1"):
        if int(count) > there[digest]:
            raise Violation(f"{fault.name}: {count} dead letters of a line that was written {there[digest]} times")
    return f"{kills} kills, 6 files, every line once"


FAULTS = {
    "postgres-restarts": postgres_restarts,
    "postgres-away": postgres_away,
    "power-cut": power_cut,
    "disk-full": disk_full,
    "sigterm": graceful(signal.SIGTERM),
    "sigint": graceful(signal.SIGINT),
    "two-signals": two_signals,
    "zombie-aligning": zombie("aligning", 2),
    "zombie-publishing": zombie("publishing", 1),
    "zombie-publishing-late": zombie("publishing", 5),
    "zombie-staged": zombie("staged", 2),
    "zombie-applying": zombie("applying", 1),
    "rivals": rivals,
    "rotation": rotation,
    "second-run": second_run,
}

# Those that wait for timeouts: by name only.
LONG_FAULTS = {"zombie-in-transaction": zombie_in_transaction}


def run(suite, names=None):
    """Runs faults, and prints a line for each. Raises `Violation`."""
    for name, make in (FAULTS | LONG_FAULTS if names else FAULTS).items():
        if names and name not in names:
            continue
        began = time.monotonic()
        fault = Fault(suite, name)
        try:
            note = make(fault)
        finally:
            fault.close()
        shutil.rmtree(fault.folder, ignore_errors=True)
        print(f"  {name:<24} {time.monotonic() - began:5.1f} s  {note}", flush=True)
