"""As much of a Kubernetes API server as Helm asks: objects are kept as they come, nothing is run. Jobs are complete at once.

It is no cluster: it shows what Helm sends, in which order, and what a later run finds (`lookup`), and no more than that.
"""

import base64
import copy
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import yaml

RESOURCES = {
    "v1": [("namespaces", "Namespace"), ("secrets", "Secret"), ("configmaps", "ConfigMap"), ("services", "Service"), ("persistentvolumeclaims", "PersistentVolumeClaim"), ("pods", "Pod")],
    "apps/v1": [("deployments", "Deployment"), ("statefulsets", "StatefulSet"), ("replicasets", "ReplicaSet")],
    "batch/v1": [("jobs", "Job")],
    "policy/v1": [("poddisruptionbudgets", "PodDisruptionBudget")],
    "networking.k8s.io/v1": [("networkpolicies", "NetworkPolicy")],
    "autoscaling/v2": [("horizontalpodautoscalers", "HorizontalPodAutoscaler")],
    "monitoring.coreos.com/v1": [("servicemonitors", "ServiceMonitor"), ("prometheusrules", "PrometheusRule")],
    "keda.sh/v1alpha1": [("scaledobjects", "ScaledObject")],
}
KINDS = {(version, plural): kind for version, resources in RESOURCES.items() for plural, kind in resources}


def fields(data):
    """(number, value) of each field of a protobuf message: bytes, or a number."""
    def varint(at):
        value = shift = 0
        while True:
            byte = data[at]
            value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
            if byte < 0x80:
                return value, at

    at = 0
    while at < len(data):
        key, at = varint(at)
        value, at = varint(at)
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
        yield key >> 3, value


def secret(data):
    """A Secret as Helm's storage of releases sends it: Kubernetes' protobuf, in its envelope."""
    raw = dict(fields(data[4:]))[2]
    found = {"apiVersion": "v1", "kind": "Secret", "metadata": {"labels": {}}, "data": {}}
    for number, value in fields(raw):
        if number == 1:
            for part, content in fields(value):
                if part == 1:
                    found["metadata"]["name"] = content.decode()
                elif part == 11:
                    label = dict(fields(content))
                    found["metadata"]["labels"][label[1].decode()] = label.get(2, b"").decode()
        elif number == 2:
            entry = dict(fields(value))
            found["data"][entry[1].decode()] = base64.b64encode(entry.get(2, b"")).decode()
        elif number == 3:
            found["type"] = value.decode()
    return found


class Cluster:
    """The objects, every change to them in order, as (verb, kind, name), and the arguments of every job that was to run."""

    def __init__(self):
        self.objects, self.changes, self.ran, self.lock, self.revision = {}, [], [], threading.Lock(), 0
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                data = self.rfile.read(length)
                if self.command == "DELETE" or not data:
                    body = None
                else:
                    body = secret(data) if data.startswith(b"k8s\0") else yaml.safe_load(data)
                url = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                if query.get("watch") in ("1", "true"):
                    return self.watch(url.path, query)
                status, answer = cluster.respond(self.command, url.path, query, body, self.headers.get("Content-Type", ""))
                self.answer(status, answer)

            def watch(self, path, query):
                """Objects that come, change and go, one event a line, until the other side has heard enough."""
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                parts = path.strip("/").split("/")
                version, plural = (parts[1] if parts[0] == "api" else "/".join(parts[1:3])), parts[-1]

                def now():
                    with cluster.lock:
                        return {key: one for key, one in cluster.objects.items() if (key[0], key[2]) == (version, plural)}

                def send(kind, one):
                    self.wfile.write(json.dumps({"type": kind, "object": one}).encode() + b"\n")

                known = now()
                try:
                    if query.get("sendInitialEvents") == "true":
                        for one in known.values():
                            send("ADDED", one)
                        send("BOOKMARK", {"kind": KINDS[version, plural], "apiVersion": version, "metadata": {
                            "resourceVersion": str(cluster.revision), "annotations": {"k8s.io/initial-events-end": "true"}}})
                    for _ in range(600):
                        time.sleep(0.1)
                        current = now()
                        for key in known.keys() - current.keys():
                            send("DELETED", known[key])
                        for key, one in current.items():
                            if key not in known:
                                send("ADDED", one)
                            elif one["metadata"]["resourceVersion"] != known[key]["metadata"]["resourceVersion"]:
                                send("MODIFIED", one)
                        known = current
                except OSError:
                    pass

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def of(self, kind, name):
        return next((one for one in self.objects.values() if one["kind"] == kind and one["metadata"]["name"] == name), None)

    def respond(self, verb, path, query, body, content_type):
        parts = path.strip("/").split("/")
        if path == "/version":
            return 200, {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}
        if path == "/api":
            return 200, {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups = [version.split("/") for version in RESOURCES if "/" in version]
            return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": group, "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
                 "preferredVersion": {"groupVersion": f"{group}/{version}", "version": version}} for group, version in groups]}
        if parts[0] == "openapi":
            return self.openapi(parts[2:])
        version, rest = (parts[1], parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
        if not rest and version in RESOURCES:
            verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
            return 200, {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": [
                {"name": plural, "singularName": kind.lower(), "namespaced": True, "kind": kind, "verbs": verbs} for plural, kind in RESOURCES[version]]}
        if rest[:1] == ["namespaces"] and len(rest) >= 3:
            namespace, rest = rest[1], rest[2:]
        else:
            namespace = "telemetry"
        if not rest or (version, rest[0]) not in KINDS:
            return 404, self.failure(404, "NotFound", f"there is no {path}")
        with self.lock:
            return self.act(verb, version, namespace, rest[0], rest[1] if len(rest) > 1 else None, query, body)

    @staticmethod
    def openapi(parts):
        """That the server checks fields itself, so that Helm need not. (chart.py checks them.)"""
        prefix = {version: f"apis/{version}" if "/" in version else f"api/{version}" for version in RESOURCES}
        if not parts:
            return 200, {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in prefix.values()}}
        version = next(version for version, path in prefix.items() if path == "/".join(parts))
        group, number = version.split("/") if "/" in version else ("", version)
        return 200, {"openapi": "3.0.0", "info": {"title": "test", "version": "1"}, "paths": {
            f"/{plural}": {"patch": {
                "x-kubernetes-group-version-kind": {"group": group, "version": number, "kind": kind},
                "parameters": [{"name": "fieldValidation", "in": "query"}], "responses": {}}} for plural, kind in RESOURCES[version]}}

    def act(self, verb, version, namespace, plural, name, query, body):
        kind = KINDS[version, plural]
        if verb == "GET" and name is None:
            wanted = dict(part.split("=", 1) for part in query.get("labelSelector", "").split(",") if "=" in part)
            field = dict(part.split("=", 1) for part in query.get("fieldSelector", "").split(",") if "=" in part)
            found = [
                one for (v, _, p, n), one in self.objects.items() if (v, p) == (version, plural)
                and all(one["metadata"].get("labels", {}).get(key) == value for key, value in wanted.items())
                and field.get("metadata.name", n) == n]
            return 200, {"kind": f"{kind}List", "apiVersion": version, "metadata": {"resourceVersion": str(self.revision)}, "items": found}
        name = name or body["metadata"]["name"]
        key = (version, namespace, plural, name)
        old = self.objects.get(key)
        if verb == "POST" and old:
            return 409, self.failure(409, "AlreadyExists", f"{plural} \"{name}\" already exists")
        if verb in ("GET", "DELETE", "PUT") and not old:
            return 404, self.failure(404, "NotFound", f"{plural} \"{name}\" not found")
        if verb == "GET":
            return 200, old
        if verb == "DELETE":
            self.changes.append(("delete", kind, name))
            return 200, self.objects.pop(key)
        dry = query.get("dryRun") == "All"
        new = self.store(key, kind, version, namespace, old, body, dry)
        if not dry:
            self.changes.append(("change" if old else "create", kind, name))
        return (200 if old else 201), new

    def store(self, key, kind, version, namespace, old, body, dry):
        new = copy.deepcopy(body)
        self.revision += 1
        new.update(kind=kind, apiVersion=version)
        new["metadata"].update(
            namespace=namespace, resourceVersion=str(self.revision), uid=(old or {}).get("metadata", {}).get("uid", f"uid-{self.revision}"),
            creationTimestamp="2026-01-01T00:00:00Z", generation=1)
        if kind == "Job":
            if not dry:
                self.ran.append(new["spec"]["template"]["spec"]["containers"][0]["args"])
            new["status"] = {
                "succeeded": 1, "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:01Z",
                "conditions": [{"type": "Complete", "status": "True"}]}
        if not dry:
            self.objects[key] = new
        return new

    @staticmethod
    def failure(code, reason, message):
        return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message}
