"""The logs of a train ticket shop, if they are at hand: real records in OTLP, counted to the last one."""

import os
import shutil
from pathlib import Path

import bad_input
from postgres import ROOT

FILE = Path(os.environ.get("SLOSCOUT_SHARED", ROOT.parent / "shared"), "data/traces/train-ticket-logs.otlp.jsonl.gz")
RECORDS, COUNTED, IMPOSSIBLE, SERVICES = 172_722, 172_677, 45, 27


def train(case):
    """Counts all, names those without a possible time, adds nothing in a second run, and refuses to start without its state."""
    output = case.run("--input", str(FILE), "--name", "train", seconds=300)
    case.says(output, f"; {RECORDS} records read in this run")
    case.equal(case.counted(), COUNTED, "counted")
    case.equal(int(case.query("SELECT count(DISTINCT service) FROM capsule_shape")[0][0]), SERVICES, "services")
    case.equal(case.query("SELECT reason, count(*) FROM dead_letter GROUP BY 1"), [["impossible-time", str(IMPOSSIBLE)]], "dead letters")
    case.equal(
        case.query('SELECT count(DISTINCT (source, "offset", raw)), bool_and(length(raw) > 0 AND operator = \'telemetry\') FROM dead_letter'),
        [[str(IMPOSSIBLE), "t"]], "places and bytes of dead letters")
    levels = case.query("SELECT key, sum(value::bigint) FROM capsule_shape, jsonb_each_text(severities) GROUP BY 1 ORDER BY 2 DESC")
    case.equal(sum(int(count) for _, count in levels), COUNTED, "severities")
    case.equal(case.query("SELECT count(*) FROM sloscout_refused"), [["0"]], "refused rows")
    before = case.query("SELECT md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))) FROM capsule_shape AS r")
    again = case.run("--input", str(FILE), "--name", "train", seconds=60)
    case.says(again, "; 0 records read in this run")
    case.equal(case.query("SELECT md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))) FROM capsule_shape AS r"), before, "rows after a second run")
    case.equal(case.query("SELECT count(*) FROM dead_letter"), [[str(IMPOSSIBLE)]], "dead letters after a second run")
    shutil.rmtree(case.folder / "state")
    refused = case.run("--input", str(FILE), "--name", "train", code=1)
    case.says(refused, "the job's state is gone", "hint: do one of these")
    case.equal(case.query("SELECT md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))) FROM capsule_shape AS r"), before, "rows after a refusal")
    return f"{COUNTED} counted in {SERVICES} services ({', '.join(f'{name} {count}' for name, count in levels)}), {IMPOSSIBLE} named"


def run(suite, names=None):
    """Runs it, and prints a line. Raises `Violation`."""
    bad_input.run(suite, names, {"train-ticket": train})
