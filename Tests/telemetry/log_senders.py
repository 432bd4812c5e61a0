"""Senders of logs talk to a running job that is killed meanwhile: what was acknowledged is there afterwards, once.

usage: log_senders.py SLOSCOUT_BINARY

JSON over HTTP and Loki's push by urllib, syslog by Python's own SysLogHandler over TCP and UDP. Also asks the job's health, and has promtool check
its metrics. Exit status 1 when a record is missing or comes twice.
"""

import json
import logging
import logging.handlers
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_job import Job, check, request, wait_until  # noqa: E402

JOB = """
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: logs }}
spec:
  checkpoint: {{ interval: 200ms, store: "{folder}/state" }}
  sources:
    pushed:
      type: loki
      onError: fail
      time: {{ maxOutOfOrder: 1m }}
      config: {{ listen: "127.0.0.1:{loki}", spool: "{folder}/spool" }}
    posted:
      type: http-logs
      onError: fail
      time: {{ maxOutOfOrder: 1m }}
      config: {{ listen: "127.0.0.1:{http}", spool: "{folder}/spool" }}
    logged:
      type: syslog
      onError: fail
      time: {{ maxOutOfOrder: 1m }}
      config: {{ listen: "127.0.0.1:{syslog}", spool: "{folder}/spool" }}
  sinks:
    out:
      type: file
      inputs: [pushed, posted, logged]
      config: {{ path: "{folder}/out" }}
"""


def push(job, kind, number):
    """One request, and whether it was acknowledged."""
    text = "%s %d, naïve ✓" % (kind, number)
    if kind == "loki":
        streams = {"streams": [{"stream": {"app": "shop", "level": "warn"}, "values": [[str(time.time_ns()), text, {"n": str(number)}]]}]}
        status, _ = request("http://127.0.0.1:%d/loki/api/v1/push" % job.loki, json.dumps(streams).encode())
    else:
        record = {"ts": time.time(), "level": "warn", "service": "shop", "msg": text, "n": number}
        status, _ = request("http://127.0.0.1:%d/ingest/logs" % job.http, json.dumps([record]).encode())
    return text, status in (200, 204)


class CountedHandler(logging.handlers.SysLogHandler):
    """SysLogHandler over TCP, each message with its length in front (RFC 6587)."""

    append_nul = False

    def emit(self, record):
        message = b"<%d>%s" % (self.encodePriority("user", "warning"), (self.ident + self.format(record)).encode())
        self.socket.sendall(b"%d %s" % (len(message), message))


def syslog(job, kind, texts):
    if kind == "tcp":
        handler = CountedHandler(("127.0.0.1", job.syslog), socktype=socket.SOCK_STREAM)
    else:
        handler = logging.handlers.SysLogHandler(("127.0.0.1", job.syslog), socktype=socket.SOCK_DGRAM)
    handler.ident = "shop: "
    logger = logging.getLogger("shop." + kind)
    logger.propagate = False
    logger.addHandler(handler)
    for text in texts:
        logger.warning(text)
    logger.removeHandler(handler)
    handler.close()


def run(binary, folder):
    job = Job(binary, JOB, folder, ports=("loki", "http", "syslog"))
    sent = {"loki": {}, "posted": {}, "udp": {}, "tcp": {}}
    for half in range(2):
        for number in range(half * 150, half * 150 + 150):
            for kind in ("loki", "posted"):
                text, acknowledged = push(job, kind, number)
                sent[kind][text] = acknowledged
            if half == 0 and number == 75:
                # In the middle of the stream: what was acknowledged stays.
                job.kill()
                job.start()
        for kind in ("udp", "tcp"):
            texts = ["%s %d of half %d" % (kind, number, half) for number in range(200)]
            syslog(job, kind, texts)
            sent[kind].update((text, True) for text in texts)
            # Syslog has no acknowledgement: what is in the output must stay there, once.
            wait_until("all of %s arrives" % kind, job.has(texts))
        if half == 0:
            job.kill()
            job.start()

    acknowledged = [text for texts in sent.values() for text, yes in texts.items() if yes]
    wait_until("all that was acknowledged arrives", job.has(acknowledged))
    for path in ("/health/live", "/health/ready"):
        status, text = job.ask(path)
        if status != 200:
            raise SystemExit("%s answers %d: %s" % (path, status, text))
    _, metrics = job.ask("/metrics")
    for name in ("sloscout_ingest_events_total", "sloscout_records_in_total", "sloscout_watermark_seconds", "sloscout_checkpoint_age_seconds",
                 "sloscout_spool_bytes", "sloscout_operator_busy_ratio"):
        if "\n%s" % name not in metrics:
            raise SystemExit("there is no metric %s in\n%s" % (name, metrics))
    promtool = shutil.which("promtool") or "/usr/bin/promtool"
    checked = subprocess.run([promtool, "check", "metrics"], input=metrics.encode(), capture_output=True)
    if checked.returncode != 0 or checked.stderr.strip():
        raise SystemExit("promtool: %s%s" % (checked.stdout.decode(), checked.stderr.decode()))
    print("%d metrics, and promtool has nothing to say" % sum(line[:1] not in ("#", "") for line in metrics.split("\n")))
    job.stop()

    rows = job.rows()
    for kind in sent:
        check(kind, sent[kind], [row["message"] for row in rows if row["message"].startswith(kind + " ")])
    for row in rows:
        if (row["service"], row["severity"]) != ("shop", "WARN"):
            raise SystemExit("a row is wrong: %s" % row)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        run(os.path.abspath(sys.argv[1]), folder)
    print("the senders of logs and the job agree")
