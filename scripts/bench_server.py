#!/usr/bin/env python3
"""Figures of the control server: start, memory, reads beside a job, slow clients. Reports, and judges nothing.

usage: bench_server.py SLOSCOUT_BINARY POSTGRES_URL [--seconds N] [--connections N] [--rate N]

Empty databases of its own are made and dropped. Latencies are what a client sees on this machine: one Python process with 200 connections that asks at
fixed times, however late the answers are. CPU seconds per record are told twice: those of the threads that run the job, and the whole process's, what
the reads themselves cost included. Both without reads, with reads, and while another server on the same machine is read: what the job loses by that is the
company's doing, clients included, and not the server's. Needs psql, and wrk for the slow clients.
"""

import argparse
import asyncio
import atexit
import http.client
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

CLIENTS = 200
DATABASES = ("bench_server", "bench_server_other")
KINDS = ("without reads", "with reads", "while another server is read")
#: Forth and back: a drift is no difference.
TURNS = (KINDS + KINDS[::-1]) * 2
TICK = os.sysconf("SC_CLK_TCK")


def sql(url, text):
    subprocess.run(["psql", "-XqAt", url, "-c", text], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Server:
    def __init__(self, binary, url, folder):
        # A port of its own, known before: what is measured begins before the server says one.
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [binary, "server", "--port", str(self.port)], env={**os.environ, "DATABASE_URL": url, "SLOSCOUT_STATE": str(folder)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        while True:
            try:
                if self.call("GET", "/health/ready")[0] == 200:
                    break
            except OSError:
                pass
            time.sleep(0.001)
        self.start = time.monotonic() - begin

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read().decode()

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def threads(self):
        """CPU seconds of every thread."""
        return {stat.parent.name: int(stat.read_text().split()[0]) / 1e9 for stat in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")}

    def resident(self):
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def records(self):
        return sum(float(line.split()[-1]) for line in self.call("GET", "/metrics")[1].splitlines() if line.startswith("sloscout_ingest_events_total"))

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


async def reads(port, rate, seconds, path="/api/v1/jobs"):
    """Asks at fixed times over kept connections. Latencies in ms, from when a request was due."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    latencies, failed = [], 0
    begin = time.monotonic() + 0.5

    async def client(number):
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in range(int(rate * seconds / CLIENTS)):
            due = begin + (turn * CLIENTS + number) / rate
            await asyncio.sleep(max(0, due - time.monotonic()))
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"(?i)content-length: (\d+)", head)[1]))
            failed += b" 200 " not in head.split(b"\r\n", 1)[0]
            latencies.append((time.monotonic() - due) * 1000)
        writer.close()

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return sorted(latencies), failed


def share(latencies, part):
    return latencies[min(len(latencies) - 1, int(len(latencies) * part))]


def job(folder):
    return f"""
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: busy }}
spec:
  parallelism: 1
  checkpoint: {{ interval: 5s, store: "{folder}" }}
  sources:
    telemetry: {{ type: generate, onError: drop, config: {{ records: 1000000000, rate: 100000, format: json }} }}
  operators:
    redacted: {{ type: redact-pii, inputs: [telemetry] }}
  sinks:
    nowhere: {{ type: discard, delivery: live, inputs: [redacted] }}
"""


def slow_clients(server, count):
    """Connections that send the beginning of a head and then a byte now and then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 500)), hard))
    found = []
    for _ in range(count):
        one = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        one.sendall(b"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        found.append(one)
    return found


def wrk(port, seconds):
    out = subprocess.run(
        ["wrk", "-t1", "-c20", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}/api/v1/jobs"], capture_output=True, text=True, check=True).stdout
    return {part: re.search(rf"\s{part}%\s+(\S+)", out)[1] for part in (50, 99)}, re.search(r"Requests/sec:\s+(\S+)", out)[1]


def main():
    arguments = argparse.ArgumentParser(usage=__doc__)
    arguments.add_argument("binary")
    arguments.add_argument("postgres")
    arguments.add_argument("--seconds", type=int, default=10)
    arguments.add_argument("--connections", type=int, default=5000)
    arguments.add_argument("--rate", type=int, default=500)
    options = arguments.parse_args()
    url, other_url = (urlunsplit(urlsplit(options.postgres)._replace(path=f"/{name}")) for name in DATABASES)
    for name in DATABASES:
        sql(options.postgres, f"DROP DATABASE IF EXISTS {name}")
        sql(options.postgres, f"CREATE DATABASE {name}")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory(prefix="sloscout-bench-") as name:
        folder = Path(name)
        first = Server(options.binary, url, folder)
        print(f"start to ready, tables made: {first.start * 1000:.0f} ms", flush=True)
        first.stop()
        starts = []
        for _ in range(11):
            server = Server(options.binary, url, folder)
            starts.append(server.start * 1000)
            if len(starts) < 11:
                server.stop()
        print(f"start to ready: median {statistics.median(starts):.0f} ms, longest {max(starts):.0f} ms of {len(starts)}", flush=True)
        time.sleep(2)
        print(f"memory when idle: {server.resident():.0f} MB resident", flush=True)

        latencies, failed = asyncio.run(reads(server.port, options.rate, options.seconds))
        print(f"{options.rate} reads a second, idle server: p50 {share(latencies, 0.5):.1f}, p95 {share(latencies, 0.95):.1f}, "
              f"p99 {share(latencies, 0.99):.1f} ms; {failed} of {len(latencies)} failed", flush=True)
        status, text = server.call("PUT", "/api/v1/jobs/busy", job(folder / "state"))
        assert status == 201, text
        time.sleep(5)
        other = Server(options.binary, other_url, folder / "other")
        costs, own = {turn: [] for turn in TURNS}, {turn: [] for turn in TURNS}
        beside, runners = [], None
        for turn in TURNS:
            cpu, count, threads = server.cpu(), server.records(), server.threads()
            if turn == "without reads":
                time.sleep(options.seconds + 0.5)
            else:
                latencies, failed = asyncio.run(reads((server if turn == "with reads" else other).port, options.rate, options.seconds))
                beside += latencies if turn == "with reads" else []
            spent, count = server.cpu() - cpu, server.records() - count
            spent_by = {name: seconds - threads.get(name, 0) for name, seconds in server.threads().items()}
            # Without reads, what works is the job.
            runners = runners or [name for name, seconds in spent_by.items() if seconds > spent / 5]
            costs[turn].append(spent / count * 1e6)
            own[turn].append(sum(spent_by[name] for name in runners) / count * 1e6)
        beside.sort()
        print(f"{options.rate} reads a second beside a job of 100,000 records a second: p50 {share(beside, 0.5):.1f}, p95 {share(beside, 0.95):.1f}, "
              f"p99 {share(beside, 0.99):.1f} ms", flush=True)
        for name, found in (("of the job's threads", own), ("of the whole process", costs)):
            quiet = statistics.mean(found["without reads"])
            for turn, each in found.items():
                print(f"CPU per record {name} {turn}: {statistics.mean(each):.3f} µs ({', '.join(f'{one:.3f}' for one in each)}), "
                      f"{100 * (statistics.mean(each) / quiet - 1):+.1f} %", flush=True)
        other.stop()
        server.call("POST", "/api/v1/jobs/busy/stop")

        before, _ = wrk(server.port, options.seconds)
        connections = slow_clients(server, options.connections)
        with_slow, rate = wrk(server.port, options.seconds)
        print(f"wrk, 20 clients without a pause: p99 {before[99]}; with {len(connections)} slow connections p99 {with_slow[99]}, {rate} requests a second; "
              f"{server.resident():.0f} MB resident", flush=True)
        for one in connections:
            one.close()
        server.stop()
    for name in DATABASES:
        sql(options.postgres, f"DROP DATABASE {name}")


if __name__ == "__main__":
    main()
