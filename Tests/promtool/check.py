"""Proves generated rules with the real promtool.

    check.py SLOSCOUT [--quick] [JOURNEYS.json]

--quick leaves out what takes minutes of computing: cases over three days, the burn test of latency, weeks and quarters of the calendar, and the mutations.

Takes the journeys of a file, or a made one. Windows of the calendar are tested too. Makes the tree twice (no byte may differ); promtool checks every rule file and runs every test; five mutations of a rule each turn its test red; documents
and dashboards pass schemas of ours; panels do not overlap.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))


def fail(message):
    sys.exit("promtool check: " + message)


def promtool(*arguments):
    run = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=900)
    return run.returncode == 0, (run.stdout + run.stderr)[-3000:]


def made_journeys(path):
    """A day of a journey, the same on every run."""
    minutes = []
    for index in range(1440):
        requests = 20 + index % 7 + (15 if index // 60 >= 8 else 0)
        slow = 1 if index % 50 == 0 else 0
        buckets = [0] * 25
        buckets[8], buckets[11], buckets[17] = requests // 2, requests - requests // 2 - slow, slow
        start = 1772409600000000000 + index * 60000000000
        minutes.append(" ".join(map(str, [start, requests, 1 if index % 97 == 0 else 0] + buckets)))
    duration = {"p50": 120000000, "p95": 300000000, "p99": 400000000, "max": 2900000000}
    def step(service, operation, share, errors):
        return dict(service=service, operation=operation, traces=900, spans=1000, errors=errors, criticalShare=share, duration=duration)
    journey = dict(
        id="0123456789abcdef0123456789abcdef", name="shop: check out", slug="check-out", entryService="shop", entryOperation="POST /checkout",
        environment="prod", services=["payment", "shop"], errorEvidence="spans", confidence=0.9,
        confidenceFactors=[dict(name="samples", value=0.9, reason="900 traces")], duration=duration,
        slowTraces=["4bf92f3577b34da6a3ce929d0e0e4736"], failedTraces=[], minutes=minutes,
        steps=[step("shop", "POST /checkout", 0.4, 3), step("payment", "Charge", 0.6, 3)],
        calls=[{"from": 0, "to": 1, "probability": 0.95, "callsPerTrace": 1}])
    json.dump(dict(version=1, journeys=[journey]), open(path, "w"))


def check_calendars(sloscout, journeys, folder, units):
    """Rules of the period for windows that begin with a week, a month or a quarter. Their tests sum up thousands of hours: one objective is enough."""
    for unit in units:
        tree(sloscout, journeys, folder + "/" + unit, "--calendar", unit)
        rules = sorted(glob.glob(folder + "/" + unit + "/prometheus/rules/*/*-period.rules.yaml"))
        good, text = promtool("check", "rules", "--lint=all", "--lint-fatal", *rules)
        if not rules or not good:
            fail(text)
        path = next(r for r in rules if r.endswith("-errors-period.rules.yaml"))
        test = path.replace(".rules.yaml", ".rules_test.yaml")
        good, text = promtool("test", "rules", test)
        if not good:
            fail(unit + ": " + text)
        # The same test must not pass with hours that are not told apart by their window.
        text = open(path).read()
        mutated = text.replace("time() - 1", "time() * 0")
        if mutated == text:
            fail(unit + ": the mutation does not apply")
        open(path, "w").write(mutated)
        if promtool("test", "rules", test)[0]:
            fail(unit + ": hours of the window before count, and the test stays green")
        print("green, and red without its window: the calendar's", unit, flush=True)


def tree(sloscout, journeys, folder, *more):
    subprocess.run([sloscout, "artifacts", journeys, "--out", folder, *more], check=True, timeout=120, stdout=subprocess.DEVNULL)
    files = {}
    for path in glob.glob(folder + "/**", recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files


def swap_windows(text):
    """The long windows of both pages change places, in their alerts only."""
    recordings, alerts = text.split("-alerts", 1)
    swap = {"1h": "6h", "6h": "1h"}
    return recordings + "-alerts" + re.sub(r"ratio_rate(1h|6h)", lambda m: "ratio_rate" + swap[m[1]], alerts)


MUTATIONS = [
    ("factor times ten", lambda t: re.sub(r"(ratio_rate1h\{[^}]*\} > )([0-9.]+)", lambda m: m[1] + str(float(m[2]) * 10), t, count=1)),
    ("windows swapped", swap_windows),
    ("greater becomes less", lambda t: re.sub(r"(ratio_rate5m\{[^}]*\}) > ", r"\1 < ", t, count=1)),
    ("label dropped", lambda t: re.sub(r"\n +long_window: [^\n]+", "", t, count=1)),
    ("guard removed", lambda t: re.sub(r"\* (3600|21600|86400|259200)\) >= [0-9]+", r"* \1) >= 0", t)),
]


def samples(case):
    """How many samples a case is made of: what promtool takes its time for."""
    return sum(int(count) for series in case["input_series"] for count in re.findall(r"x([0-9]+)", series["values"]))


def check_mutations(rules):
    test = rules.replace(".rules.yaml", ".rules_test.yaml")
    text = open(rules).read()
    expected = yaml.safe_load(open(test))
    for name, mutate in MUTATIONS:
        mutated = mutate(text)
        if mutated == text:
            fail("the mutation '%s' does not apply to %s" % (name, rules))
        with tempfile.TemporaryDirectory() as folder:
            open(folder + "/mutated.yaml", "w").write(mutated)
            # The slowest case is for the slowest ticket: none of the mutations is about it. One red case is enough, so the short ones go first.
            cases = sorted((t for t in expected["tests"] if not t["name"].startswith("1.1 times")), key=samples)
            good = True
            for case in cases:
                open(folder + "/test.yaml", "w").write(yaml.safe_dump(dict(expected, rule_files=["mutated.yaml"], tests=[case])))
                good, _ = promtool("test", "rules", folder + "/test.yaml")
                if not good:
                    break
        if good:
            fail("with '%s' the test of %s stays green" % (name, rules))
        print("red, as it must be:", name)


def check_dashboard(path, board):
    schema = json.load(open(os.path.join(HERE, "dashboard.schema.json")))
    jsonschema.validate(board, schema)
    ids = [p["id"] for p in board["panels"]]
    if len(ids) != len(set(ids)):
        fail(path + ": two panels have one id")
    taken = set()
    for panel in board["panels"]:
        g = panel["gridPos"]
        cells = {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
        if taken & cells or g["x"] + g["w"] > 24:
            fail("%s: the panel %s overlaps or leaves the grid" % (path, panel["title"]))
        taken |= cells


def expressions(board):
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"].replace("$__rate_interval", "5m").replace("$slo", ".*").replace("$environment", ".*")


def check_expressions():
    """The lists that our parser is tested with: Prometheus must think the same. One call a list: promtool names every rule that it cannot read."""
    for name, verdict in (("valid", True), ("invalid", False)):
        lines = open(os.path.join(HERE, name + ".promql")).read().splitlines()
        with tempfile.TemporaryDirectory() as folder:
            rules = [{"record": "line:%d" % number, "expr": line} for number, line in enumerate(lines)]
            open(folder + "/rules.yaml", "w").write(yaml.safe_dump({"groups": [{"name": "a", "rules": rules}]}, width=100_000))
            run = subprocess.run(["promtool", "check", "rules", folder + "/rules.yaml"], capture_output=True, text=True, timeout=900)
        # An empty expression has an error of its own.
        refused = {int(number) for number in re.findall(r'"line:(\d+)": (?:could not parse expression|field \'expr\')', run.stdout + run.stderr)}
        for number, line in enumerate(lines):
            if (number in refused) == verdict:
                fail("%r is not %s to promtool" % (line, name))


def without_long_cases(test):
    """The test without its cases over days, in a file beside it; None when it is one of those that are left out."""
    if test.endswith("-latency.rules_test.yaml"):
        return None
    document = yaml.safe_load(open(test))
    document["tests"] = [case for case in document["tests"] if not case["name"].startswith("1.1 times")]
    path = test + ".quick.yaml"
    open(path, "w").write(yaml.safe_dump(document))
    return path


def main():
    quick = "--quick" in sys.argv
    if quick:
        sys.argv.remove("--quick")
    check_expressions()
    sloscout = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        journeys = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else folder + "/journeys.json"
        if len(sys.argv) < 3:
            made_journeys(journeys)
        first = tree(sloscout, journeys, folder + "/a")
        if first != tree(sloscout, journeys, folder + "/b"):
            fail("two runs differ")
        check_calendars(sloscout, journeys, folder, ["month"] if quick else ["week", "month", "quarter"])
        os.chdir(folder + "/a")
        rules = sorted(glob.glob("prometheus/rules/*/*.rules.yaml"))
        good, text = promtool("check", "rules", "--lint=all", "--lint-fatal", *rules)
        if not rules or not good:
            fail(text)
        openslo = json.load(open(os.path.join(HERE, "openslo.schema.json")))
        for path in sorted(first):
            if path.endswith(".yaml"):
                documents = list(yaml.safe_load_all(open(path)))
                if path.startswith("openslo/"):
                    for document in documents:
                        jsonschema.validate(document, openslo)
        queries = []
        for path in sorted(glob.glob("grafana/dashboards/*.json")):
            board = json.load(open(path))
            check_dashboard(path, board)
            queries += expressions(board)
        panel_rules = [{"record": "panel:%d" % i, "expr": q} for i, q in enumerate(queries)]
        open("panels.yaml", "w").write(yaml.safe_dump({"groups": [{"name": "panels", "rules": panel_rules}]}))
        good, text = promtool("check", "rules", "panels.yaml")
        if not good:
            fail(text)
        tests = sorted(glob.glob("prometheus/rules/*/*.rules_test.yaml"))
        if len(tests) != len(rules):
            fail("a rule file has no test beside it")
        for test in tests:
            if quick:
                test = without_long_cases(test)
                if test is None:
                    continue
            good, text = promtool("test", "rules", test)
            print("green" if good else "red", test, flush=True)
            if not good:
                fail(text)
        if not quick:
            check_mutations(next(r for r in rules if r.endswith("-errors.rules.yaml")))
        print("%d rule files, %d panel queries, %d files: all as they must be" % (len(rules), len(queries), len(first)))


main()
