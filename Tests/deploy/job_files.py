"""The job files that the chart and the compose file mount: two collectors with one file, a broker, and the workers' job behind it.

usage: job_files.py SLOSCOUT KAFKA POSTGRES_URL

Log records go in over OTLP, by turns to both collectors; every one is in a capsule in the end, and no mail address is. The job behind is one that a server
follows, and runs over two workers, of which one is killed; a program without workers runs it in one process, and says so.
"""

import atexit
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from urllib.parse import urlsplit, urlunsplit

from charts import CHART, ROOT, claim

RECORDS = 200


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, condition, seconds=90):
    for _ in range(seconds * 10):
        if condition():
            return
        time.sleep(0.1)
    raise SystemExit(f"NOT OK: it did not happen that {what}")


def sql(url, text):
    return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url, "-c", text], check=True, capture_output=True, text=True).stdout.strip()


def body(number):
    record = {
        "timeUnixNano": str(time.time_ns()), "severityText": "ERROR", "severityNumber": 17, "body": {"stringValue": f"user number{number}@mail.example not found"}}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}, {"key": "deployment.environment.name", "value": {"stringValue": "prod"}}]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}).encode()


def post(port, data):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/logs", data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except OSError:
        return 0


def scrape(port):
    return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()


def shown_metrics():
    """What rules and dashboards ask for, but for what the rules themselves record (names with a colon)."""
    texts = [path.read_text() for path in [CHART / "rules.yaml", *sorted((CHART / "dashboards").glob("*.json"))]]
    return set(re.findall(r"(?<![\w:])sloscout_\w+(?![\w:])", "\n".join(texts)))


def main():
    sloscout, kafka, url = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    folder = tempfile.mkdtemp(prefix="job-files-")
    os.symlink(ROOT / "schemas", os.path.join(folder, "schemas"))
    sql(url, "DROP DATABASE IF EXISTS job_files WITH (FORCE)")
    sql(url, "CREATE DATABASE job_files")
    database = urlunsplit(urlsplit(url)._replace(path="/job_files"))
    # A topic of this test's own: the broker may be shared.
    topic = f"raw-telemetry-{os.getpid()}"
    knows_exchange = "exchange" in subprocess.run([sloscout, "schema"], capture_output=True, text=True).stdout
    for file in ["collectors.yaml", "workers.yaml"]:
        text = (CHART / "jobs" / file).read_text().replace("raw-telemetry", topic)
        if not knows_exchange:
            text = re.sub(r"^ +exchange: .*\n", "", text, flags=re.M)
        # A machine for tests has no room for 72 shards; the chart's number is chart.py's business.
        text = text.replace("partitions: 24", "partitions: 4")
        with open(os.path.join(folder, file), "w") as out:
            out.write(text)
    environment = {**os.environ, "KAFKA_BROKER": kafka, "DATABASE_URL": database}
    check = subprocess.run([sloscout, "check", "collectors.yaml"], cwd=folder, env=environment, capture_output=True, text=True)
    claim("the collectors' file is right", check.returncode == 0, check.stderr)
    check = subprocess.run([sloscout, "check", "workers.yaml"], cwd=folder, env=environment, capture_output=True, text=True)
    claim("the workers' file is right", check.returncode == 0, check.stderr)

    processes, ports = [], []
    for index in range(2):
        http, grpc, health = free_port(), free_port(), free_port()
        own = {"OTLP_HTTP": f"127.0.0.1:{http}", "OTLP_GRPC": f"127.0.0.1:{grpc}", "SPOOL": f"spool-{index}", "COLLECTOR_STATE": f"state-{index}"}
        with open(os.path.join(folder, f"collector-{index}.log"), "w") as log:
            processes.append(subprocess.Popen(
                [sloscout, "run", "collectors.yaml", f"--suffix=-{index}", f"--listen=127.0.0.1:{health}"], cwd=folder, env={**environment, **own}, stderr=log, stdout=log))
        ports.append((http, health))
    state = {"SLOSCOUT_STATE": os.path.join(folder, "state-fold")}
    if knows_exchange:
        # As the chart does it: the server follows a folder, and workers know no file. The chart writes brokers into the file, here they are a variable.
        os.mkdir(os.path.join(folder, "jobs"))
        os.rename(os.path.join(folder, "workers.yaml"), os.path.join(folder, "jobs", "workers.yaml"))
        with open(os.path.join(folder, "server.log"), "w") as log:
            processes.append(subprocess.Popen(
                [sloscout, "server", f"--port={free_port()}", "--jobs=jobs", "--allow-variable=KAFKA_BROKER"], cwd=folder, env={**environment, **state},
                stderr=log, stdout=log))
    for index in range(2 if knows_exchange else 1):
        words = ["worker", f"--as=worker-{index}", f"--listen=127.0.0.1:{free_port()}", "--allow-variable=KAFKA_BROKER"] if knows_exchange else ["run", "workers.yaml"]
        with open(os.path.join(folder, f"fold-{index}.log"), "w") as log:
            processes.append(subprocess.Popen([sloscout, *words], cwd=folder, env={**environment, **state}, stderr=log, stdout=log))
    for process in processes:
        atexit.register(process.kill)

    for number in range(RECORDS):
        wait_until("a collector takes a record", lambda: post(ports[number % 2][0], body(number)) == 200)
        if number == RECORDS // 2 and knows_exchange:
            killed = processes.pop()
            killed.kill()
            killed.wait()
    metrics = scrape(ports[1][1])
    claim("each collector's jobs have names of their own", 'job="collect-logs-1"' in metrics and 'job="collect-logs"' not in metrics, metrics[:500])
    # Watermarks and lags need records, which there are by now; checkpoints come every second.
    wait_until("a checkpoint was taken", lambda: "sloscout_checkpoint_age_seconds" in scrape(ports[0][1]))
    missing = shown_metrics() - set(re.findall(r"^(sloscout_\w+)", scrape(ports[0][1]), re.M))
    claim("every metric of the chart's rules and dashboards is one that processes show", not missing, missing)
    counted = "SELECT coalesce(sum(count), 0) FROM capsule_shape WHERE service = 'shop'"
    wait_until("the table is there", lambda: sql(database, "SELECT to_regclass('capsule_shape') IS NOT NULL") == "t")
    wait_until(f"{RECORDS} records are in capsules", lambda: sql(database, counted) == str(RECORDS))
    rows = sql(database, "SELECT template, samples FROM capsule_shape")
    claim("no mail address is in them", "@mail.example" not in rows, rows)
    claim("all are one template", sql(database, "SELECT count(DISTINCT template) FROM capsule_shape WHERE service = 'shop'") == "1")
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        claim("SIGTERM ends it well", process.wait(60) == 0, process.args)
    claim("and nothing was counted twice", sql(database, counted) == str(RECORDS), sql(database, counted))
    behind = "two workers, of which one was killed" if knows_exchange else "the workers' job in one process"
    print(f"ok: {RECORDS} records through two collectors, a broker and {behind}")
    if not knows_exchange:
        print("NOTE: this program does not know `exchange`: that line of the workers' file was left out")


main()
