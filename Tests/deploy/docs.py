"""Runs the commands in the documents: what stands there is what works.

usage: docs.py SLOSCOUT HELM POSTGRES_URL [--long] [DOCUMENT…]

The word behind ```sh says how a block is run:

  (none)   as it stands, in a copy of the project's folder, all blocks of a document one after the other in one shell
  long     with --long only, in the project's own folder, since such blocks build; else its syntax is checked, and that the scripts and targets are there
  cluster  helm's commands run against a small API server (api_server.py); of kubectl's the creating ones do, and of the others, which need what no cluster
           here can do, the options are looked up in kubectl's help. docker: the files must be there

<!-- runs with: jobs --> in a document gives its shell checkpoints of the shipped job; <!-- runs with: server --> a control server, with SLOSCOUT_SERVER.
What a block prints may stand right behind it, in a fence without a language: then it must be that. Other fences of shells (bash, shell, console) are refused in these documents: nobody would run them.
"""

import atexit
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import yaml

from api_server import Cluster
from charts import ROOT

DOCUMENTS = [
    "docs/README.md", "docs/architecture.md", "docs/api.md", "docs/deployment.md", "docs/configuration.md", "docs/troubleshooting.md", "docs/benchmarks.md",
    "docs/operations.md", "docs/server.md", "docs/drills.md", "docs/scale.md"]
FENCE = re.compile(r"^```(\w*) ?(\w*)\n(.*?)^```$", re.M | re.S)


def fail(message):
    sys.exit(f"NOT OK: {message}")


class Block:
    def __init__(self, document, text, match):
        self.line = text[: match.start()].count("\n") + 2
        self.language, self.mode, self.text = match[1], match[2], match[3]
        self.place = f"{document}:{self.line}"
        # A fence without a language right behind a block is what the block prints.
        printed = re.match(r"\n\n```\n(.*?)^```$", text[match.end() :], re.M | re.S)
        self.printed = printed[1] if printed else None


def blocks(document):
    text = (ROOT / document).read_text()
    found = [Block(document, text, match) for match in FENCE.finditer(text)]
    for block in found:
        if block.language in ("bash", "shell", "console"):
            fail(f"{block.place}: a block of {block.language} is run by nobody; write ```sh")
        if block.language == "sh" and block.mode not in ("", "long", "cluster"):
            fail(f"{block.place}: there is no way to run called {block.mode}")
    return text, [block for block in found if block.language == "sh"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Place:
    """A copy of the project's folder (links to what is in it), a database, and whatever else the document asks for."""

    def __init__(self, sloscout, helm, url, document, text):
        self.folder = tempfile.mkdtemp(prefix="docs-")
        for entry in os.listdir(ROOT):
            if entry not in (".sloscout", ".git", "data", "out"):
                os.symlink(ROOT / entry, os.path.join(self.folder, entry))
        name = "docs_" + re.sub(r"\W", "_", Path(document).stem)
        subprocess.run(["psql", "-Xq", url, "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", "-c", f"CREATE DATABASE {name}"], check=True, stderr=subprocess.DEVNULL)
        tools = os.path.join(self.folder, ".tools")
        os.mkdir(tools)
        for program in [sloscout, helm, os.path.join(os.path.dirname(helm), "kubectl"), sys.executable]:
            os.symlink(os.path.abspath(program), os.path.join(tools, {os.path.basename(sys.executable): "python3"}.get(os.path.basename(program), os.path.basename(program))))
        self.environment = {
            **os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "DATABASE_URL": urlunsplit(urlsplit(url)._replace(path=f"/{name}")),
            "PORT": str(free_port()), "HOME": self.folder}
        self.environment.pop("SLOSCOUT_TOKEN", None)
        self.server = None
        wanted = re.findall(r"<!-- runs with: (\w+) -->", text)
        if "jobs" in wanted:
            self.run("sloscout run --job fingerprint --quiet 2>/dev/null", "the shipped job")
        if "server" in wanted:
            self.start_server()

    def start_server(self):
        port = free_port()
        self.environment["SLOSCOUT_SERVER"] = f"http://127.0.0.1:{port}"
        self.server = subprocess.Popen(
            ["sloscout", "server", "--port", str(port)], cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(self.server.kill)
        for _ in range(200):
            try:
                urllib.request.urlopen(self.environment["SLOSCOUT_SERVER"] + "/health/live", timeout=2)
                return
            except OSError:
                time.sleep(0.05)
        fail("the server did not start")

    def run(self, text, place, folder=None):
        """In a group of processes of its own, which is ended afterwards: documents start servers."""
        script = "set -euo pipefail\n" + text
        process = subprocess.Popen(
            ["bash", "-c", script], cwd=folder or self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL)
        said = []
        reader = threading.Thread(target=lambda: said.extend(process.stdout), daemon=True)
        reader.start()
        try:
            code = process.wait(1800 if folder else 600)
        except subprocess.TimeoutExpired:
            code = "no end in time"
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        reader.join(10)
        if code != 0:
            fail(f"{place}: exit code {code}\n" + "".join(said)[-4000:])
        return "".join(said)

    def end(self):
        if self.server:
            self.server.terminate()
            self.server.wait(60)
        subprocess.run(["rm", "-rf", self.folder], check=True)


def syntax(block):
    check = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
    if check.returncode != 0:
        fail(f"{block.place}: {check.stderr}")
    for path in re.findall(r"(?<![\w./-])((?:scripts|deploy|Tests|Examples|docs)/[\w./-]*\w)", block.text):
        if not (ROOT / path).exists():
            fail(f"{block.place}: there is no {path}")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for target in re.findall(r"\bmake ([a-z]+)", block.text):
        if target not in targets:
            fail(f"{block.place}: the Makefile has no {target}")


def commands(text):
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            yield shlex.split(line.split(" | ")[0], comments=True)


def kubectl_options(words, place, environment):
    """Every option is one that this command of kubectl has."""
    path, options = [], []
    rest = iter(words[1:])
    for word in rest:
        if word.startswith("-"):
            options.append(word)
            # Their value is the next word.
            if word in ("--namespace", "-n", "-l", "-o"):
                next(rest)
            continue
        said = subprocess.run(["kubectl", *path, word, "--help"], capture_output=True, text=True, env=environment)
        if said.returncode != 0 or "Usage:" not in said.stdout or "for help on a specific" in said.stderr:
            break
        if path and said.stdout == subprocess.run(["kubectl", *path, "--help"], capture_output=True, text=True, env=environment).stdout:
            break
        path.append(word)
    if not path:
        fail(f"{place}: kubectl has no such command: {' '.join(words)}")
    known = subprocess.run(["kubectl", *path, "--help"], capture_output=True, text=True, env=environment).stdout
    known += subprocess.run(["kubectl", "options"], capture_output=True, text=True, env=environment).stdout
    for word in words:
        if word == "--":
            break
        if word.startswith("--") and not re.search(re.escape(word.split("=")[0]) + r"[=\s,]", known):
            fail(f"{place}: kubectl {' '.join(path)} has no {word.split('=')[0]}")


def cluster(block, place, counts):
    syntax(block)
    kubeconfig = os.path.join(place.folder, "kubeconfig")
    if not os.path.exists(kubeconfig):
        place.cluster = Cluster()
        with open(kubeconfig, "w") as out:
            yaml.safe_dump({
                "apiVersion": "v1", "kind": "Config", "current-context": "x", "users": [{"name": "x", "user": {}}],
                "clusters": [{"name": "x", "cluster": {"server": place.cluster.url}}], "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}]}, out)
    environment = {**place.environment, "KUBECONFIG": kubeconfig}
    for words in commands(block.text):
        if words[0] == "helm":
            more = ["--disable-openapi-validation"] if words[1] in ("install", "upgrade") else []
        elif words[:2] == ["kubectl", "create"] or words[:4:3] == ["kubectl", "create"]:
            more = ["--validate=false"]
        elif words[0] == "kubectl":
            kubectl_options(words, block.place, environment)
            counts["looked up"] += 1
            continue
        elif words[0] in ("docker", "export"):
            counts["looked up"] += 1
            continue
        else:
            fail(f"{block.place}: {words[0]} does not belong into a block for clusters")
        said = subprocess.run([*words, *more], cwd=place.folder, env=environment, capture_output=True, text=True, timeout=120)
        if said.returncode != 0:
            fail(f"{block.place}: {' '.join(words)}: {said.stdout}{said.stderr}")
        counts["cluster"] += 1


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--long"]
    sloscout, helm, url, *wanted = arguments
    counts = {"run": 0, "compared": 0, "cluster": 0, "looked up": 0, "long": 0}
    for document in wanted or DOCUMENTS:
        text, found = blocks(document)
        if not found:
            print(f"{document}: no commands")
            continue
        place = Place(sloscout, helm, url, document, text)
        script, expected = [], []
        for block in found:
            if block.mode == "cluster":
                cluster(block, place, counts)
            elif block.mode == "long":
                syntax(block)
                counts["long"] += 1
                if "--long" in sys.argv:
                    place.run(block.text, block.place, ROOT)
            else:
                script.append(f"echo '-- {block.place}'\n{block.text}")
                expected += [(block.place, block.printed)] if block.printed else []
                counts["run"] += 1
        if script:
            said = place.run("\n".join(script), document)
            for where, printed in expected:
                own = said.split(f"-- {where}\n", 1)[1].split("\n-- docs/", 1)[0].strip()
                if own != printed.strip():
                    fail(f"{where}: it prints something else than what stands behind it:\n{own}")
                counts["compared"] += 1
        place.end()
        print(f"ok: {document}: {len(found)} blocks", flush=True)
    print(
        f"{counts['run']} blocks run ({counts['compared']} with their output compared), {counts['cluster']} commands of helm and kubectl against a small API server, {counts['looked up']} commands looked up only"
        f" (no cluster and no docker here), {counts['long']} long blocks {'run too' if '--long' in sys.argv else 'checked for syntax only'}")


main()
