"""Signals in the first moments of the program: what runs until it is stopped ends as well as later, and everything else ends at once.

usage: early_stop.py SLOSCOUT_BINARY POSTGRES_URL

Exit status 1 when a claim does not hold.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from contract import quiet
from control_server import claim, database
from database_gate import DatabaseGate

LIMIT = 30
STARTS = 10


class HeldGate(DatabaseGate):
    """A database that takes connections and says nothing, until it is let go."""

    def __init__(self, host, port):
        super().__init__(host, port)
        self.arrived, self.free = threading.Event(), threading.Event()

    def serve(self, near):
        self.arrived.set()
        self.free.wait(LIMIT)
        super().serve(near)


def hears(process, number):
    """Whether a handler for the signal stands."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    mask = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return mask >> number - 1 & 1 == 1


def until_heard(process, number):
    """Returns when the program hears the signal: before that the system's loader is at work, and the program is not there to hear anything."""
    end = time.monotonic() + LIMIT
    while process.poll() is None and not hears(process, number):
        if time.monotonic() > end:
            claim("the program begins to listen for signals", False)


def first_moments(binary, environment, name, *arguments):
    for number in (signal.SIGTERM, signal.SIGINT):
        codes = set()
        for _ in range(STARTS // 2):
            process = subprocess.Popen([binary, *map(str, arguments)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            until_heard(process, number)
            process.send_signal(number)
            said = process.communicate(timeout=LIMIT)[1]
            codes.add(process.returncode)
        claim(f"{name}: {number.name} as soon as it can be heard is a good end", codes == {0}, (codes, said))


def held(binary, url):
    """The server is asked to stop while it waits for its database."""
    place = urlsplit(database(url, "server_early_held"))
    with HeldGate(place.hostname, place.port) as gate:
        through = urlunsplit(place._replace(netloc=place.netloc.replace(f":{place.port}", f":{gate.port}")))
        process = subprocess.Popen(
            [binary, "server", "--port", "0"], env={**os.environ, "DATABASE_URL": through}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        claim("the server asks for its database", gate.arrived.wait(LIMIT))
        process.send_signal(signal.SIGTERM)
        said = next((line for line in process.stderr if "stopping" in line), "")
        gate.free.set()
        try:
            rest = process.communicate(timeout=LIMIT)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            rest = process.communicate()[1]
        claim("a server that is stopped before it listens ends well", process.returncode == 0, (process.returncode, said, rest))
        claim("and never listens", "listening" not in rest, rest)


def short(binary):
    """A command that nobody needs to stop gracefully, and that would read for ever."""
    for number in (signal.SIGTERM, signal.SIGINT):
        codes = set()
        for start in range(STARTS):
            process = subprocess.Popen([binary, "redact"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if start % 2:
                until_heard(process, number)
            else:
                # Later: it has read what there is.
                process.stdin.write(b"a line\n")
                process.stdin.flush()
                time.sleep(0.02 * start)
            process.send_signal(number)
            codes.add(process.wait(LIMIT))
            process.stdin.close()
        claim(f"{number.name} ends a short command at once, at any time", codes == {-number}, codes)
    process = subprocess.Popen(
        [binary, "redact"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    until_heard(process, signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.stdin.close()
    claim("one that was started to ignore SIGINT, as a shell's jobs in the background are, goes on", process.wait(LIMIT) == 0, process.returncode)


def main():
    binary, url = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="sloscout-early-") as name:
        folder = Path(name)
        job = folder / "job.yaml"
        job.write_text(quiet("early", folder))
        environment = {**os.environ, "DATABASE_URL": database(url, "server_early")}
        first_moments(binary, environment, "server", "server", "--port", 0)
        first_moments(binary, environment, "worker", "worker")
        first_moments(binary, environment, "run", "run", job)
        held(binary, url)
        short(binary)


if __name__ == "__main__":
    main()
