"""Thousands of connections that say nothing, and some that say little: an honest sender is served all the same, and they are cut off.

usage: idle_connections.py SLOSCOUT_BINARY [CONNECTIONS]

CONNECTIONS (5000) for HTTP and as many for gRPC, and 50 slow ones to each, to a running job. Prints its figures. Exit status 1 when a request is not
served, a connection is not cut, or memory is not bounded.
"""

import asyncio
import json
import logging
import os
import resource
import sys
import tempfile
import time

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running_job import Job, request  # noqa: E402

JOB = """
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: idle }}
spec:
  checkpoint: {{ interval: 1s, store: "{folder}/state" }}
  sources:
    telemetry:
      type: otlp
      onError: fail
      time: {{ maxOutOfOrder: 1m }}
      config: {{ listen: "127.0.0.1:{http}", grpc: "127.0.0.1:{grpc}", spool: "{folder}/spool", idleTimeout: 20s, requestTimeout: 20s }}
  sinks:
    out: {{ type: file, inputs: [telemetry], config: {{ path: "{folder}/out" }} }}
"""

SLOW = 50
HTTP = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
# What begins a connection of HTTP/2, and a frame that does not end.
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]) + bytes([0, 16, 0, 1, 4, 0, 0, 0, 1])
# How much a connection may cost; of 5,000 that is 200 MiB.
BYTES_PER_CONNECTION = 40 << 10


def resident(job):
    with open("/proc/%d/status" % job.process.pid) as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) << 10


async def until_cut(reader, writer, cut):
    """Waits for the other side to end a connection, and notes when it does."""
    try:
        while await reader.read(4096):
            pass
    except OSError:
        pass
    cut.append(time.monotonic())
    writer.close()


async def slow(port, begin, cut):
    """Sends the beginning of a request, and then a byte a second for as long as it may."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begin)
    end = asyncio.ensure_future(reader.read())
    try:
        while not end.done():
            writer.write(b"[")
            await writer.drain()
            await asyncio.wait([end], timeout=1)
    except OSError:
        pass
    end.cancel()
    cut.append(time.monotonic())
    writer.close()


def honest(job, number, logger, results):
    """A record over each protocol, and whether both were acknowledged."""
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": str(time.time_ns()), "body": {"stringValue": "http %d" % number}}]}]}]}
    status, _ = request("http://127.0.0.1:%d/v1/logs" % job.http, json.dumps(body).encode())
    logger.handle(logger.makeRecord("honest", 30, "", 0, "grpc %d" % number, (), None))
    if status != 200 or results[-1].name != "SUCCESS":
        raise SystemExit("an honest sender was not served: %s, %s" % (status, results[-1]))


async def run(binary, folder, count):
    job = Job(binary, JOB, folder, ports=("http", "grpc"))
    exporter, results = OTLPLogExporter(endpoint="127.0.0.1:%d" % job.grpc, insecure=True, timeout=10), []
    original = exporter.export
    exporter.export = lambda batch: results.append(original(batch)) or results[-1]
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = logging.getLogger("honest")
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=provider))
    await asyncio.to_thread(honest, job, 0, logger, results)
    before, begin, cut, slow_cut = resident(job), time.monotonic(), [], []
    tasks = []
    for port, first in ((job.http, HTTP), (job.grpc, HTTP2)):
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            tasks.append(asyncio.ensure_future(until_cut(reader, writer, cut)))
        tasks += [asyncio.ensure_future(slow(port, first, slow_cut)) for _ in range(SLOW)]
    connected, early = time.monotonic() - begin, len(cut)
    await asyncio.to_thread(honest, job, 1, logger, results)
    served, open_then, held = time.monotonic() - begin, 2 * count - len(cut), resident(job) - before
    done, waiting = await asyncio.wait(tasks, timeout=120)
    await asyncio.to_thread(honest, job, 2, logger, results)
    after = resident(job) - before
    for task in done:
        task.result()
    print("%d idle and %d slow connections in %.1f s, %d of them cut by then; an honest sender was served at %.1f s, with %d idle ones open" % (
        2 * count, 2 * SLOW, connected, early, served, open_then))
    print("memory: %d MiB before, %d MiB more with them, %d MiB more when they were gone" % (before >> 20, held >> 20, after >> 20))
    print("idle ones were cut until %.1f s, slow ones until %.1f s" % (max(cut, default=begin) - begin, max(slow_cut, default=begin) - begin))
    if open_then < count:
        raise SystemExit("too few connections were open at a time to say anything")
    if waiting or len(cut) != 2 * count or len(slow_cut) != 2 * SLOW:
        raise SystemExit("%d idle and %d slow connections were cut, %d were not" % (len(cut), len(slow_cut), len(waiting)))
    if held > 2 * (count + SLOW) * BYTES_PER_CONNECTION:
        raise SystemExit("connections cost %d bytes each" % (held / (2 * (count + SLOW))))
    job.wait_for(lambda rows: len(rows) >= 6)
    job.stop()


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    # Every connection is an open file, here and there.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(os.path.abspath(sys.argv[1]), folder, count))
    print("idle and slow connections keep nobody from being served")
