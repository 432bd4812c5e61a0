"""The crash suite: kills, damage and faults against the real program and a real PostgreSQL. Run it through scripts/kills.sh."""

import argparse
import os
import random
import secrets
import shutil
import signal
import statistics as figures
import sys
import tempfile
import time
from pathlib import Path

import bad_input
import faults
import oracle
import stores
import train
from kills import DEPTH, PHASES, KilledJob, Statistics, Violation
from postgres import ROOT, Server
from process import Life, job_file


class Suite:
    def __init__(self, arguments):
        self.seed = arguments.seed
        self.records = arguments.records
        self.rate = arguments.rate
        self.interval_ms = arguments.interval
        self.kills = arguments.runs
        self.damages = True
        self.life_seconds = 1.4
        self.folder = Path(tempfile.mkdtemp(prefix="sloscout-kills."))
        # A copy: whoever builds meanwhile changes nothing here.
        self.binary = str(self.folder / "sloscout")
        shutil.copy(arguments.binary, self.binary)
        self.server = Server(self.folder / "postgres")
        self.buckets = stores.Buckets(self.folder / "s3") if arguments.store == "s3" else None
        os.environ.update(self.buckets.environment if self.buckets else {})
        self.statistics = Statistics()
        self.started = time.monotonic()
        self.left = self.kills
        self._truths = {}
        self._references = {}

    def store(self, number, state):
        """Where the checkpoints of a job are."""
        if self.buckets:
            return stores.BucketFolder(self.buckets.bucket, f"kills-{number}", state)
        return stores.Folder(state)

    def truth(self, seed):
        if seed not in self._truths:
            self._truths[seed] = oracle.Truth(self.binary, self.records, seed)
        return self._truths[seed]

    def reference(self, seed):
        """The results of a run that nothing happens to."""
        if seed not in self._references:
            folder = self.folder / f"reference-{seed}"
            folder.mkdir()
            self.server.create("reference")
            job_file(folder / "jobs.yaml", records=self.records, seed=seed, rate=None, interval_ms=1000)
            life = Life(self.binary, folder / "jobs.yaml", folder / "state", self.server.url("reference"), folder)
            try:
                if (code := life.wait(120)) != 0:
                    raise Violation(f"a run that nothing happens to ends with {code}: {life.output[-800:]}")
                truth = self.truth(seed)
                if wrong := oracle.complete(self.server, "reference", truth) + oracle.balance(life.output, truth):
                    raise Violation("without any kill: " + "; ".join(wrong[:5]))
                self._references[seed] = oracle.results(self.server, "reference")
            finally:
                life.close()
                self.server.drop("reference")
        return self._references[seed]

    def next_aim(self, random):
        if self.left <= 0:
            return "none"
        return random.choices(["random", "phase", "COMMIT"], [50, 35, 15])[0]

    def wanted_phase(self, random):
        """The phase that was struck least so far, most of the time."""
        phases = sorted(DEPTH, key=lambda phase: self.statistics.kills[phase])
        return random.choice(phases[:2])

    def count(self, phase, aim):
        self.statistics.kills[phase] += 1
        self.statistics.aimed[aim] += 1
        self.left -= 1

    def run_kills(self):
        number = 0
        while self.left > 0:
            job = KilledJob(self, number)
            try:
                job.run()
            except Violation as violation:
                print("\n".join(job.log), file=sys.stderr)
                print(f"VIOLATION in job {number}: {violation}\nits folder: {job.folder}", file=sys.stderr)
                return False
            number += 1
        return True

    def run_each(self, module, names):
        try:
            module.run(self, names)
            return True
        except Violation as violation:
            print(f"VIOLATION: {violation}\nits folder: {self.folder}", file=sys.stderr)
            return False

    def summary(self):
        s = self.statistics
        kills = sum(s.kills.values())
        lines = [f"{kills} kills in {s.jobs} jobs of {self.records} records, {time.monotonic() - self.started:.0f} s, seed {self.seed}"]
        lines.append("  struck while     " + "  ".join(f"{phase} {s.kills[phase]}" for phase in PHASES))
        lines.append("  aimed            " + "  ".join(f"{aim} {count}" for aim, count in s.aimed.items()))
        if s.reread:
            lines.append(
                f"  read again       median {figures.median(s.reread):.0f}, most {max(s.reread)} records; in checkpoint intervals: median "
                f"{figures.median(s.intervals):.2f}, most {max(s.intervals):.2f} ({len(s.reread)} restarts)")
        if s.cuts_ms:
            lines.append(
                f"  between cuts     median {figures.median(s.cuts_ms):.0f}, most {max(s.cuts_ms):.0f} ms of {self.interval_ms} ({len(s.cuts_ms)} "
                "checkpoints); a kill during a checkpoint adds the time that one took so far")
        lines.append("  damage           " + "  ".join(f"{what} {count}" for what, count in s.damages.items()))
        lines.append(f"  ledger           {s.ledger_samples} looks, never back; parallelism changed {s.parallelism_changes} times")
        return "\n".join(lines)

    def close(self, keep):
        self.server.stop(keep)
        if self.buckets:
            self.buckets.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="kills.sh", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="lives of the program that end by kill -9")
    parser.add_argument("--seed", type=int, default=None, help="of the schedule; printed at the end")
    built = ROOT / ".build/release/sloscout"
    parser.add_argument("--binary", default=str(built if built.exists() else ROOT / ".build/debug/sloscout"))
    parser.add_argument("--records", type=int, default=60000)
    parser.add_argument("--rate", type=int, default=20000, help="records a second")
    parser.add_argument("--interval", type=int, default=250, help="milliseconds between checkpoints")
    parser.add_argument("--store", choices=["disk", "s3"], default="disk", help="where checkpoints are kept")
    parser.add_argument("--faults", default="all", help="all, none, or names with commas between them")
    parser.add_argument("--bad-input", default="all", help="all, none, or names with commas between them")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = secrets.randbelow(1_000_000)
    if not os.access(arguments.binary, os.X_OK):
        print(f"kills.sh: there is no program {arguments.binary}: swift build, or --binary PATH", file=sys.stderr)
        return 2
    os.nice(5)
    # Whoever ends this ends it in order: the server must not be left running.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    suite = Suite(arguments)
    fine = False
    try:
        fine = suite.run_kills()
        print(suite.summary(), flush=True)
        if fine and arguments.runs >= 200 and (thin := [phase for phase in PHASES if suite.statistics.kills[phase] < 10]):
            print(f"VIOLATION: fewer than ten kills struck while {', '.join(thin)}", file=sys.stderr)
            fine = False
        for module, names in ((faults, arguments.faults), (bad_input, arguments.bad_input)):
            if fine and names != "none":
                fine = suite.run_each(module, None if names == "all" else names.split(","))
        if fine and arguments.bad_input == "all" and train.FILE.exists():
            fine = suite.run_each(train, None)
        if not fine:
            print(f"replay: scripts/kills.sh --runs {arguments.runs} --seed {arguments.seed} (the schedule; moments differ)", file=sys.stderr)
        return 0 if fine else 1
    finally:
        suite.close(keep=not fine)


if __name__ == "__main__":
    sys.exit(main())
