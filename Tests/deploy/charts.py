"""The chart as Helm renders it: how tests get at it, and at the parts of its objects."""

import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "sloscout"

# Value sets that people have, and options that make other objects.
SETS = {
    "as it is": [],
    "dev": ["-f", str(CHART / "values-dev.yaml")],
    "external": ["-f", str(CHART / "values-external.yaml")],
    "production": ["-f", str(CHART / "values-production.yaml")],
    "hpa, jobs of the server, monitoring": [
        "--set", "workers.autoscaling.mode=hpa", "--set-json", 'controller.jobs={"fingerprint":"kind: Job\\n"}',
        "--set", "monitoring.serviceMonitor.enabled=true", "--set", "monitoring.rules.enabled=true", "--set", "monitoring.dashboards.enabled=true"],
    "keda in the chart": ["--set", "workers.autoscaling.mode=keda"],
    "only a server": [
        "--set", "workers.enabled=false", "--set", "collectors.enabled=false", "--set", "checkpoints.store=volume", "--set", "nameOverride=other"],
    "no policies": ["--set", "networkPolicy.enabled=false", "--set", "controller.savepoint.enabled=false"],
}


def claim(what, holds, seen=""):
    if not holds:
        raise SystemExit(f"NOT OK: {what} (seen: {seen})")


def render(helm, *arguments, release="sloscout", version="1.33.0"):
    """The objects, as `helm template` gives them."""
    run = subprocess.run(
        [helm, "template", release, str(CHART), "--namespace", "telemetry", "--kube-version", version, *arguments], capture_output=True, text=True)
    claim(f"helm template {' '.join(arguments)}", run.returncode == 0, run.stderr)
    return [one for one in yaml.safe_load_all(run.stdout) if one]


def kind(objects, *kinds):
    return [one for one in objects if one["kind"] in kinds]


def name(one):
    return f"{one['kind']} {one['metadata']['name']}"


def workloads(objects):
    """What makes pods, with the template of the pods."""
    return [(one, one["spec"]["template"]) for one in kind(objects, "Deployment", "StatefulSet", "Job")]


def containers(template):
    return template["spec"].get("initContainers", []) + template["spec"]["containers"]


def selects(selector, labels):
    claim("selectors here are matchLabels", set(selector) <= {"matchLabels"}, selector)
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def quantity(text):
    """Bytes of memory."""
    units = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9}
    for unit, factor in units.items():
        if str(text).endswith(unit):
            return float(str(text)[: -len(unit)]) * factor
    return float(text)
