"""Input that nobody should send, and job files that nobody should write: clear errors, nothing lost, books that balance."""

import json
import os
import re
import signal
import shutil
import socket
import subprocess
import time
from pathlib import Path

from kills import Violation
from postgres import ROOT
from process import Life

START = 1767225600000  # 2026-01-01T00:00:00Z in milliseconds


class Case:
    """A job over files of its own, in a database of its own."""

    def __init__(self, suite, name):
        self.suite = suite
        self.name = name
        self.folder = suite.folder / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.database = name.replace("-", "_")
        self.lives = []
        suite.server.create(self.database)

    def start(self, *options, url=None, job=None):
        life = Life(
            self.suite.binary, job or ROOT / "jobs.yaml", self.folder / "state", url or self.suite.server.url(self.database),
            self.folder / f"life-{len(self.lives)}", options=options)
        self.lives.append(life)
        return life

    def run(self, *options, code=0, seconds=60, **more):
        """Runs to the end and answers with what the program said."""
        life = self.start(*options, **more)
        found = life.wait(seconds)
        if found != code:
            raise Violation(f"{self.name}: exit code {found}, not {code}: {life.output.strip()[-1500:]}")
        if code == 0 and "balanced: every record that came in is accounted for" not in life.output:
            raise Violation(f"{self.name}: the books do not balance: {life.output.strip()[-1500:]}")
        return life.output

    def query(self, statement):
        return self.suite.server.psql(self.database, statement)

    def counted(self):
        return int(self.query("SELECT coalesce(sum(count), 0) FROM capsule_shape")[0][0])

    def equal(self, found, right, what):
        if found != right:
            raise Violation(f"{self.name}: {what}: {str(found)[:1500]}, should be {str(right)[:1500]}")

    def says(self, output, *words):
        for word in words:
            if word not in output:
                raise Violation(f"{self.name}: the program does not say {word!r}: {output.strip()[-1500:]}")

    def close(self):
        for life in self.lives:
            life.close()
        self.suite.server.drop(self.database)


def good_line(number, message="all is well", **fields):
    record = {
        "event_id": f"e-{number}", "service_name": "pay", "environment": "prod", "severity": "INFO", "timestamp": START + number * 1000,
        "message": message, **fields,
    }
    return json.dumps({name: value for name, value in record.items() if value is not None}).encode()


def hostile_lines(case):
    """Every broken line is a dead letter with its bytes, its place and a reason; every other one is counted."""
    bad = {
        b"{": ("telemetry", "malformed-json"),
        b"this is no JSON": ("telemetry", "malformed-json"),
        good_line(1)[:-9]: ("telemetry", "malformed-json"),
        good_line(2) + b" {}": ("telemetry", "malformed-json"),
        b'{"event_id":"nul' + b"\0" + b'"}': ("telemetry", "malformed-json"),
        b"[1, 2, 3]": ("telemetry", "wrong-type"),
        b'"text"': ("telemetry", "wrong-type"),
        good_line(3, timestamp="yesterday"): ("telemetry", "wrong-type"),
        good_line(4, message=["a", "list"]): ("telemetry", "wrong-type"),
        good_line(5, event_id=None): ("complete", "missing-field"),
        good_line(6, message=None): ("complete", "missing-field"),
        good_line(7, timestamp=None): ("telemetry", "impossible-time"),
        good_line(8, timestamp=-(2**62)): ("telemetry", "impossible-time"),
        good_line(9, timestamp=2**62): ("telemetry", "impossible-time"),
        b"[" * 100_000: ("telemetry", "malformed-json"),
        b"\xff\xfe\x00\x01": ("telemetry", "malformed-json"),
        good_line(10, "x" * 10_000_000): ("telemetry", "line-too-long"),
    }
    fine = [
        good_line(100), good_line(101, "NUL \0 in a message"), good_line(102, "an emoji \U0001f600 and \u202e"), good_line(103, "y" * 900_000),
        good_line(104).replace(b"well", b"w\xff\xfell"), good_line(105, extra={"deep": [[[[1]]]]}), good_line(106) + b"\r", good_line(107, ""),
    ]
    lines, bad_places = [], {}
    rest = list(fine)
    for line in bad:
        bad_places[sum(len(other) + 1 for other in lines)] = line
        lines.append(line)
        if rest:
            lines.append(rest.pop(0))
    path = case.folder / "hostile.jsonl"
    path.write_bytes(b"\n".join(lines + rest) + b"\n")
    output = case.run("--input", str(path), "--name", "hostile")
    found = {
        int(offset): (operator, reason, source, bytes.fromhex(raw[2:]))
        for operator, reason, source, offset, raw in case.query('SELECT operator, reason, source, "offset", raw FROM dead_letter')
    }
    case.equal(sorted(found), sorted(bad_places), "offsets of dead letters")
    for offset, line in bad_places.items():
        operator, reason, source, raw = found[offset]
        case.equal((operator, reason), bad[line], f"operator and reason of {line[:40]!r}")
        case.equal(raw[: 1 << 20], line[: 1 << 20], f"bytes of {line[:40]!r}")
        case.equal(path.name in source, True, f"the source of {line[:40]!r} is {source}")
    case.equal(case.counted(), len(fine), "counted")
    case.says(output, f"; {len(lines + rest)} records read")
    return f"{len(bad)} dead letters, {len(fine)} counted"


def long_lines(case):
    """A line of 10 MB that the job is told to take is taken; one above the limit is a dead letter."""
    path = case.folder / "long.jsonl"
    path.write_bytes(good_line(1, "a" * 10_000_000) + b"\n" + good_line(2) + b"\n" + b"{" * 20_000_000)
    text = (ROOT / "jobs.yaml").read_text()
    job = case.folder / "jobs.yaml"
    old = "type: generate"
    case.equal(text.count("config: { records: 200000, format: json }"), 1, "the source in jobs.yaml")
    text = text.replace(old, "type: file").replace("config: { records: 200000, format: json }", f'config: {{ path: "{path}", format: json, maxLineBytes: 11MiB }}')
    job.write_text(text)
    case.run(job=job)
    case.equal(case.counted(), 2, "counted")
    case.equal(case.query("SELECT reason, length(raw) > 0 FROM dead_letter"), [["line-too-long", "t"]], "dead letters")
    return "2 counted, 1 dead letter"


def empty_files(case):
    """Files without a record are no reason to fail."""
    for name, content in (("a.jsonl", b""), ("b.jsonl", b"\n\n\r\n"), ("c.jsonl", good_line(1))):
        (case.folder / name).write_bytes(content)
    output = case.run("--input", str(case.folder / "a.jsonl"), "--name", "empty")
    case.says(output, "; 0 records read")
    case.run("--input", str(case.folder / "*.jsonl"), "--name", "mixed")
    case.equal(case.counted(), 1, "counted")
    return "0 records, then the one line without an end"


def no_such_file(case):
    """A pattern that nothing matches is a mistake of the caller."""
    output = case.run("--input", str(case.folder / "nothing-*.jsonl"), "--name", "nowhere", code=1)
    case.says(output, "no file matches", "hint:")
    return "exit 1 with a hint"


def vanishing_file(case):
    """A file goes away while the job reads: what was read is kept, the job goes on and says so."""
    for number in range(4):
        with open(case.folder / f"part-{number}.jsonl", "wb") as file:
            for line in range(20_000):
                file.write(good_line(number * 20_000 + line) + b"\n")
    life = case.start("--input", str(case.folder / "part-*.jsonl"), "--name", "vanishing")
    end = time.monotonic() + 60
    while life.trace().read == 0 and life.process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    (case.folder / "part-3.jsonl").unlink()
    code = life.wait(60)
    case.equal(code, 0, f"exit code ({life.output.strip()[-800:]})")
    case.says(life.output, "balanced: ")
    counted = case.counted()
    gone = "vanished" in life.output
    case.equal(counted in (60_000, 80_000) if not gone else 60_000 <= counted <= 80_000, True, f"{counted} counted, vanished: {gone}")
    return f"{counted} counted" + (", the loss was named" if gone else ", it had been opened before")


def unreadable_rows(case):
    """Rows that the user's own tables do not take stand aside with the server's words; the others are there."""
    case.query("CREATE TABLE dead_letter (operator text, reason varchar(5), detail text, source text, \"offset\" bigint, raw bytea)")
    path = case.folder / "lines.jsonl"
    path.write_bytes(b"\n".join([good_line(1), b"{", good_line(2, event_id=None), good_line(3)]) + b"\n")
    output = case.run("--input", str(path), "--name", "narrow")
    case.equal(case.counted(), 2, "counted")
    case.equal(case.query("SELECT count(*) FROM dead_letter"), [["0"]], "dead letters that fit")
    rows = case.query('SELECT target, sqlstate, "row"::json ->> \'reason\', "row"::json ->> \'offset\' FROM sloscout_refused ORDER BY 4')
    case.equal(
        [row[:3] for row in rows], [["dead_letter", "22001", "malformed-json"], ["dead_letter", "22001", "missing-field"]], "refused rows")
    case.says(output, "refused 2 rows")
    return "2 refused rows with SQLSTATE 22001, 2 counted"


def narrow_column(case):
    """A column of the results that does not fit costs those rows alone."""
    columns = (
        "service varchar(5) NOT NULL, environment text NOT NULL, shape text NOT NULL, template text, count bigint, severities jsonb, samples jsonb, "
        "first_seen timestamptz, last_seen timestamptz, window_start timestamptz NOT NULL, window_end timestamptz, revision bigint, final boolean, "
        "UNIQUE (service, environment, shape, window_start)")
    case.query(f"CREATE TABLE capsule_shape ({columns}) PARTITION BY RANGE (window_start)")
    path = case.folder / "lines.jsonl"
    path.write_bytes(b"\n".join([good_line(1), good_line(2, service_name="warehouse"), good_line(3)]) + b"\n")
    output = case.run("--input", str(path), "--name", "narrow")
    case.equal(case.counted(), 2, "counted")
    rows = case.query("SELECT target, sqlstate, \"row\"::json ->> 'service', \"row\"::json ->> 'count' FROM sloscout_refused")
    case.equal(rows, [["capsule_shape", "22001", "warehouse", "1"]], "refused rows")
    case.says(output, "refused 1 rows")
    return "1 refused row with SQLSTATE 22001, 2 counted"


def no_server(case):
    """Nobody listens: the program says whom it waits for, and a signal ends it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    life = case.start(url=f"postgresql://postgres@127.0.0.1:{port}/sloscout")
    end = time.monotonic() + 30
    while " waits: " not in life.output and time.monotonic() < end:
        time.sleep(0.02)
    case.says(life.output, " waits: could not open table", str(port), "hint: ")
    life.signal(signal.SIGTERM)
    code = life.wait(30)
    case.equal(code, 1, f"exit code after SIGTERM ({life.output.strip()[-500:]})")
    return "waits, says so, exit 1 on SIGTERM"


def no_database(case):
    """There is a server but no such database: waiting would not cure it."""
    output = case.run(url=case.suite.server.url("nobody_made_this"), code=1)
    case.says(output, "does not exist", "CREATE DATABASE")
    return "exit 1 with the statement that cures it"


def wrong_job_files(case):
    """Mistakes in job files: all at once, with place and cure; nothing runs."""
    def check(name, text, *words, limit=5):
        path = case.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        began = time.monotonic()
        result = subprocess.run([case.suite.binary, "run", str(path)], capture_output=True, text=True, errors="replace", timeout=60)
        case.equal(result.returncode, 2, f"exit code for {name} ({result.stderr[-500:]})")
        case.says(result.stderr, *words)
        if time.monotonic() - began > limit * 6:
            raise Violation(f"{case.name}: {name} took {time.monotonic() - began:.1f} s")

    shipped = (ROOT / "jobs.yaml").read_text()
    check("typo.yaml", shipped.replace("parallelism: 1", "paralelism: 1"), "paralelism", "parallelism", "typo.yaml:")
    check("two.yaml", shipped.replace("parallelism: 1", "paralelism: 1").replace("allowedLateness", "allowedLatenes"), "paralelism", "allowedLatenes")
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(8))
    check("bomb.yaml", bomb, "bomb.yaml:")
    check("deep.yaml", "a: " + "[" * 100_000, "deep.yaml:")
    check("binary.yaml", bytes(range(256)), "binary.yaml:")
    check("huge.yaml", "# " + "x" * 10_000_000, "huge.yaml")
    check("empty.yaml", "", "empty.yaml")
    return "unknown keys, a bomb, depth, bytes, size: exit 2 with the place"


CASES = {
    "hostile-lines": hostile_lines,
    "long-lines": long_lines,
    "empty-files": empty_files,
    "no-such-file": no_such_file,
    "vanishing-file": vanishing_file,
    "unreadable-rows": unreadable_rows,
    "narrow-column": narrow_column,
    "no-server": no_server,
    "no-database": no_database,
    "wrong-job-files": wrong_job_files,
}


def run(suite, names=None, cases=None):
    """Runs cases, and prints a line for each. Raises `Violation`."""
    for name, check in (cases or CASES).items():
        if names and name not in names:
            continue
        began = time.monotonic()
        case = Case(suite, name)
        try:
            note = check(case)
        finally:
            case.close()
        shutil.rmtree(case.folder, ignore_errors=True)
        print(f"  {name:<24} {time.monotonic() - began:5.1f} s  {note}", flush=True)
