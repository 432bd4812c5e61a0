"""Log records of megabytes go through a topic that keeps long values elsewhere, past kills of the job: each arrives whole, and is stored once.

usage: long_values.py SLOSCOUT_BINARY [S3_ENDPOINT]

With an endpoint (scripts/s3.sh start prints one) the values are kept in a bucket of it, else in a folder. Exit status 1 when a record is missing, differs
or comes twice.
"""

import glob
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "s3"))
from running_job import Job, check, request, through_topic  # noqa: E402
from s3 import ACCESS_KEY, SECRET_KEY  # noqa: E402

JOB = through_topic(
    """{{ type: http-logs, onError: fail, time: {{ maxOutOfOrder: 1m }}, config: {{ listen: "127.0.0.1:{port}", spool: "{folder}/spool" }} }}""",
    "service", "message: string").replace('topics" }} }}', 'topics", oversized: {{ store: "{store}", s3: {{ {s3} }} }} }} }}')


def text(number):
    """Short ones, some of about the limit, and long ones; two of each."""
    return "%d %s" % (number // 2, "naïve ✓ " * [1, 10_000, 11_000, 150_000][number // 2 % 4])


def main(binary, folder, endpoint):
    store, s3 = os.path.join(folder, "values"), ""
    if endpoint:
        store = "s3://sloscout/%d" % os.getpid()
        s3 = 'endpoint: "%s", accessKey: %s, secretKey: %s' % (endpoint, ACCESS_KEY, SECRET_KEY)
    job = Job(binary, JOB, folder, store=store, s3=s3)
    sent = {}
    for number in range(40):
        if number in (15, 30):
            job.kill()
            job.start()
        record = text(number) + str(number % 2)
        body = json.dumps([{"msg": record, "service": "shop", "level": "info"}]).encode()
        sent[record] = request("http://127.0.0.1:%d/ingest/logs" % job.port, body)[0] == 200
    job.wait_for(lambda rows: len(rows) >= sum(sent.values()))
    job.stop()
    check("long values", sent, [row["message"] for row in job.rows()])
    segments = sum(os.path.getsize(path) for path in glob.glob(os.path.join(folder, "topics", "**"), recursive=True) if os.path.isfile(path))
    long = {record for record in sent if len(record.encode()) > 105_000}
    print("%d bytes of records, %d bytes of the topic, %d long values" % (sum(len(record.encode()) for record in sent), segments, len(long)))
    if segments > 4 << 20:
        raise SystemExit("the topic has the long values")
    if not endpoint and len(os.listdir(os.path.join(store, "values"))) < len(long):
        raise SystemExit("values are missing in the store: %s" % os.listdir(store))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(os.path.abspath(sys.argv[1]), folder, sys.argv[2] if len(sys.argv) > 2 else None)
    print("long values come back whole")
