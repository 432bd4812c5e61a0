"""The image's file system as a container would see it: the program runs in it as nobody in particular, and can write nowhere but on its volumes.

usage: image.py FOLDER POSTGRES_URL [--shared]      FOLDER is what deploy/rootfs.sh made, or where a built image is mounted

--shared is for a tree of the ordinary build, whose Swift libraries are files: the image's are in the program, and its size is looked at.

The root is mounted read-only, /tmp and /var/lib/sloscout are empty, the user is 65532, privileges cannot be gained. Needs root for that. Then:
--version, check, explain, a job into PostgreSQL, the server with its health, a token from a secret, a checkpoint of all jobs, and SIGTERM.
"""

import atexit
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

ENTER = r"""
set -e
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t tmpfs -o uid=65532,gid=65532,mode=700 state "$root/var/lib/sloscout"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
cd "$root"
exec setpriv --no-new-privs chroot --userspec=65532:65532 "$root" /usr/bin/sloscout "$@"
"""
TOKEN = "an-admins-token-of-more-than-32-characters"
SLOW = """
apiVersion: sloscout/v1
kind: Job
metadata: { name: slow }
spec:
  guarantee: at-least-once
  checkpoint: { interval: 10m, store: "${SLOSCOUT_STATE}" }
  sources:
    made: { type: generate, config: { records: 1000000, rate: 1000 } }
  sinks:
    nowhere: { type: discard, inputs: [made] }
"""


def claim(what, holds, seen=""):
    print(f"{'ok' if holds else 'NOT OK'}: {what}{'' if holds else f' (seen: {seen})'}", flush=True)
    if not holds:
        sys.exit(1)


def command(root, *arguments):
    # A name space of processes of its own: the kernel ends what is in it with the first one.
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", ENTER, "enter", root, *arguments]


def run(root, *arguments, **environment):
    return subprocess.run(
        command(root, *arguments), capture_output=True, text=True, timeout=120, env={"PATH": os.environ["PATH"], **environment})


def sql(url, text):
    return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url, "-c", text], check=True, capture_output=True, text=True).stdout.strip()


def get(url, token=None):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def put(url, text):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/yaml"}
    request = urllib.request.Request(url, data=text.encode(), headers=headers, method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read().decode()


def contents(root):
    files = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
    programs = [path for path in files if not os.path.islink(path) and os.access(path, os.X_OK) and ".so" not in os.path.basename(path)]
    claim("there is one program, and no shell", programs == [os.path.join(root, "usr/bin/sloscout")], programs)
    marked = [path for path in files if not os.path.islink(path) and os.stat(path).st_mode & 0o6000]
    claim("no file runs as another user", marked == [], marked)
    writable = [path for path in files if not os.path.islink(path) and os.stat(path).st_mode & 0o022]
    claim("no file may be written by others", writable == [], writable)
    size = sum(os.path.getsize(path) for path in files if not os.path.islink(path))
    print(f"{len(files)} files, {size / 1e6:.0f} MB")
    if "--shared" in sys.argv:
        return
    swift = [path for path in files if "libswift" in path or "libFoundation" in path]
    claim("Swift's libraries are in the program", swift == [], swift)
    claim("it is smaller than 150 MB", size < 150e6, size)


def commands(root, database):
    said = run(root, "--version")
    claim("it says which version it is", said.returncode == 0 and re.match(r"sloscout \d+\.\d+\.\d+", said.stdout), said)
    here = "/usr/share/sloscout/jobs.yaml"
    said = run(root, "check", here)
    claim("the shipped jobs are right, without any file beside them", said.returncode == 0, said)
    said = run(root, "generate", "--records", "10", "--output", "/usr/share/sloscout/written")
    claim("it cannot write on its root", said.returncode != 0 and "ead-only" in said.stderr, said)
    said = run(root, "generate", "--records", "10", "--output", "/var/lib/sloscout/written")
    claim("it can write on its volume", said.returncode == 0, said)
    said = run(root, "run", here, "--job", "fingerprint", "--name", "in-the-image", "--quiet", DATABASE_URL=database, SLOSCOUT_STATE="/var/lib/sloscout/state")
    claim("the shipped job runs to its end", said.returncode == 0, said.stderr[-2000:])
    counted = int(sql(database, "SELECT sum(count) FROM capsule_shape"))
    claim("and PostgreSQL has its capsules", counted > 150_000, counted)


def server(root, database):
    environment = dict(DATABASE_URL=database, SLOSCOUT_STATE="/var/lib/sloscout/state", TOKEN=TOKEN)
    for again in ["", ", and again"]:
        said = run(root, "server", "token", "create", "admin", "--role", "admin", "--from-variable", "TOKEN", **environment)
        claim("a token that a secret holds is made known" + again, said.returncode == 0 and said.stdout == "", said)
    entries = sql(database, "SELECT count(*) FROM sloscout_audit WHERE action = 'token.create'")
    claim("which is one change in the audit log", entries == "1", entries)
    said = run(root, "server", "token", "create", "admin", "--from-variable", "TOKEN", DATABASE_URL=database, TOKEN="short")
    claim("a token that could be guessed is refused", said.returncode == 1 and "32" in said.stderr, said)

    process = subprocess.Popen(
        command(root, "server", "--host", "0.0.0.0", "--port", "0", "--allow-plaintext"), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={"PATH": os.environ["PATH"], **environment})
    atexit.register(process.kill)
    port = None
    for line in process.stderr:
        if found := re.search(r"listening on http://[^:]+:(\d+)", line):
            port = int(found[1])
            break
        if "token" in line:
            claim("no other token is made", False, line)
    claim("the server listens", port is not None, process.poll())
    base = f"http://127.0.0.1:{port}"
    claim("it lives, by an address that is not localhost too", get(f"{base}/health/live")[0] == 200)
    status, text = get(f"{base}/health/ready")
    claim("it is ready", status == 200, text)
    claim("without a token it shows no jobs", get(f"{base}/api/v1/jobs")[0] == 401)
    claim("with the token it does", get(f"{base}/api/v1/jobs", TOKEN)[0] == 200)
    claim("and its metrics", "sloscout_up" in get(f"{base}/metrics", TOKEN)[1])

    # unshare forks: the program is the child of the process that we know.
    children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    with open(f"/proc/{children[0]}/status") as lines:
        state = dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)
    claim("its user is 65532", state["Uid"].split() == ["65532"] * 4, state["Uid"])
    claim("it has no capability, and can gain none", int(state["CapEff"], 16) == 0 and state["NoNewPrivs"] == "1", state)

    client = dict(SLOSCOUT_SERVER=base, SLOSCOUT_TOKEN=TOKEN, DATABASE_URL=database, SLOSCOUT_STATE="/var/lib/sloscout/state")
    said = run(root, "job", "checkpoint", "--all", "--wait", "60", **client)
    claim("where no job runs there is no checkpoint to wait for", said.returncode == 0 and "no job" in said.stdout, said)
    claim("a job is submitted", put(f"{base}/api/v1/jobs/slow", SLOW)[0] == 201)
    for _ in range(200):
        if '"phase":"running"' in get(f"{base}/api/v1/jobs/slow", TOKEN)[1].replace(" ", ""):
            break
        time.sleep(0.05)
    said = run(root, "job", "checkpoint", "--all", "--wait", "60", **client)
    claim("a checkpoint of all jobs is waited for", said.returncode == 0 and "slow: checkpoint" in said.stdout, said)
    said = run(root, "job", "checkpoint", "slow", "--all", **client)
    claim("a name and --all together are a mistake", said.returncode == 64, said)

    os.kill(int(children[0]), signal.SIGTERM)
    claim("SIGTERM ends it well", process.wait(60) == 0, process.returncode)


def main():
    root, url = os.path.realpath(sys.argv[1]), sys.argv[2]
    sql(url, "DROP DATABASE IF EXISTS image_test")
    sql(url, "CREATE DATABASE image_test")
    database = urlunsplit(urlsplit(url)._replace(path="/image_test"))
    contents(root)
    commands(root, database)
    server(root, database)


main()
