"""A private PostgreSQL for the crash tests, and cheap questions to it."""

import os
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "postgres.sh"


class Server:
    """The server that scripts/postgres.sh keeps in `folder`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.base = self._script("start").strip().rsplit("/", 1)[0]

    def _script(self, command, *options):
        result = subprocess.run(
            [str(SCRIPT), command, "--dir", str(self.folder), *options], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"postgres.sh {command}: {result.stderr.strip()}")
        return result.stdout

    def url(self, database, **settings):
        """The address of a database; settings hold for the whole session, as with `SET`."""
        options = "%20".join(f"-c{name}%3D{value}" for name, value in settings.items())
        return f"{self.base}/{database}" + (f"?options={options}" if options else "")

    def create(self, database):
        self.psql("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)', f'CREATE DATABASE "{database}"')

    def drop(self, database):
        self.psql("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def psql(self, database, *statements):
        """Runs statements, each in a transaction of its own; answers with the rows of all of them."""
        command = ["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.url(database)]
        for statement in statements:
            command += ["-c", statement]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"psql: {result.stderr.strip()}")
        return [line.split("\t") for line in result.stdout.splitlines()]

    def crash(self):
        """Stops the server as if its power had been cut; `restart` brings it back."""
        location = (self.folder / "location").read_text().strip()
        pid = int(Path(location, "data", "postmaster.pid").read_text().split()[0])
        os.kill(pid, 3)  # SIGQUIT is what pg_ctl stop -m immediate sends
        while Path(f"/proc/{pid}").exists():
            threading.Event().wait(0.01)

    def restart(self):
        self._script("start")

    def stop(self, keep=False):
        self._script("stop", *(["--keep"] if keep else []))


class Session:
    """A psql that stays connected: about a millisecond a question."""

    END = "--end--"

    def __init__(self, url):
        self.process = subprocess.Popen(
            ["psql", "-XqAt", "-F", "\t", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def query(self, statement):
        """The rows; none when the server refuses the statement; None when the connection is gone."""
        try:
            self.process.stdin.write(f"{statement};\n\\echo {self.END}\n")
            self.process.stdin.flush()
        except OSError:
            return None
        rows = []
        for line in self.process.stdout:
            if line.rstrip("\n") == self.END:
                return rows
            rows.append(line.rstrip("\n").split("\t"))
        return None

    def close(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass
        self.process.wait()
        self.process.stdout.close()


class LedgerWatch:
    """Looks at the ledger all the time: generation and epoch must never go back."""

    def __init__(self, url, pause=0.01):
        self.url = url
        self.pause = pause
        self.samples = 0
        self.violations = []
        self.newest = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        session = Session(self.url)
        while not self._stop.wait(self.pause):
            rows = session.query("SELECT sink, generation, epoch FROM sink_ledger")
            if rows is None:
                session.close()
                session = Session(self.url)
                continue
            self.samples += 1 if rows else 0
            for sink, generation, epoch in rows:
                seen, now = self.newest.get(sink, (0, 0)), (int(generation), int(epoch))
                if now[0] < seen[0] or now[1] < seen[1]:
                    self.violations.append(f"the ledger of {sink} went back from generation {seen[0]}, epoch {seen[1]} to {now[0]}, {now[1]}")
                self.newest[sink] = now
        session.close()

    def stop(self):
        self._stop.set()
        self._thread.join()
