"""The program as a client of a real server: tap, savepoint, analyze --server; over TLS with a certificate that is renewed, and with certificates of clients.

usage: clients.py SLOSCOUT_BINARY POSTGRES_URL

Exit status 1 when a claim does not hold.
"""

import http.client
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from contract import bearer, quiet
from control_server import CAPSULES, Server, claim, database, document, sql, traces
from hostile import token


def client(binary, server, *arguments, scheme="http", **environment):
    """Runs the program against a server; what it says, and how it ended."""
    place = {"SLOSCOUT_SERVER": f"{scheme}://localhost:{server.port}"}
    return subprocess.run([binary, *map(str, arguments)], env={**os.environ, **place, **environment}, capture_output=True, text=True, timeout=120)


def taps(binary, url, folder):
    own = database(url, "server_clients")
    server = Server(binary, own)
    server.call("PUT", "/api/v1/jobs/quiet", quiet("quiet", folder))
    server.until("the job runs", "quiet", lambda view: view["status"]["records"] > 100)
    done = client(binary, server, "tap", "quiet", "telemetry", "--rate", 5, "--seconds", 3)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    claim("tap prints one JSON object a line", done.returncode == 0 and events and all({"passed", "record"} == set(one) for one in events), done)
    claim("no more than it was asked for", len(events) <= 5 * 3 + 10, len(events))
    claim("and counts what passed in between", sum(one["passed"] for one in events) > 1000, [one["passed"] for one in events])
    claim("without e-mail addresses", not re.search(r"\w@\w+\.\w", done.stdout), done.stdout)
    done = client(binary, server, "tap", "quiet", "nowhere", "--seconds", 1)
    claim("an edge that is not there: exit 1, and the steps that are", done.returncode == 1 and "telemetry" in done.stderr, done)
    done = client(binary, server, "tap", "absent", "telemetry", "--seconds", 1)
    claim("a job that is not there: exit 1", done.returncode == 1 and "absent" in done.stderr, done)
    done = client(binary, server, "tap", "quiet", "telemetry", "--rate", 51)
    claim("a rate beyond the limit is wrong usage", done.returncode == 64 and "--rate" in done.stderr, done)
    done = client(binary, server, "tap", "../audit", "telemetry", "--seconds", 1)
    claim("a name stays within its part of the path", done.returncode == 2 and "NAME" not in done.stdout, done)
    server.call("POST", "/api/v1/jobs/quiet/stop")
    done = client(binary, server, "tap", "quiet", "telemetry", "--seconds", 1)
    claim("a job that does not run: exit 1", done.returncode == 1 and "does not run" in done.stderr, done)
    server.stop()
    done = client(binary, server, "tap", "quiet", "telemetry", "--seconds", 1)
    claim("a server that is away: exit 1, and how to start it", done.returncode == 1 and "sloscout server" in done.stderr, done)

    server = Server(binary, own, "--require-token")
    keys = {role: token(binary, own, f"clients-{role}", role) for role in ("read", "operate")}
    server.call("POST", "/api/v1/jobs/quiet/start", **bearer(keys["operate"]))
    for _ in range(100):
        if server.call("GET", "/api/v1/jobs/quiet", **bearer(keys["read"]))[1]["status"]["phase"] == "running":
            break
        time.sleep(0.1)
    done = client(binary, server, "tap", "quiet", "telemetry", "--seconds", 1)
    claim("without a token nobody looks", done.returncode == 1 and "401" in done.stderr, done)
    done = client(binary, server, "tap", "quiet", "telemetry", "--seconds", 1, SLOSCOUT_TOKEN=keys["read"])
    claim("readers do not look at records", done.returncode == 1 and "operate" in done.stderr, done)
    done = client(binary, server, "tap", "quiet", "telemetry", "--seconds", 2, SLOSCOUT_TOKEN=keys["operate"])
    claim("operators do", done.returncode == 0 and done.stdout.count("\n") >= 1, done)
    server.stop()


def analyses(binary, url, folder):
    telemetry = folder / "traces.otlp.jsonl"
    traces(telemetry)
    server = Server(binary, database(url, "server_clients_analyses"), "--telemetry", str(telemetry))
    place = f"http://localhost:{server.port}"
    out = folder / "artifacts"
    done = client(binary, server, "analyze", "--server", place, "--service", "payment", "--out", out)
    claim("a server analyses, and its files arrive", done.returncode == 0 and "1 journeys" in done.stdout, done)
    job = re.search(r"analysis ([0-9a-f-]{36})", done.stdout)[1]
    files = server.call("GET", f"/api/v1/analyze/{job}/artifacts")[1]["artifacts"]
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    claim("all of them", written == sorted(files) and "index.html" in written, (written, files))
    for path in files:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", f"/api/v1/analyze/{job}/artifacts/{path}")
        if connection.getresponse().read() != (out / path).read_bytes():
            claim(f"{path} is byte for byte what the server has", False)
    claim("byte for byte what the server has", True)
    done = client(binary, server, "analyze", "--server", place, "--service", "payment", "--lookback", "2d", "--json")
    result = json.loads(done.stdout)
    claim("--json is the result", done.returncode == 0 and (result["journeys"][0]["requests"], result["journeys"][0]["errors"]) == (200, 10), result)
    local = subprocess.run([binary, "analyze", telemetry, "--service", "payment", "--json"], capture_output=True, text=True)
    claim("the same as without a server", json.loads(local.stdout)["journeys"] == result["journeys"], local.stdout[:500])
    done = client(binary, server, "analyze", "--server", place, "--service", "paymnt")
    claim("an unknown service: exit 1, and the close ones", done.returncode == 1 and "payment" in done.stderr, done)
    done = client(binary, server, "analyze", "--server", place)
    claim("a server needs to know the service", done.returncode == 64 and "--service" in done.stderr, done)
    done = client(binary, server, "analyze", telemetry, "--server", place, "--service", "payment")
    claim("files and a server do not go together", done.returncode == 64, done)
    server.stop()
    done = client(binary, server, "analyze", "--server", place, "--service", "payment")
    claim("a server that is away: exit 1", done.returncode == 1 and "does not answer" in done.stderr, done)


def calendar(binary, url, folder):
    """A window of the calendar: the files of the server are those of the program alone, and its objectives say the same."""
    telemetry = folder / "traces.otlp.jsonl"
    traces(telemetry)
    server = Server(binary, database(url, "server_clients_calendar"), "--telemetry", str(telemetry), "--calendar", "quarter")
    place = f"http://localhost:{server.port}"
    ours, theirs = folder / "ours", folder / "theirs"
    alone = subprocess.run([binary, "analyze", telemetry, "--service", "payment", "--out", ours, "--calendar", "quarter"], capture_output=True, text=True)
    done = client(binary, server, "analyze", "--server", place, "--service", "payment", "--out", theirs)
    claim("both analyse for a quarter", alone.returncode == 0 and done.returncode == 0, (alone.stderr, done.stderr))
    tree = lambda root: {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    claim("with the same files", tree(ours) == tree(theirs), (sorted(tree(ours)), sorted(tree(theirs))))
    objective = server.call("GET", "/api/v1/slo?limit=1")[1]["slos"][0]
    claim("of which the objectives speak", objective["sentence"].endswith("over each quarter") and objective["window"] == "quarter", objective)
    files = server.call("POST", f"/api/v1/slo/{objective['id']}/artifacts", "{}")[1]["artifacts"]
    claim("and what is made of one", any("this quarter" in one["content"] for one in files), [one["path"] for one in files])
    done = client(binary, server, "analyze", "--server", place, "--service", "payment", "--calendar", "month")
    claim("a server has a window of its own", done.returncode == 64 and "calendar" in done.stderr, done)
    server.stop()


def savepoints(binary, url, folder):
    """Savepoints by the command line: refused where rows would come twice, exact where they are taken."""
    own, reference, forked = (database(url, name) for name in ("server_savepoints", "server_savepoints_reference", "server_savepoints_forked"))
    plain = folder / "reference.yaml"
    plain.write_text(document("kept", folder / "reference", records=100000))
    subprocess.run([binary, "run", "--quiet", plain], check=True, env={**os.environ, "DATABASE_URL": reference}, stderr=subprocess.DEVNULL)
    everything = set(sql(reference, CAPSULES).splitlines())

    server = Server(binary, own)
    job = folder / "job.yaml"
    job.write_text(document("kept", folder / "state", records=100000, rate=8000))
    claim("a job is submitted", client(binary, server, "submit", job, DATABASE_URL=own).returncode == 0)
    server.until("it has checkpoints", "kept", lambda view: view["status"]["records"] > 8000 and "checkpoint" in view["status"])
    done = client(binary, server, "savepoint", "kept", "--as", "early")
    claim("a savepoint is taken of the running job", done.returncode == 0 and done.stdout.startswith("early  epoch "), done)
    done = client(binary, server, "savepoint", "kept", "--as", "early")
    claim("two of one name are refused", done.returncode == 1 and "early" in done.stderr, done)
    done = client(binary, server, "savepoint", "kept", "--as", "../x")
    claim("a name that is none is refused", done.returncode == 2, done)
    epoch = int(server.call("GET", "/api/v1/jobs/kept/savepoints")[1]["savepoints"][0]["epoch"])
    done = client(binary, server, "savepoint", "start", "kept", "early")
    claim("a job that runs is not started from one", done.returncode == 1 and "stop" in done.stderr, done)
    server.until("its checkpoint is long removed", "kept", lambda view: view["status"]["checkpoint"]["epoch"] > epoch + 5)
    server.kill()
    server = Server(binary, own)
    server.until("the job goes on after a kill", "kept", lambda view: view["status"]["phase"] == "running")
    names = sorted(path.name for path in (folder / "state" / "kept").iterdir())
    claim("retention took the checkpoint", f"manifest-{epoch:010}" not in names, names)
    claim("and left the savepoint", "savepoint-early" in names, names)
    client(binary, server, "job", "stop", "kept")
    done = client(binary, server, "savepoint", "list", "kept")
    claim("savepoints are listed", done.returncode == 0 and done.stdout.startswith("early  "), done)
    done = client(binary, server, "savepoint", "start", "kept", "early")
    claim("one that sinks are ahead of is refused, with the cure", done.returncode == 1 and "new name" in done.stderr, done)
    claim("and the job stays as it was", server.call("GET", "/api/v1/jobs/kept")[1]["spec"]["state"] == "suspended")
    done = client(binary, server, "savepoint", "start", "kept", "early", "--accept-repeats")
    claim("whoever accepts repeats may", done.returncode == 0, done)
    details = [one["detail"] for one in server.call("GET", "/api/v1/audit?limit=5")[1]["entries"]]
    claim("the audit log keeps that", any("twice" in one for one in details), details)
    server.until("it comes to its end", "kept", lambda view: view["status"]["phase"] == "finished")
    claim("rows that are keyed by their window come out right", set(sql(own, CAPSULES).splitlines()) == everything)

    text = document("forked", folder / "state", records=100000).replace("${DATABASE_URL:-postgresql://localhost/sloscout}", forked)
    status, view, _ = server.call("PUT", "/api/v1/jobs/forked?state=suspended", text)
    claim("another job is submitted, and does not run", status == 201 and view["spec"]["state"] == "suspended", view)
    done = client(binary, server, "savepoint", "start", "forked", "early", "--of", "kept")
    claim("it starts from the savepoint of the first", done.returncode == 0, done)
    server.until("and comes to its end", "forked", lambda view: view["status"]["phase"] == "finished")
    rows = set(sql(forked, CAPSULES).splitlines())
    claim("it delivered what comes after the savepoint, and that exactly", rows and rows <= everything, (len(rows), len(everything), sorted(rows - everything)[:3]))
    done = client(binary, server, "savepoint", "start", "forked", "early", "--of", "kept")
    claim("a job with a history takes no other job's savepoint", done.returncode == 1 and "history" in done.stderr, done)
    claim("a savepoint is removed", client(binary, server, "savepoint", "delete", "kept", "early").returncode == 0)
    done = client(binary, server, "savepoint", "list", "kept")
    claim("and is gone, data and all", done.stdout == "no savepoints\n" and not list((folder / "state" / "kept").glob("save*")), done)
    claim("so it is not found", client(binary, server, "savepoint", "start", "kept", "early").returncode == 1)
    server.stop()


def certificate(folder, name, *subject):
    """A certificate of this machine that signs itself."""
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", chain], check=True, stderr=subprocess.DEVNULL)
    return chain, key


def encrypted(binary, url, folder):
    own = database(url, "server_tls")
    (first, first_key), (second, second_key) = certificate(folder, "first"), certificate(folder, "second")
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(first.read_bytes())
    key.write_bytes(first_key.read_bytes())
    start = lambda *options: subprocess.run(
        [binary, "server", "--port", "0", *map(str, options)], env={**os.environ, "DATABASE_URL": own}, capture_output=True, text=True, timeout=60)
    done = start("--host", "0.0.0.0")
    claim("plain HTTP does not leave this machine unless told to", done.returncode == 1 and "--tls-certificate" in done.stderr, done)
    done = start("--tls-certificate", chain)
    claim("a certificate needs its key", done.returncode == 64, done)
    done = start("--tls-certificate", chain, "--tls-key", second_key)
    claim("a key of another certificate is refused", done.returncode == 1 and "does not belong" in done.stderr, done)
    done = start("--tls-certificate", folder / "none.pem", "--tls-key", key)
    claim("a file that is not there is named", done.returncode == 1 and "none.pem" in done.stderr, done)

    server = Server(binary, own, "--host", "0.0.0.0", "--tls-certificate", str(chain), "--tls-key", str(key))
    admin = token(binary, own, "tls", "admin")
    jobs = lambda **environment: client(binary, server, "jobs", scheme="https", SLOSCOUT_TOKEN=admin, **environment)
    done = jobs(SLOSCOUT_CA=str(first))
    claim("a client that trusts the certificate is served", done.returncode == 0 and done.stdout == "no jobs\n", done)
    done = jobs()
    claim("one that does not says so, with the cure", done.returncode == 1 and "--ca" in done.stderr, done)
    done = client(binary, server, "jobs", "--ca", first, scheme="https", SLOSCOUT_TOKEN=admin)
    claim("--ca says the same as the variable", done.returncode == 0, done)
    done = client(binary, server, "jobs", SLOSCOUT_TOKEN=admin)
    claim("plain HTTP gets no answer", done.returncode == 1 and "does not answer" in done.stderr, done)

    def handshake(version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(first)
        context.load_verify_locations(second)
        # Such a low level is what it takes to ask for an old version at all.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        connection = http.client.HTTPSConnection("localhost", server.port, timeout=10, context=context)
        connection.request("GET", "/health")
        status = connection.getresponse().status
        return status, dict(part[0] for part in connection.sock.getpeercert()["subject"])["commonName"] if connection.sock else None

    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        claim(f"{version.name} is spoken", handshake(version)[0] == 200)
    try:
        old = handshake(ssl.TLSVersion.TLSv1_1)
        claim("TLS 1.1 is not", False, old)
    except (ssl.SSLError, OSError):
        claim("TLS 1.1 is not", True)

    kept = http.client.HTTPSConnection("localhost", server.port, timeout=30, context=ssl._create_unverified_context())
    kept.request("GET", "/health")
    claim("a connection is open", kept.getresponse().read() is not None)
    chain.write_text("half a certificate")
    time.sleep(3)
    claim("a file that cannot be read changes nothing", jobs(SLOSCOUT_CA=str(first)).returncode == 0)
    key.write_bytes(second_key.read_bytes())
    chain.write_bytes(second.read_bytes())
    for _ in range(100):
        if jobs(SLOSCOUT_CA=str(second)).returncode == 0:
            break
        time.sleep(0.2)
    claim("a renewed certificate is shown without a restart", jobs(SLOSCOUT_CA=str(second)).returncode == 0)
    claim("the old one no more", jobs(SLOSCOUT_CA=str(first)).returncode == 1)
    kept.request("GET", "/health")
    claim("the connection from before still stands", kept.getresponse().status == 200)
    claim("the server ends well", server.stop() == 0)


def signed(folder, name, authority, authority_key):
    """A certificate that an authority has signed."""
    chain, key, request = (folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
    subprocess.run(
        ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request],
        check=True, stderr=subprocess.DEVNULL)
    subprocess.run(
        ["openssl", "x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", "2", "-out", chain],
        check=True, stderr=subprocess.DEVNULL)
    return chain, key


def known_clients(binary, url, folder):
    own = database(url, "server_tls_clients")
    chain, key = certificate(folder, "server")
    ours, theirs = certificate(folder, "ours"), certificate(folder, "theirs")
    authorities = folder / "authorities.pem"
    authorities.write_bytes(ours[0].read_bytes())
    for options in (["--client-ca", authorities], ["--tls-certificate", chain, "--tls-key", key, "--client-ca", folder / "none.pem"]):
        done = subprocess.run(
            [binary, "server", "--port", "0", *map(str, options)], env={**os.environ, "DATABASE_URL": own}, capture_output=True, text=True, timeout=60)
        wanted, word = (64, "--tls-certificate") if len(options) == 2 else (1, "none.pem")
        claim(f"authorities of clients that cannot be used: exit {wanted}", done.returncode == wanted and word in done.stderr, done)

    server = Server(binary, own, "--host", "0.0.0.0", "--tls-certificate", str(chain), "--tls-key", str(key), "--client-ca", str(authorities))
    admin = token(binary, own, "tls-clients", "admin")

    def jobs(pair=None):
        environment = dict(zip(("SLOSCOUT_CERTIFICATE", "SLOSCOUT_KEY"), map(str, pair))) if pair else {}
        return client(binary, server, "jobs", scheme="https", SLOSCOUT_TOKEN=admin, SLOSCOUT_CA=str(chain), **environment)

    known, stranger = signed(folder, "known", *ours), signed(folder, "stranger", *theirs)
    done = jobs(known)
    claim("a client whose certificate an authority signed is served", done.returncode == 0 and done.stdout == "no jobs\n", done)
    done = client(binary, server, "jobs", "--certificate", known[0], "--key", known[1], "--ca", chain, scheme="https", SLOSCOUT_TOKEN=admin)
    claim("options say the same as the variables", done.returncode == 0, done)
    done = jobs()
    claim("one without a certificate is not, and learns why", done.returncode == 1 and "--certificate" in done.stderr, done)
    done = jobs(stranger)
    claim("one whose certificate somebody else signed is not", done.returncode == 1 and "--certificate" in done.stderr, done)
    done = client(binary, server, "jobs", scheme="https", SLOSCOUT_CA=str(chain), SLOSCOUT_CERTIFICATE=str(known[0]), SLOSCOUT_KEY=str(known[1]))
    claim("a certificate is no token", done.returncode == 1 and "401" in done.stderr, done)
    authorities.write_bytes(theirs[0].read_bytes())
    for _ in range(100):
        if jobs(stranger).returncode == 0:
            break
        time.sleep(0.2)
    claim("other authorities count without a restart", jobs(stranger).returncode == 0 and jobs(known).returncode == 1)
    claim("the server ends well", server.stop() == 0)


def main():
    binary, url = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="sloscout-clients-") as folder:
        for part in (taps, analyses, calendar, savepoints, encrypted, known_clients):
            own = Path(folder) / part.__name__
            own.mkdir()
            part(binary, url, own)


if __name__ == "__main__":
    main()
