"""The chart's rules and dashboards: promtool reads them and runs the rules' tests, dashboards fit Grafana's shape, panels do not overlap.

usage: monitoring.py

Which metrics there are is asked of running processes in job_files.py.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import jsonschema
import yaml

from charts import CHART, ROOT, claim


def promtool(*arguments):
    run = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return run.returncode == 0, run.stdout + run.stderr


def main():
    folder = Path(tempfile.mkdtemp())
    shutil.copy(CHART / "rules.yaml", folder)
    shutil.copy(ROOT / "Tests/deploy/rules.test.yaml", folder)
    passed, said = promtool("check", "rules", folder / "rules.yaml")
    claim("promtool reads the rules", passed, said)
    passed, said = promtool("test", "rules", folder / "rules.test.yaml")
    claim("the rules pass their tests", passed, said)

    rules = yaml.safe_load((CHART / "rules.yaml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    page = (ROOT / "docs/troubleshooting.md").read_text()
    claim("every alert has a line in the page that it names", not [alert for alert in alerts if f"| {alert} |" not in page], alerts)
    tested = (ROOT / "Tests/deploy/rules.test.yaml").read_text()
    claim("every alert is tested", all(alert in tested for alert in alerts), alerts)
    print(f"ok: {len(alerts)} alerts, each with a test and a line in the page that it names")
    # A rule that is broken must not pass: the factor of a page is made ten times as large.
    broken = (CHART / "rules.yaml").read_text().replace("14.4 * 0.005", "144 * 0.005")
    (folder / "rules.yaml").write_text(broken)
    claim("a rule that was broken fails its test", not promtool("test", "rules", folder / "rules.test.yaml")[0])

    schema = json.loads((ROOT / "Tests/promtool/dashboard.schema.json").read_text())
    expressions = []
    for path in sorted((CHART / "dashboards").glob("*.json")):
        board = json.loads(path.read_text())
        jsonschema.validate(board, schema)
        cells = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            own = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            claim(f"{path.name}: {panel['title']} overlaps nothing and stays within 24 columns", not own & cells and max(x for x, _ in own) < 24)
            cells |= own
            expressions += [target["expr"].replace("$job", "a") for target in panel["targets"]]
        claim(f"{path.name}: panels have numbers of their own", len({panel["id"] for panel in board["panels"]}) == len(board["panels"]))
    (folder / "boards.yaml").write_text(yaml.safe_dump(
        {"groups": [{"name": "boards", "rules": [{"record": f"panel_{number}", "expr": text} for number, text in enumerate(expressions)]}]}))
    passed, said = promtool("check", "rules", folder / "boards.yaml")
    claim("promtool reads every query of the dashboards", passed, said)
    print(f"ok: {len(expressions)} queries of dashboards")


main()
