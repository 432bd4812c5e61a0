"""A job of the program under test that receives telemetry over HTTP and writes what it gets to files."""

import glob
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Job:
    """`text` is the job file; {port} and {folder} in it, and the further values, are filled in."""

    def __init__(self, binary, text, folder, **values):
        self.binary, self.folder, self.port = binary, folder, free_port()
        self.file = os.path.join(folder, "job.yaml")
        with open(self.file, "w") as out:
            out.write(text.format(folder=folder, port=self.port, **values))
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "a")
        self.process = subprocess.Popen([self.binary, "run", self.file], stdout=self.log, stderr=self.log)
        for _ in range(600):
            try:
                urllib.request.urlopen("http://127.0.0.1:%d/" % self.port)
            except urllib.error.HTTPError:
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise SystemExit("the job does not listen: " + open(self.log.name).read())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise SystemExit("the job did not stop well: " + open(self.log.name).read())

    def rows(self):
        rows = []
        for path in glob.glob(os.path.join(self.folder, "out", "**", "*.jsonl"), recursive=True):
            if os.path.isfile(path) and not os.path.basename(path).startswith("."):
                rows += [json.loads(line) for line in open(path) if line.strip()]
        return rows

    def wait_for(self, condition):
        for _ in range(600):
            if condition(self.rows()):
                return
            time.sleep(0.05)
        raise SystemExit("what was waited for did not happen: " + open(self.log.name).read()[-2000:])
