"""One life of the program, from its start to its end or its kill, and what it wrote down meanwhile."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from postgres import ROOT

COORDINATOR = ("reading", "aligning", "packing", "publishing", "staged")


def job_file(path, *, records=0, seed=0, rate=None, interval_ms, second_copy=None, files=None, follow=False):
    """The shipped job with the source's size and pace, and checkpoints often enough that a life of a second sees some.

    With `files` it reads those instead.
    """
    text = (ROOT / "jobs.yaml").read_text()
    copy = f', secondCopy: "{second_copy}"' if second_copy else ""
    pace = f", rate: {rate}" if rate else ""
    source = f"config: {{ records: {records}, seed: {seed}{pace}, format: json }}"
    changes = []
    if files:
        source = f'config: {{ path: "{files}", mode: {"follow" if follow else "once"}, format: json, pollInterval: 20ms }}'
        changes = [("type: generate", "type: file")]
    changes += [
        ("config: { records: 200000, format: json }", source),
        ("interval: 5s,", f"interval: {interval_ms}ms{copy},"),
        ("emit: { every: 10s }", "emit: { every: 300ms }"),
    ]
    for old, new in changes:
        if text.count(old) != 1:
            raise RuntimeError(f"jobs.yaml holds {text.count(old)} times {old!r}: the crash tests must follow it")
        text = text.replace(old, new)
    Path(path).write_text(text)


class Life:
    """A running `sloscout run`."""

    def __init__(self, binary, job, state, url, folder, *, parallelism=1, failpoint=None, options=()):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.trace_path = self.folder / "trace"
        self.trace_path.write_text("")
        environment = dict(os.environ, DATABASE_URL=url, SLOSCOUT_TRACE=str(self.trace_path))
        environment.pop("SLOSCOUT_FAILPOINT", None)
        if failpoint:
            environment["SLOSCOUT_FAILPOINT"] = failpoint
        self.started = time.monotonic()
        self.ended = None
        self._output = open(self.folder / "output", "w+b")
        self.process = subprocess.Popen(
            [binary, "run", str(job), "--state", str(state), "--parallelism", str(parallelism), *options], env=environment, stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=subprocess.STDOUT)

    def wait(self, seconds):
        """The exit code, or None when it still runs."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self.ended = self.ended or time.monotonic()
        return code

    def kill(self):
        """Kills it, whatever it is doing. Returns the exit code, which is not -9 when it was faster."""
        self.process.send_signal(signal.SIGKILL)
        return self.wait(30)

    def signal(self, number):
        self.process.send_signal(number)

    @property
    def output(self):
        return (self.folder / "output").read_text(errors="replace")

    def trace(self):
        return Trace(self.trace_path)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self._output.close()


class Trace:
    """What a life wrote down: phases, and how much had been read when."""

    def __init__(self, path):
        self.phase = None
        self.last_time = None
        self.read = 0
        self.restored = None
        self.aligned = {}
        self.staged = set()
        self.applying = {}
        self.applied = {}
        for line in path.read_text().splitlines():
            if match := re.fullmatch(r"(\d+) phase (\w+) (\d+)", line):
                at, name, epoch = int(match[1]), match[2], int(match[3])
                if name in COORDINATOR:
                    self.phase = name
                if name == "aligning":
                    self.aligned[epoch] = at
                elif name == "staged":
                    self.staged.add(epoch)
                elif name == "applying":
                    self.applying[epoch] = self.applying.get(epoch, 0) + 1
                elif name == "applied":
                    self.applied[epoch] = self.applied.get(epoch, 0) + 1
            elif match := re.fullmatch(r"(\d+) read (\d+)", line):
                at, self.read = int(match[1]), max(self.read, int(match[2]))
            elif match := re.fullmatch(r"(\d+) restored (\d+) (\d+)", line):
                at, self.restored = int(match[1]), (int(match[2]), int(match[3]))
                self.read = max(self.read, self.restored[1])
            else:
                continue  # a line that the kill cut off
            self.last_time = at

    def cuts_ms(self):
        """The times between one checkpoint's begin and the next one's."""
        return [(self.aligned[epoch + 1] - at) / 1e6 for epoch, at in self.aligned.items() if epoch + 1 in self.aligned]

    def where(self, sinks=2):
        """The phase in which it ended."""
        if any(count > self.applied.get(epoch, 0) for epoch, count in self.applying.items()):
            return "applying"
        if self.phase is None:
            return "reading" if self.read else "starting"
        if self.phase in ("reading", "staged") and self.staged and self.applied.get(max(self.staged), 0) < sinks:
            return "staged"
        return self.phase
