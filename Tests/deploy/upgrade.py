"""Helm installs, upgrades, rolls back and uninstalls the chart, against what an API server would answer: secrets stay, hooks come first.

usage: upgrade.py HELM

The server keeps objects and runs nothing (api_server.py); what is shown is Helm's part and the chart's.
"""

import base64
import copy
import json
import os
import subprocess
import sys
import tempfile

import yaml

from api_server import Cluster
from charts import CHART, claim, kind


def main():
    helm = sys.argv[1]
    cluster = Cluster()
    folder = tempfile.mkdtemp()
    kubeconfig = os.path.join(folder, "config")
    with open(kubeconfig, "w") as out:
        yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "test", "users": [{"name": "test", "user": {}}],
            "clusters": [{"name": "test", "cluster": {"server": cluster.url}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "telemetry"}}]}, out)
    environment = {**os.environ, "KUBECONFIG": kubeconfig, **{f"HELM_{part}_HOME": folder for part in ["CACHE", "CONFIG", "DATA"]}}

    def run(*arguments, fails=False):
        # The schemas of Kubernetes are chart.py's business; this server has none.
        more = ["--disable-openapi-validation"] if arguments[0] in ("install", "upgrade") else []
        said = subprocess.run([helm, *arguments, *more, "--namespace", "telemetry"], capture_output=True, text=True, env=environment, timeout=120)
        claim(" ".join(arguments), (said.returncode != 0) == fails, said.stdout + said.stderr)
        print(f"ok: helm {' '.join(arguments[:2])}{' fails' if fails else ''}")
        return said.stdout

    def secrets():
        return {one["metadata"]["name"]: copy.deepcopy(one["data"]) for one in cluster.objects.values()
                if one["kind"] == "Secret" and one.get("type") == "Opaque"}

    job = "kind: Job\\n"
    chart = str(CHART)
    notes = run("install", "sloscout", chart, "-f", f"{chart}/values-dev.yaml", "--set-json", f'controller.jobs={{"mine":"{job}"}}')
    claim("the notes say how to get in", "port-forward service/sloscout 8000" in notes and "get secret sloscout-tokens" in notes, notes)
    first = secrets()
    claim("three secrets were made", set(first) == {"sloscout-tokens", "sloscout-postgres", "sloscout-objects"}, set(first))
    lengths = {key: len(base64.b64decode(value)) for data in first.values() for key, value in data.items()}
    claim("their values are long", all(length >= 20 for length in lengths.values()) and lengths["admin"] >= 32, lengths)
    claim("and all different", len({value for data in first.values() for value in data.values()}) == len(lengths))
    made = cluster.changes
    claim("an install takes no savepoint", ("create", "Job", "sloscout-savepoint") not in made)
    claim("the server's jobs are files for it", cluster.of("ConfigMap", "sloscout-jobs")["data"]["controller-mine.yaml"].startswith("kind: Job"))

    cluster.changes.clear()
    run("upgrade", "sloscout", chart, "-f", f"{chart}/values-dev.yaml", "--set", "image.tag=0.2.0", "--set", "workers.replicas=3")
    claim("an upgrade changes no secret", secrets() == first)
    changes = cluster.changes
    claim("the savepoint is taken before the server is replaced", changes.index(("create", "Job", "sloscout-savepoint")) < changes.index(("change", "Deployment", "sloscout-controller")), changes)
    claim("it is named after the revision that comes", cluster.ran == [["savepoint", "--all", "--as", "before-revision-2", "--wait", "120"]], cluster.ran)
    claim("and its job is gone when it is done", cluster.of("Job", "sloscout-savepoint") is None)
    controller = cluster.of("Deployment", "sloscout-controller")["spec"]["template"]["spec"]
    claim("the new image runs", controller["containers"][0]["image"] == "sloscout:0.2.0", controller["containers"][0]["image"])
    savepoint_image = next(iter(controller["initContainers"]))["image"]
    claim("and in the pods' first steps too", savepoint_image == "sloscout:0.2.0")
    before = copy.deepcopy(cluster.of("Deployment", "sloscout-workers")["spec"]["template"])

    own = os.path.join(folder, "jobs.yaml")
    with open(own, "w") as out:
        out.write("# another job file\n" + (CHART / "jobs/workers.yaml").read_text())
    run("upgrade", "sloscout", chart, "-f", f"{chart}/values-dev.yaml", "--set-file", f"workers.jobs={own}")
    # The image and the number of workers go back to what they were: that is all that changes in their pods.
    before["spec"]["containers"][0]["image"] = "sloscout:0.1.0"
    before["metadata"]["labels"] = cluster.of("Deployment", "sloscout-workers")["spec"]["template"]["metadata"]["labels"]
    claim("another job file starts no worker anew: the server upgrades the job", before == cluster.of("Deployment", "sloscout-workers")["spec"]["template"])
    claim("and is what it reads", cluster.of("ConfigMap", "sloscout-jobs")["data"]["workers.yaml"].startswith("# another"))
    claim("an upgrade changes no secret, again", secrets() == first)

    # A key that an older chart did not have, as after an upgrade from it.
    tokens = cluster.of("Secret", "sloscout-tokens")
    del tokens["data"]["metrics"]
    run("upgrade", "sloscout", chart, "-f", f"{chart}/values-dev.yaml")
    second = secrets()
    claim("a key that is missing is added", "metrics" in second["sloscout-tokens"])
    del second["sloscout-tokens"]["metrics"], first["sloscout-tokens"]["metrics"]
    claim("and the others stay", second == first)

    cluster.changes.clear()
    cluster.ran.clear()
    run("rollback", "sloscout", "1")
    # The hook is that of the revision that is gone back to: the program gives the savepoint a number when there is one of that name.
    claim("under the name of that revision", [words[3] for words in cluster.ran] == ["before-revision-1"], cluster.ran)
    claim("a rollback takes a savepoint first", ("create", "Job", "sloscout-savepoint") in cluster.changes, cluster.changes)
    third = secrets()
    third["sloscout-tokens"].pop("metrics", None)
    claim("a rollback changes no secret", third == first)
    image = cluster.of("Deployment", "sloscout-controller")["spec"]["template"]["spec"]["containers"][0]["image"]
    claim("the old image runs", image == "sloscout:0.1.0", image)

    run("uninstall", "sloscout")
    fourth = secrets()
    fourth["sloscout-tokens"].pop("metrics", None)
    claim("secrets outlive the release: the volumes' data are of use with them only", fourth == first)
    left = {one["kind"] for one in cluster.objects.values()} - {"Secret"}
    claim("nothing else does", not left, left)
    run("install", "sloscout", chart, "-f", f"{chart}/values-dev.yaml")
    fifth = secrets()
    fifth["sloscout-tokens"].pop("metrics", None)
    claim("installed again, it finds them", fifth == first)


main()
