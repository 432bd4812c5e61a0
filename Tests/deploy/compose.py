"""deploy/compose.yaml: read by docker-compose itself, and held to what its services must say. Nothing is started: no daemon is here.

usage: compose.py SLOSCOUT
"""

import os
import re
import subprocess
import sys

import yaml

from charts import ROOT, claim

FILE = ROOT / "deploy/compose.yaml"
SECRETS = {"POSTGRES_PASSWORD": "one", "S3_ACCESS_KEY": "two", "S3_SECRET_KEY": "three", "SLOSCOUT_ADMIN_TOKEN": "four"}


def config(**environment):
    return subprocess.run(
        ["docker-compose", "-f", str(FILE), "config"], capture_output=True, text=True, env={"PATH": os.environ["PATH"], "HOME": "/tmp", **environment})


def main():
    sloscout = sys.argv[1]
    for missing in SECRETS:
        claim(f"without {missing} nothing starts", config(**{key: value for key, value in SECRETS.items() if key != missing}).returncode != 0)
    read = config(**SECRETS)
    claim("docker-compose reads the file", read.returncode == 0, read.stderr)
    services = yaml.safe_load(read.stdout)["services"]
    claim("all parts are there", set(services) == {"postgres", "kafka", "objects", "token", "server", "collector", "worker"}, set(services))
    known = ""
    for command in (["server", "start"], ["server", "token", "create"], ["run"], ["worker", "start"]):
        known += subprocess.run([sloscout, "help", *command], capture_output=True, text=True).stdout
    has_workers = subprocess.run([sloscout, "help", "worker"], capture_output=True, text=True).stdout.find("USAGE: sloscout worker") >= 0
    for title, service in services.items():
        image = service["image"]
        claim(f"{title}: the image has a version", re.search(r":\d+\.\d+(\.\d+)?$", image), image)
        for port in service.get("ports", []):
            published = port if isinstance(port, str) else f"{port.get('host_ip', '')}:{port['published']}"
            claim(f"{title}: reached from this machine only", published.startswith("127.0.0.1:"), published)
        for other, condition in service.get("depends_on", {}).items():
            waited = condition["condition"]
            claim(f"{title}: {other} can be waited for", waited != "service_healthy" or "healthcheck" in services[other], waited)
        if not image.startswith("sloscout"):
            claim(f"{title}: its data outlive it, and its health is asked", service.get("volumes") and service.get("healthcheck"), service)
            continue
        claim(
            f"{title}: can do nothing that it need not",
            service["read_only"] and service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"] and service["user"] == "65532:65532")
        for word in service["command"]:
            option = word.split("=")[0]
            if option.startswith("--") and (has_workers or service["command"][0] != "worker"):
                claim(f"{title}: sloscout knows {option}", re.search(re.escape(option) + r"\b", known))
        for path in [word.removeprefix("--jobs=") for word in service["command"] if word.removeprefix("--jobs=").startswith("/etc/sloscout/")]:
            file = ROOT / "deploy/helm/sloscout/jobs" / os.path.basename(path)
            claim(f"{title}: {path} is there", file.exists())
            for variable in re.findall(r"\$\{(\w+):-", file.read_text()):
                claim(f"{title}: {variable} is set", variable in service["environment"], service["environment"])
    commands = {title: services[title]["command"] for title in ("server", "worker")}
    claim("the server follows a job file, and workers the server", "--jobs=/etc/sloscout/workers.yaml" in commands["server"]
          and all(word.startswith("--") for word in commands["worker"][1:]), commands)
    allowed = [{word for word in words if word.startswith("--allow-variable")} for words in commands.values()]
    claim("documents may read the same of both", allowed[0] == allowed[1] == {"--allow-variable=KAFKA_BROKER"}, allowed)
    print(f"ok: docker-compose reads {len(services)} services")
    if not has_workers:
        print("NOTE: this program has no command `worker`: its options in the compose file were not checked")


main()
