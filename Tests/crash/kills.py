"""Jobs that are killed again and again, and judged by the oracle when they come to their end."""

import random
import shutil
import time
from pathlib import Path

import damage
import oracle
from postgres import LedgerWatch, Session
from process import COORDINATOR, Life, job_file

# Milliseconds after a phase's begin at which directed kills strike at the latest: about as long as the phase lasts.
DEPTH = {"reading": 150, "aligning": 4, "packing": 12, "publishing": 4, "staged": 2, "applying": 20}
PHASES = ("starting", *COORDINATOR, "applying", "COMMIT")


class Violation(Exception):
    """Something that must not happen did."""


class Statistics:
    def __init__(self):
        self.kills = {phase: 0 for phase in PHASES}
        self.aimed = {"random": 0, "phase": 0, "COMMIT": 0}
        self.jobs = 0
        self.parallelism_changes = 0
        self.reread = []
        self.intervals = []
        self.cuts_ms = []
        self.commits = {"committed": 0, "rolled back": 0}
        self.damages = {"older used": 0, "refused": 0, "second copy used": 0}
        self.ledger_samples = 0
        self.ends = 0


class KilledJob:
    """One job over its whole life: starts, kills, restarts, damage, end, judgement."""

    def __init__(self, suite, number):
        self.suite = suite
        self.number = number
        self.random = random.Random(f"{suite.seed}/{number}")
        self.folder = suite.folder / f"job-{number}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.store = suite.store(number, self.folder / "state")
        self.checkpoints = self.store.checkpoints
        self.second = self.folder / "second" if number % 3 == 2 else None
        self.database = f"kills_{number}"
        self.data_seed = 1 + number % 3
        self.truth = suite.truth(self.data_seed)
        self.parallelism = 1 + number % 2
        self.log = []
        # What is known of the lives before this one, for what the next one reads again.
        self.progress = 0
        self.killed_at = 0.0
        self.aligned = {}
        self.damaged = False
        self.unseen = None  # damage that a life was killed before it looked at: what, what must be made of it, what it printed
        self.damaged_epochs = set()
        self.removed = False  # a file was taken away by this test

    def note(self, text):
        self.log.append(f"{time.monotonic() - self.suite.started:8.2f} {text}")

    def run(self):
        self.folder.mkdir(parents=True)
        suite = self.suite
        suite.server.create(self.database)
        job_file(
            self.folder / "jobs.yaml", records=suite.records, seed=self.data_seed, rate=suite.rate, interval_ms=suite.interval_ms,
            second_copy=self.second)
        watch = LedgerWatch(suite.server.url(self.database))
        try:
            life_number = 0
            while not self._live(life_number):
                life_number += 1
                if life_number > 200:
                    raise Violation("the job does not come to its end in 200 lives")
        finally:
            watch.stop()
            suite.statistics.ledger_samples += watch.samples
        if watch.violations:
            raise Violation(watch.violations[0])
        self._judge()
        suite.statistics.jobs += 1
        suite.server.drop(self.database)
        shutil.rmtree(self.folder)

    # One life

    def _live(self, number):
        """Returns True when the job came to its end."""
        suite, random = self.suite, self.random
        if number > 0 and random.random() < 0.4:
            self.parallelism = 3 - self.parallelism
            suite.statistics.parallelism_changes += 1
        aim = suite.next_aim(random)
        failpoint, settings = None, {}
        if aim == "phase":
            phase = suite.wanted_phase(random)
            epoch = (self._newest() or 0) + random.randint(1, 3)
            failpoint = f"{phase}:{epoch}:{int(random.uniform(0, DEPTH[phase]) * 1000)}"
        elif aim == "COMMIT":
            settings = {"commit_delay": 20000, "commit_siblings": 0}
        newest = self._newest()
        expected = ("restore", newest) if newest else ("fresh", None)
        note_of_damage = None
        printed = ""
        if self.unseen:
            note_of_damage, expected, printed = self.unseen
            self.unseen = None
        elif newest and suite.damages and random.random() < 0.25 and not self.damaged and newest not in self.damaged_epochs:
            note_of_damage, expected = self._damage()
        self.damaged = False
        life = Life(
            suite.binary, self.folder / "jobs.yaml", self.store.option, suite.server.url(self.database, **settings), self.folder / f"life-{number}",
            parallelism=self.parallelism, failpoint=failpoint)
        self.note(f"life {number}: parallelism {self.parallelism}, aim {failpoint or aim}, expected {expected}" + (f", {note_of_damage}" if note_of_damage else ""))
        try:
            if expected[0] == "refuse":
                self._expect_refusal(life)
                return False
            code, struck_commit = self._strike(life, aim)
            trace = life.trace()
            self._check_start(life, trace, expected, note_of_damage, printed)
            if code == 0:
                self.note("the end")
                self.output = life.output
                suite.statistics.ends += 1
                return True
            if code != -9:
                raise Violation(f"exit code {code}: {life.output.strip()[-800:]}")
            phase = "COMMIT" if struck_commit else trace.where()
            suite.count(phase, aim)
            self.note(f"killed while {phase}; read {trace.read}")
            suite.statistics.cuts_ms += trace.cuts_ms()
            if trace.read > 0:
                self.progress = max(self.progress, trace.read)
                self.killed_at = life.ended
                self.life_began = life.started
                self.aligned = trace.aligned
                staged = trace.staged
                if staged and (newest := self._newest() or 0) < max(staged):
                    raise Violation(f"checkpoint {max(staged)} was published, the newest in the folder is {newest}")
            self.store.fetch()
            if gaps := [] if self.removed else damage.gaps(self.checkpoints):
                raise Violation(gaps[0])
            if wrong := oracle.partial(suite.server, self.database, self.truth):
                raise Violation(wrong[0])
            return False
        finally:
            life.close()

    def _strike(self, life, aim):
        """Waits for the end or brings it about. Returns the exit code, and whether it was struck while PostgreSQL was committing."""
        random = self.random
        if aim == "random":
            # The start is short: without some that aim at it few would strike there.
            code = life.wait(random.uniform(0.0, 0.04) if random.random() < 0.15 else random.uniform(0.02, self.suite.life_seconds))
            return (life.kill() if code is None else code), False
        if aim == "phase":
            code = life.wait(60)
            if code is None:
                raise Violation(f"the job still runs after 60 s: {life.output.strip()[-800:]}")
            return code, False
        if aim == "COMMIT":
            # Some COMMITs are let pass; the next one that is seen is the last thing that the process asks for.
            pause = random.uniform(0.1, self.suite.life_seconds)
            code = life.wait(pause)
            if code is not None:
                return code, False
            session = Session(self.suite.server.url(self.database))
            question = (
                "SELECT pid, query FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
                " AND query ~* '^(commit|insert|savepoint|copy)'")
            what = random.choice(["commit", "commit", "commit", "any"])
            try:
                while life.process.poll() is None:
                    rows = session.query(question) or []
                    seen = [row for row in rows if len(row) > 1 and (what == "any" or row[1].lower().startswith("commit"))]
                    if seen:
                        code = life.kill()
                        committing = any(row[1].lower().startswith("commit") for row in seen)
                        return code, committing and code == -9 and life.trace().where() == "applying"
            finally:
                session.close()
            return life.wait(30), False
        return life.wait(120), False

    # The start after a kill

    def _check_start(self, life, trace, expected, note_of_damage, printed):
        suite = self.suite
        printed += life.output
        if trace.restored is None:
            if trace.read > 0 and expected[0] == "restore":
                raise Violation(f"checkpoint {expected[1]} was there, and the job began from nothing")
            if note_of_damage:
                self.unseen = (note_of_damage, expected, printed)  # killed before it said what it made of it: the next one will
            return
        epoch, records = trace.restored
        if expected[0] == "fresh":
            raise Violation(f"the job was restored from checkpoint {epoch}, which nobody knew of")
        if epoch != expected[1]:
            raise Violation(f"the job went on from checkpoint {epoch}, not {expected[1]} ({note_of_damage})")
        if note_of_damage and self.second is None:
            if "is damaged" not in printed:
                raise Violation(f"the damage was not noticed: {note_of_damage}")
            suite.statistics.damages["older used"] += 1
        elif note_of_damage:
            if note_of_damage.startswith("state: ") and "the other copy is whole and was used" not in printed:
                raise Violation(f"the damage was not noticed: {note_of_damage}")
            suite.statistics.damages["second copy used"] += 1
        elif self.progress > 0:
            self._check_reread(epoch, records)
        self.progress = 0

    def _check_reread(self, epoch, records):
        """What was read after the newest checkpoint's cut is read again, and nothing else."""
        suite = self.suite
        again = max(0, self.progress - records)
        since = self.aligned[epoch] / 1e9 if epoch in self.aligned else self.life_began
        seconds = max(0.0, self.killed_at - since)
        # The pace lets a source that was held up catch up on at most a second's worth.
        if again > suite.rate * (seconds + 1) + 2000:
            raise Violation(f"{again} records are read again, though checkpoint {epoch} was cut {seconds * 1000:.0f} ms before the kill")
        interval = suite.rate * suite.interval_ms / 1000
        suite.statistics.reread.append(again)
        suite.statistics.intervals.append(again / interval)

    def _newest(self):
        """The newest published checkpoint in either folder: a kill may have come between the two copies of the manifest, and one is enough."""
        self.store.fetch()
        folders = [self.checkpoints] + ([self.second / "fingerprint"] if self.second else [])
        return max((damage.epochs(folder)[-1] for folder in folders if damage.epochs(folder)), default=None)

    # Damage

    def _damage(self):
        random, suite = self.random, self.suite
        damage.copy(self.checkpoints, self.folder / "before")
        folder = self.checkpoints
        if self.second and random.random() < 0.5:
            folder = self.second / "fingerprint"
        newest = self._newest()
        if self.second:
            # Only what stands in both folders can be damaged without loss.
            if any(damage.epochs(place)[-1:] != [newest] for place in (self.checkpoints, self.second / "fingerprint")):
                return None, ("restore", newest)
            self.damaged_epochs.add(newest)  # one copy is gone: from now on the other is all there is
            what = damage.damage(folder, random)
            self.store.push()
            self.removed |= what.endswith("removed")
            return f"{folder.parent.name}: {what}", ("restore", newest)
        what = damage.damage(folder, random)
        self.store.push()
        self.removed |= what.endswith("removed")
        rows = suite.server.psql(self.database, "SELECT max(epoch) FROM sink_ledger") if self._has_ledger() else [["0"]]
        return what, damage.expectation(self.folder / "before", self.checkpoints, int(rows[0][0] or 0))

    def _has_ledger(self):
        return bool(self.suite.server.psql(self.database, "SELECT 1 FROM pg_class WHERE relname = 'sink_ledger'"))

    def _expect_refusal(self, life):
        ledger = "SELECT sink, epoch, output_digest FROM sink_ledger ORDER BY 1"
        before = self.suite.server.psql(self.database, ledger), oracle.results(self.suite.server, self.database)
        code = life.wait(60)
        if code is None or code == 0 or "is damaged" not in life.output or "hint:" not in life.output:
            raise Violation(f"a damaged checkpoint was not refused (exit code {code}): {life.output.strip()[-800:]}")
        if (self.suite.server.psql(self.database, ledger), oracle.results(self.suite.server, self.database)) != before:
            raise Violation("a start that was refused wrote something")
        self.suite.statistics.damages["refused"] += 1
        damage.copy(self.folder / "before", self.checkpoints)
        self.store.push()
        self.damaged = True  # not twice in a row
        self.removed = False
        self.note("refused; the folder was restored from its copy")

    # The end

    def _judge(self):
        suite = self.suite
        wrong = oracle.complete(suite.server, self.database, self.truth) + oracle.balance(self.output, self.truth)
        self.store.fetch()
        wrong = wrong or damage.litter([self.checkpoints] + ([self.second / "fingerprint"] if self.second else []))
        wrong = wrong or oracle.compare(oracle.results(suite.server, self.database), suite.reference(self.data_seed))
        if wrong:
            raise Violation("\n".join([f"{len(wrong)} things are wrong"] + wrong[:5]))
