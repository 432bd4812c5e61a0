"""The Helm chart: linted, rendered for every set of values, checked against the schemas of Kubernetes, and held to what its objects must say.

usage: chart.py HELM SLOSCOUT

No cluster is here: what a cluster would do with the objects is not tested, but for Helm's own part of it (upgrade.py).
"""

import copy
import json
import re
import subprocess
import sys

import jsonschema
import kubernetes_validate
import yaml

from charts import CHART, ROOT, SETS, claim, containers, kind, name, quantity, render, selects, workloads

VERSIONS = ["1.28", "1.33", "1.37"]
CUSTOM = json.loads((ROOT / "Tests/deploy/custom-resources.schema.json").read_text())


def lint(helm):
    for title, arguments in SETS.items():
        run = subprocess.run([helm, "lint", "--strict", str(CHART), *arguments], capture_output=True, text=True)
        claim(f"helm lint, {title}", run.returncode == 0 and "[WARNING]" not in run.stdout, run.stdout + run.stderr)


def schemas(objects, title):
    for one in objects:
        custom = CUSTOM["$defs"].get(one["kind"])
        if custom:
            jsonschema.validate(one, {**custom, "$defs": CUSTOM["$defs"]})
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                claim(f"{title}: {name(one)} fits the schema of Kubernetes {version}", False, error.message)


def schemas_refuse():
    """What is wrong is found: otherwise the checks above say nothing."""
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "x"}]}}}}
    for version in VERSIONS:
        kubernetes_validate.validate(deployment, version, strict=True)
        for change in [{"replicas": "two"}, {"replica": 2}, {"template": {"spec": {"containers": [{"image": "x"}]}}}]:
            wrong = {**deployment, "spec": {**deployment["spec"], **change}}
            try:
                kubernetes_validate.validate(wrong, version, strict=True)
            except kubernetes_validate.ValidationError:
                continue
            claim(f"{change} is refused by the schema of Kubernetes {version}", False)


def values(helm):
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    given = yaml.safe_load((CHART / "values.yaml").read_text())
    claim("the chart's own values fit", validator.is_valid(given))

    def known(schema, value, path):
        """Every value has a place in the schema, and every option of the schema a value: nothing is hidden."""
        if schema.get("type") != "object" or "properties" not in schema:
            return
        claim(f"{path} takes no unknown options", schema.get("additionalProperties") is False)
        missing = set(schema["properties"]) - set(value) - {"global", "limits", "requests", "ephemeral-storage", "cpu"}
        claim(f"values.yaml shows all options of {path or 'the chart'}", not missing, missing)
        for key in value:
            known(schema["properties"][key], value[key], f"{path}.{key}")

    known(schema, given, "")

    places = []

    def walk(value, path):
        if isinstance(value, dict):
            places.append(path)
            for key in value:
                walk(value[key], path + [key])

    walk(given, [])
    free = {"podAnnotations", "podLabels", "nodeSelector", "annotations", "labels", "jobs", "namespaceSelector", "podSelector", "matchLabels"}
    refused = 0
    for path in places:
        if free & set(path):
            continue
        changed = copy.deepcopy(given)
        here = changed
        for key in path:
            here = here[key]
        here["nonsense"] = 1
        claim(f"an unknown option in {'.'.join(path) or 'the chart'} is refused", not validator.is_valid(changed))
        refused += 1
    for wrong in [
        "workers.replicas=two", "workers.replicas=0", "image.digest=sha256:1", "workers.autoscaling.mode=vpa", "networkPolicy.externalCIDRs[0]=everywhere",
        "kafka.external.brokers[0]=no-port", "objectStore.external.endpoint=s3.example", "controller.resources.limits.memory=a lot",
    ]:
        run = subprocess.run([helm, "template", "x", str(CHART), "--set", wrong], capture_output=True, text=True)
        claim(f"{wrong} is refused by the schema", run.returncode != 0 and "schema" in run.stderr, run.stderr)
    for wrong, why in [
        (["workers.autoscaling.maxReplicas=48"], "nothing to do"), (["workers.replicas=25"], "nothing to do"),
        (["checkpoints.store=volume"], "leases move"), (["workers.autoscaling.minReplicas=9"], "greater than maxReplicas"),
        (["postgres.inChart=false"], "postgres.external.secretName"), (["kafka.inChart=false"], "kafka.external.brokers"),
        (["objectStore.inChart=false"], "objectStore.external"),
    ]:
        run = subprocess.run([helm, "template", "x", str(CHART), *[part for one in wrong for part in ("--set", one)]], capture_output=True, text=True)
        claim(f"{wrong} is refused with a reason", run.returncode != 0 and why in run.stderr, run.stderr)
    return refused


def security(objects):
    for one, template in workloads(objects):
        pod = template["spec"]["securityContext"]
        claim(f"{name(one)} does not run as root", pod["runAsNonRoot"] is True and pod["runAsUser"] > 0 and pod["seccompProfile"]["type"] == "RuntimeDefault")
        claim(f"{name(one)} gets no token of the cluster", template["spec"]["automountServiceAccountToken"] is False)
        claim(f"{name(one)} shares nothing with its node", not {"hostNetwork", "hostPID", "hostIPC"} & set(template["spec"]))
        for volume in template["spec"].get("volumes", []):
            claim(f"{name(one)}: {volume['name']} is of the pod", set(volume) - {"name"} <= {"emptyDir", "configMap", "persistentVolumeClaim"}, volume)
            if "emptyDir" in volume:
                claim(f"{name(one)}: {volume['name']} has a limit", volume["emptyDir"].get("sizeLimit"))
        for container in containers(template):
            own = container["securityContext"]
            claim(
                f"{name(one)}: {container['name']} can do nothing that it need not",
                own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "privileged": False, "capabilities": {"drop": ["ALL"]}}, own)
            resources = container["resources"]
            claim(f"{name(one)}: {container['name']} asks for CPU and memory", {"cpu", "memory"} <= set(resources["requests"]), resources)
            claim(f"{name(one)}: {container['name']} has a limit of memory", "memory" in resources["limits"], resources)
            claim(
                f"{name(one)}: {container['name']} asks for no more than it may have",
                quantity(resources["requests"]["memory"]) <= quantity(resources["limits"]["memory"]), resources)
            claim(f"{name(one)}: the image has a version", re.search(r"(:[^:/]*\d[^:/]*|@sha256:[0-9a-f]{64})$", container["image"]), container["image"])
            mounts = {mount["name"] for mount in container.get("volumeMounts", [])}
            volumes = {volume["name"] for volume in template["spec"].get("volumes", [])}
            claims = {claim_["metadata"]["name"] for claim_ in one["spec"].get("volumeClaimTemplates", [])}
            claim(f"{name(one)}: what {container['name']} mounts is there", mounts <= volumes | claims, mounts - volumes - claims)


def probes(objects):
    for one, template in workloads(objects):
        if one["kind"] == "Job":
            claim(f"{name(one)} ends", one["spec"].get("activeDeadlineSeconds") and template["spec"]["restartPolicy"] == "Never")
            continue
        for container in template["spec"]["containers"]:
            ports = {port["name"] for port in container["ports"]}
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"]:
                claim(f"{name(one)} has a {probe}", probe in container)
                handler = container[probe].get("httpGet") or container[probe].get("tcpSocket")
                claim(f"{name(one)}: {probe} asks a port that is there", handler is None or handler["port"] in ports, handler)
            live = container["livenessProbe"].get("httpGet", {}).get("path")
            claim(f"{name(one)} is not killed because something else is away", live in (None, "/health/live"), live)
        claim(f"{name(one)} has time to end", template["spec"]["terminationGracePeriodSeconds"] >= 10)


def selectors(objects):
    pods = [(one, template["metadata"]["labels"]) for one, template in workloads(objects)]
    for one, template in workloads(objects):
        if one["kind"] != "Job":
            claim(f"{name(one)} selects its own pods", selects(one["spec"]["selector"], template["metadata"]["labels"]))
            others = [other for other, labels in pods if other is not one and selects(one["spec"]["selector"], labels)]
            claim(f"{name(one)} selects no others", not others, [name(other) for other in others])
            claim(f"{name(one)}: what it is selected by holds no version", "version" not in json.dumps(one["spec"]["selector"]))
    for service in kind(objects, "Service"):
        chosen = [(one, template) for one, template in workloads(objects) if selects({"matchLabels": service["spec"]["selector"]}, template["metadata"]["labels"])]
        claim(f"{name(service)} leads to one kind of pods", len(chosen) == 1, [name(one) for one, _ in chosen])
        ports = {port["name"]: port["containerPort"] for container in chosen[0][1]["spec"]["containers"] for port in container["ports"]}
        for port in service["spec"]["ports"]:
            claim(f"{name(service)}: {port['targetPort']} is a port of the pods", port["targetPort"] in ports, ports)
    for one in kind(objects, "StatefulSet"):
        named = [service for service in kind(objects, "Service") if service["metadata"]["name"] == one["spec"]["serviceName"]]
        claim(f"{name(one)}: its service is there, without an address of its own", named and named[0]["spec"]["clusterIP"] == "None")
    for monitor in kind(objects, "ServiceMonitor"):
        chosen = [service for service in kind(objects, "Service") if selects(monitor["spec"]["selector"], service["metadata"]["labels"])]
        claim(f"{name(monitor)} finds one service", len(chosen) == 1, [name(one) for one in chosen])
        claim(
            f"{name(monitor)} asks a port that the service has",
            {end["port"] for end in monitor["spec"]["endpoints"]} <= {port["name"] for port in chosen[0]["spec"]["ports"]})


def budgets(objects):
    for one, template in workloads(objects):
        labels = template["metadata"]["labels"]
        component = labels["app.kubernetes.io/component"]
        if component not in ("controller", "workers", "collectors"):
            continue
        covering = [budget for budget in kind(objects, "PodDisruptionBudget") if selects(budget["spec"]["selector"], labels)]
        claim(f"{name(one)} has one budget of disruptions", len(covering) == 1, covering)
        claim("which lets a node be drained", covering[0]["spec"].get("maxUnavailable", 0) != 0 and "minAvailable" not in covering[0]["spec"])


def scaling(objects):
    for scaler in kind(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]
        found = [one for one in objects if one["kind"] == target["kind"] and one["metadata"]["name"] == target["name"]]
        claim(f"{name(scaler)} scales what is there", len(found) == 1, target)
        claim("and nobody else says how many there are", "replicas" not in found[0]["spec"])
        files = kind(objects, "ConfigMap")[0]["data"]["workers.yaml"] if kind(objects, "ConfigMap") else ""
        partitions = int(re.search(r"exchange: \{ connection: \w+, partitions: (\d+)", files)[1])
        claim("and there are no more than partitions", scaler["spec"].get("maxReplicas", scaler["spec"].get("maxReplicaCount")) <= partitions)
        for trigger in scaler["spec"].get("triggers", []):
            asked = trigger["metadata"]
            claim("KEDA asks for a topic that a job reads, by the job's name", f"name: {asked['consumerGroup']} " in files and asked["topic"] in files, asked)
    claim("one thing scales workers at most", len(kind(objects, "HorizontalPodAutoscaler", "ScaledObject")) <= 1)


def references(objects):
    """Secrets and config maps that pods want are made, or are the user's by a name of theirs."""
    theirs = {"sloscout-database", "sloscout-s3", "sloscout-api-tokens"}
    made = {(one["kind"], one["metadata"]["name"]): one for one in kind(objects, "Secret", "ConfigMap")}
    for one, template in workloads(objects):
        for container in containers(template):
            seen = set()
            for variable in container.get("env", []):
                claim(f"{name(one)}: {variable['name']} is set once", variable["name"] not in seen)
                for used in re.findall(r"\$\((\w+)\)", variable.get("value", "")):
                    claim(f"{name(one)}: {used} is set before {variable['name']} uses it", used in seen)
                seen.add(variable["name"])
                source = variable.get("valueFrom", {}).get("secretKeyRef")
                if source:
                    secret = made.get(("Secret", source["name"]))
                    claim(f"{name(one)}: there is a secret {source['name']}", secret or source["name"] in theirs)
                    claim(f"{name(one)}: it has {source['key']}", not secret or source["key"] in secret["data"])
            for used in re.findall(r"\$\(([A-Z_]+)\)", " ".join(map(str, container.get("args", [])))):
                claim(f"{name(one)}: {used} in the arguments is set", used in seen, seen)
        for volume in template["spec"].get("volumes", []):
            if "configMap" in volume:
                files = made.get(("ConfigMap", volume["configMap"]["name"]))
                claim(f"{name(one)}: there is a config map {volume['configMap']['name']}", files)
                for container in containers(template):
                    for path in re.findall(r"/etc/sloscout/(\S+\.yaml)", " ".join(map(str, container.get("args", [])))):
                        claim(f"{name(one)}: {path} is in it", path in files["data"], list(files["data"]))
    for secret in kind(objects, "Secret"):
        claim(f"{name(secret)} outlives the release", secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep")


def policies(objects):
    if not kind(objects, "NetworkPolicy"):
        return
    for one, template in workloads(objects):
        labels = template["metadata"]["labels"]
        component = labels["app.kubernetes.io/component"]
        own = [policy for policy in kind(objects, "NetworkPolicy") if selects(policy["spec"]["podSelector"], labels)]
        claim(f"{name(one)} has one policy", len(own) == 1, [name(policy) for policy in own])
        spec = own[0]["spec"]
        claim(f"{name(one)}: both ways are closed but for what it says", set(spec["policyTypes"]) == {"Ingress", "Egress"})
        for rule in spec.get("ingress", []) + spec.get("egress", []):
            claim(f"{name(own[0])}: every rule says from where or to where, and which ports", (rule.get("from") or rule.get("to")) and rule.get("ports"), rule)
        ports = {(port["protocol"], port["port"]) for rule in spec.get("egress", []) for port in rule["ports"]}
        if component not in ("postgres", "objects"):
            claim(f"{name(one)} may ask for names", {("UDP", 53), ("TCP", 53)} <= ports, ports)
        needed = {"controller": [5432, 9092], "workers": [5432, 9092], "collectors": [9092], "hooks": [8000]}.get(component, [])
        claim(f"{name(one)} reaches what it needs", {("TCP", port) for port in needed} <= ports, ports)

        # In the chart, who may go out to a pod is let in there.
        for rule in spec.get("egress", []):
            for peer in rule["to"]:
                if "podSelector" not in peer or "namespaceSelector" in peer:
                    continue
                for other, target in workloads(objects):
                    if not selects(peer["podSelector"], target["metadata"]["labels"]):
                        continue
                    theirs = next(p for p in kind(objects, "NetworkPolicy") if selects(p["spec"]["podSelector"], target["metadata"]["labels"]))
                    names = {port["name"]: port["containerPort"] for container in target["spec"]["containers"] for port in container.get("ports", [])}
                    let_in = {
                        names.get(port["port"], port["port"]) for inward in theirs["spec"]["ingress"] for port in inward["ports"]
                        if any(set(source) == {"podSelector"} and selects(source["podSelector"], labels) for source in inward["from"])}
                    claim(f"{name(other)} lets {name(one)} in", {port["port"] for port in rule["ports"]} <= let_in, let_in)


def jobs(objects):
    """The server follows the job files; workers have none, and may read the same variables."""
    made = {one["metadata"]["name"]: one["data"] or {} for one in kind(objects, "ConfigMap")}
    pods = {template["metadata"]["labels"]["app.kubernetes.io/component"]: template["spec"] for one, template in workloads(objects) if one["kind"] == "Deployment"}
    server = pods["controller"]
    files = [volume for volume in server["volumes"] if volume["name"] == "jobs"]
    followed = [word for word in server["containers"][0]["args"] if word.startswith("--jobs=")]
    claim("the server follows a folder when there is something in it", len(files) == len(followed) == (1 if "workers" in pods or any(
        key.startswith("controller-") for data in made.values() for key in data) else 0), (files, followed))
    for volume in files:
        data = made[volume["configMap"]["name"]]
        named = {item["key"] for item in volume["configMap"]["items"]}
        claim("it is mounted there", {"name": "jobs", "mountPath": followed[0].removeprefix("--jobs="), "readOnly": True} in server["containers"][0]["volumeMounts"])
        claim("with all that is for the server", named == {key for key in data if key != "collectors.yaml"}, (named, list(data)))
    if "workers" in pods:
        words = pods["workers"]["containers"][0]["args"]
        claim("workers are started without a file", words[0] == "worker" and all(word.startswith("--") for word in words[1:]), words)
        claim("and have no job files", not any("configMap" in volume for volume in pods["workers"]["volumes"]))
        allowed = [[word for word in pods[part]["containers"][0]["args"] if word.startswith("--allow-variable")] for part in ("controller", "workers")]
        claim("they may read what the server may", allowed[0] == allowed[1], allowed)


def hooks(objects):
    """What is done before an upgrade can be done again, and is of this revision."""
    for one in kind(objects, "Job"):
        notes = one["metadata"]["annotations"]
        claim(f"{name(one)} comes before what it is for", notes["helm.sh/hook"] == "pre-upgrade,pre-rollback", notes)
        words = one["spec"]["template"]["spec"]["containers"][0]["args"]
        # Revision 1: nothing is installed while this is rendered.
        claim(f"{name(one)} takes savepoints of this revision", words[:4] == ["savepoint", "--all", "--as", "before-revision-1"], words)
        seconds = int(words[words.index("--wait") + 1])
        claim(f"{name(one)} has time to wait, and to be started again", one["spec"]["activeDeadlineSeconds"] > seconds and one["spec"]["backoffLimit"] > 0)


def monitoring(helm):
    objects = render(helm, *SETS["hpa, jobs of the server, monitoring"])
    rule = kind(objects, "PrometheusRule")[0]
    claim("the rules are those of the file", rule["spec"] == yaml.safe_load((CHART / "rules.yaml").read_text()))
    boards = next(one for one in kind(objects, "ConfigMap") if one["metadata"]["name"].endswith("dashboards"))
    claim("there are two dashboards, which Grafana finds by their label", len(boards["data"]) == 2 and boards["metadata"]["labels"]["grafana_dashboard"] == "1")


def flags(objects, sloscout):
    """Every option that pods are given is one of the program's."""
    helps = {}
    unknown = set()
    for one, template in workloads(objects):
        for container in containers(template):
            if not container["image"].startswith("sloscout"):
                continue
            words = [str(word) for word in container.get("args", [])]
            # --name would give the jobs of each pod a name, and so a state, of their own.
            claim(f"{name(one)}: jobs keep their names", not any(word.startswith("--name") for word in words), words)
            command = [word for word in words[:3] if re.fullmatch(r"[a-z]+", word)] if words[0] == "server" else words[:1]
            command = [word for word in command if word in ("server", "token", "create", "savepoint", "run", "submit", "jobs", "worker")]
            key = tuple(command)
            if key not in helps:
                more = {"server": ["start"], "worker": ["start"], "savepoint": ["take"]}.get(" ".join(command), [])
                run = subprocess.run([sloscout, "help", *command, *more], capture_output=True, text=True)
                helps[key] = run.stdout if run.returncode == 0 and "SUBCOMMANDS" not in run.stdout else None
            if helps[key] is None:
                unknown.add(" ".join(command))
                continue
            for word in words:
                if word.startswith("--"):
                    option = word.split("=")[0]
                    claim(f"{name(one)}: sloscout {' '.join(command)} knows {option}", re.search(re.escape(option) + r"\b", helps[key]))
    return unknown


def main():
    helm, sloscout = sys.argv[1:3]
    lint(helm)
    schemas_refuse()
    refused = values(helm)
    count, unknown = 0, set()
    for title, arguments in SETS.items():
        objects = render(helm, *arguments)
        count += len(objects)
        for check in [lambda o: schemas(o, title), security, probes, selectors, budgets, scaling, references, policies, jobs, hooks]:
            check(objects)
        unknown |= flags(objects, sloscout)
        again = render(helm, *arguments, release="another")
        same = {(one["kind"], one["metadata"]["name"]) for one in objects} & {(one["kind"], one["metadata"]["name"]) for one in again}
        claim("two releases in one namespace do not meet", not same or "nameOverride=other" in arguments, same)
    limits = sum(
        quantity(container["resources"]["limits"]["memory"]) * one["spec"].get("replicas", 1)
        for one, template in workloads(render(helm, *SETS["dev"])) for container in template["spec"]["containers"])
    claim("values-dev fits 6 GB, with all limits reached at once", limits < 6e9, limits)
    monitoring(helm)
    print(f"{len(SETS)} sets of values, {count} objects, fit the schemas of Kubernetes {', '.join(VERSIONS)}; {refused} places refuse unknown options")
    print(f"values-dev needs {limits / 1e9:.2f} GB at most")
    for command in sorted(unknown):
        print(f"NOTE: this program has no command `{command}`: its options in the chart were not checked")


main()
