"""schemathesis reads /api/v1/openapi.json and sends what fits and what does not, always the same requests: nothing may surprise it.

usage: fuzz.py SLOSCOUT_BINARY POSTGRES_URL

Two rounds: about what does not exist, and about a job and an analysis that do. Exit status 1 when an answer is not as the document says.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contract import bearer, quiet
from control_server import Server, claim, database, traces
from hostile import token

SEED, EXAMPLES = "20260131", "6"
# A schema cannot say all: a document may be well formed and no job, a revision may be an old one.
SETTINGS = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 412, 422, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 422, 429]
"""


def run(server, key, folder, name, settings, *options):
    configuration = folder / f"{name}.toml"
    configuration.write_text(settings)
    log = folder / f"{name}.log"
    program = Path(sys.executable).with_name("st")
    address = f"http://127.0.0.1:{server.port}"
    with log.open("w") as out:
        done = subprocess.run(
            [program, "--config-file", configuration, "run", f"{address}/api/v1/openapi.json", "--url", address, "-H", f"Authorization: Bearer {key}",
             "-n", EXAMPLES, "--seed", SEED, "--phases", "examples,coverage,fuzzing", "--no-shrink", "--continue-on-failure", "--request-timeout", "20",
             *options], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, env={**os.environ, "NO_COLOR": "1"})
    claim(f"{name}: all answers are as the document says", done.returncode == 0, "\n" + log.read_text()[-6000:])
    print("    " + next((line.strip() for line in log.read_text().splitlines() if " generated" in line), ""), flush=True)


def main():
    binary, url = sys.argv[1:]
    own = database(url, "server_fuzz")
    key = token(binary, own, "fuzz", "admin")
    with tempfile.TemporaryDirectory(prefix="sloscout-fuzz-") as name:
        folder = Path(name)
        traces(folder / "traces.otlp.jsonl")
        server = Server(binary, own, "--telemetry", str(folder / "traces.otlp.jsonl"))
        run(server, key, folder, "what is not there", SETTINGS)
        text = quiet("fuzzed", folder)
        claim("a job is there", server.call("PUT", "/api/v1/jobs/fuzzed", text, **bearer(key))[0] == 201)
        body = json.dumps({"service_name": "payment"})
        for _ in range(100):
            status, analysis, _ = server.call("POST", "/api/v1/analyze", body, **bearer(key))
            if status == 202:
                break
            time.sleep(0.1)
        for _ in range(300):
            if server.call("GET", f"/api/v1/analyze/{analysis['job_id']}", **bearer(key))[1]["status"] == "completed":
                break
            time.sleep(0.1)
        run(server, key, folder, "what is there",
            SETTINGS + f'\n[parameters]\n"path.name" = "fuzzed"\n"path.id" = "{analysis["job_id"]}"\n"path.path" = "index.html"\n',
            "--exclude-method", "DELETE")
        claim("the server ends well after all that", server.stop() == 0)


if __name__ == "__main__":
    main()
