"""What is right: the generator's own account of its lines, held against what stands in PostgreSQL and what the program says."""

import json
import re
import subprocess

# What the job calls a line that the generator broke.
REASON_OF_DEFECT = {
    "truncated": "malformed-json", "notJSON": "malformed-json", "noEventID": "missing-field", "nullMessage": "missing-field",
    "wordyTimestamp": "wrong-type", "noTimestamp": "impossible-time",
}

RESULT_COLUMNS = (
    "service, environment, shape, template, count, severities, samples, first_seen, last_seen, window_start, window_end, final")


class Truth:
    """The account of a run of the source `generate`: counted from seed and number of records alone."""

    def __init__(self, binary, records, seed):
        text = subprocess.run(
            [binary, "generate", "--truth", "--records", str(records), "--seed", str(seed)], check=True, capture_output=True, text=True).stdout
        facts = json.loads(text)
        self.records = records
        self.accepted = facts["accepted"]
        self.late = facts["late_dropped"]
        self.broken = facts["malformed"]
        self.panes = {(service, int(start)): count for service, panes in facts["accepted_by_window"].items() for start, count in panes.items()}
        self.reasons = {"late": self.late} if self.late else {}
        for defect, count in facts["malformed_by_kind"].items():
            if count:
                reason = REASON_OF_DEFECT[defect]
                self.reasons[reason] = self.reasons.get(reason, 0) + count


def panes(server, database):
    rows = server.psql(
        database, "SELECT service, (extract(epoch FROM window_start) * 1000)::bigint, sum(count) FROM capsule_shape GROUP BY 1, 2")
    return {(service, int(start)): int(count) for service, start, count in rows}


def partial(server, database, truth):
    """What must hold at any moment, also in the middle of a run."""
    wrong = []
    if not server.psql(database, "SELECT 1 FROM pg_class WHERE relname = 'dead_letter'"):
        return wrong
    for pane, count in panes(server, database).items():
        if count > truth.panes.get(pane, 0):
            wrong.append(f"window {pane} counts {count} records, there are {truth.panes.get(pane, 0)}")
    return wrong + _dead_letters(server, database, truth, False) + _rows(server, database)


def complete(server, database, truth, letter='source, "offset"'):
    """What must hold when the input is at its end. `letter` is what tells dead letters apart."""
    wrong = []
    found = panes(server, database)
    for pane in sorted(set(found) | set(truth.panes)):
        if found.get(pane, 0) != truth.panes.get(pane, 0):
            wrong.append(f"window {pane} counts {found.get(pane, 0)} records, there are {truth.panes.get(pane, 0)}")
    if sum(found.values()) != truth.accepted:
        wrong.append(f"{sum(found.values())} records are counted, {truth.accepted} were accepted")
    wrong += _dead_letters(server, database, truth, True, letter) + _rows(server, database)
    if (open_rows := int(server.psql(database, "SELECT count(*) FROM capsule_shape WHERE NOT final")[0][0])) > 0:
        wrong.append(f"{open_rows} windows are not final at the end of the input")
    return wrong


def _dead_letters(server, database, truth, complete, letter='source, "offset"'):
    wrong = []
    rows = server.psql(database, f"SELECT reason, count(*), count(DISTINCT ({letter})) FROM dead_letter GROUP BY 1")
    found = {reason: int(count) for reason, count, _ in rows}
    for reason, count, distinct in rows:
        if count != distinct:
            wrong.append(f"{count} dead letters with the reason {reason} come from {distinct} records")
    for reason in sorted(set(found) | set(truth.reasons)):
        there, right = found.get(reason, 0), truth.reasons.get(reason, 0)
        if there > right or (complete and there != right):
            wrong.append(f"{there} dead letters with the reason {reason}, there are {right} such records")
    return wrong


def _rows(server, database):
    wrong = []
    questions = {
        "keys stand more than once": "SELECT count(*) - count(DISTINCT (service, environment, shape, window_start)) FROM capsule_shape",
        "rows whose severities do not add up to their count":
            "SELECT count(*) FROM capsule_shape WHERE count <> (SELECT sum(value::bigint) FROM jsonb_each_text(severities))",
        "rows were seen outside of their window":
            "SELECT count(*) FROM capsule_shape WHERE first_seen < window_start OR last_seen >= window_end OR last_seen < first_seen",
        "rows were refused": "SELECT count(*) FROM sloscout_refused",
    }
    answers = server.psql(database, *questions.values())
    for text, answer in zip(questions, answers):
        if answer[0] != "0":
            wrong.append(f"{answer[0]} {text}")
    return wrong


def results(server, database):
    """All results by their key, whatever order they came in: a run with kills must end with the rows of a run without."""
    columns = [column.strip() for column in RESULT_COLUMNS.split(",")]
    rows = server.psql(database, f"SELECT row_to_json(r) FROM (SELECT {RESULT_COLUMNS} FROM capsule_shape) AS r")
    table = {}
    for row in rows:
        capsule = json.loads("\t".join(row))
        table[tuple(capsule[column] for column in ("service", "environment", "shape", "window_start"))] = [capsule[column] for column in columns]
    # How far the watermark was when a late record came depends on the order in which the splits were read.
    letters = server.psql(
        database, """SELECT source, "offset", operator, reason, CASE reason WHEN 'late' THEN '' ELSE detail END, md5(raw) FROM dead_letter""")
    table.update({("dead letter", row[0], row[1]): row for row in letters})
    return table


def compare(found, right):
    """What differs between two answers of `results`, in words."""
    columns = [column.strip() for column in RESULT_COLUMNS.split(",")]
    wrong = [f"{key} is missing" for key in right if key not in found] + [f"{key} should not be there" for key in found if key not in right]
    for key, row in right.items():
        if key in found and found[key] != row:
            names = [columns[i] if key[0] != "dead letter" else str(i) for i in range(len(row)) if found[key][i] != row[i]]
            values = [(found[key][i], row[i]) for i in range(len(row)) if found[key][i] != row[i]]
            wrong.append(f"{key} differs from a run without kills in {', '.join(names)}: {str(values)[:1500]}")
    return wrong


def balance(text, truth):
    """The table that the program prints at its end: it balances, and its figures are the right ones."""
    wrong = []
    if "balanced: every record that came in is accounted for" not in text:
        wrong.append("the program does not say that its books balance")
    table = {}
    for line in text.splitlines():
        if match := re.fullmatch(r"(\S+)((?:\s+\d+){7})", line):
            names = ("in", "out", "filtered", "duplicates", "late", "errors", "results")
            table[match[1]] = dict(zip(names, map(int, match[2].split())))
    if "telemetry" not in table:
        return wrong + ["the program prints no balance"]
    for operator, row in table.items():
        if row["in"] != row["out"] + row["filtered"] + row["duplicates"] + row["late"] + row["errors"]:
            wrong.append(f"the books of {operator} do not balance: {row}")
    figures = {
        "records read": (table["telemetry"]["in"], truth.records),
        "records counted": (table["capsules"]["out"], truth.accepted),
        "late records": (sum(row["late"] for row in table.values()), truth.late),
        "errors": (sum(row["errors"] for row in table.values()), truth.broken),
        "dead letters": (table["dead-letters"]["in"], truth.late + truth.broken),
    }
    for what, (said, right) in figures.items():
        if said != right:
            wrong.append(f"the balance says {said} {what}, there are {right}")
    return wrong
