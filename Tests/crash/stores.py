"""Where the checkpoints of a killed job are: in a folder, or in a bucket of which a folder shows what is there."""

import subprocess
import sys
import time
from pathlib import Path

from postgres import ROOT

sys.path.insert(0, str(ROOT / "Tests" / "s3"))
import s3  # noqa: E402

SCRIPT = ROOT / "scripts" / "s3.sh"


class Folder:
    """Checkpoints in a folder of the disk."""

    def __init__(self, state):
        self.option = str(state)
        self.checkpoints = Path(state) / "fingerprint"

    def fetch(self):
        """Brings the folder up to date."""

    def push(self):
        """Brings what was changed in the folder to where the program finds it."""


class BucketFolder:
    """Checkpoints in a part of a bucket, shown in a folder."""

    def __init__(self, bucket, prefix, state):
        self.bucket, self.prefix = bucket, f"{prefix}/fingerprint/"
        self.option = f"s3://{bucket.name}/{prefix}"
        self.checkpoints = Path(state) / "fingerprint"
        self.known = {}

    def _keys(self):
        """What is there when the server is done with what a dead process has asked for."""
        seen = None
        while (keys := set(self.bucket.keys(self.prefix))) != seen:
            seen = keys
            time.sleep(0.05)
        # The program's own mark, no part of a checkpoint.
        return {name for key in keys if (name := key[len(self.prefix):]) != "create-if-absent"}

    def fetch(self):
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        names = self._keys()
        for path in self.checkpoints.iterdir():
            if path.name not in names:
                path.unlink()
        # A manifest's name is free again when it was put aside as damaged; names of data are used once.
        for name in [name for name in names if name not in self.known or name.startswith("manifest-")]:
            data = self.bucket.get(self.prefix + name)
            if data is None:  # a job that runs has removed it meanwhile
                names.discard(name)
                (self.checkpoints / name).unlink(missing_ok=True)
            else:
                self.known[name] = data
                (self.checkpoints / name).write_bytes(data)
        self.known = {name: self.known[name] for name in names}

    def push(self):
        here = {path.name: path.read_bytes() for path in self.checkpoints.iterdir()}
        for name, data in here.items():
            if self.known.get(name) != data:
                self.bucket.put(self.prefix + name, data)
        for name in set(self.known) - set(here):
            self.bucket.request("DELETE", self.prefix + name)
        self.known = here


class Buckets:
    """The server that scripts/s3.sh keeps in `folder`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.endpoint = self._script("start").strip()
        self.bucket = s3.Bucket(self.endpoint, "sloscout")

    def _script(self, command):
        result = subprocess.run([str(SCRIPT), command, "--dir", str(self.folder)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"s3.sh {command}: {result.stderr.strip()}")
        return result.stdout

    @property
    def environment(self):
        return s3.environment(self.endpoint)

    def stop(self):
        self._script("stop")
