"""Placement and rebalancing at a size that nobody runs here: 1,000 workers, 10,000 partitions, simulated; and what leases ask of a real PostgreSQL.

usage: placement.py [--small] [POSTGRES_URL]

The same numbers on every run, but for those of PostgreSQL. docs/scale.md quotes them, and docs.py compares. --small is a tenth of it.
What is modelled: rendezvous hashing of units to workers, free, with room for a quarter more than the mean, and with room for the mean rounded up, as the
engine does it (Dataflow/Placement); leases with a TTL of 6 s, renewed and looked for every half second, as the engine has them, and slower ones; time is the
database's.
"""

import heapq
import random
import subprocess
import sys
import time

MASK = (1 << 64) - 1
# Seconds: the engine's, and the ones of the first design.
ENGINE = (6.0, 0.5, 0.5)
SLOW = (10.0, 3.0, 3.0)


def mix(value):
    """splitmix64: a good hash of a number."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


class Placement:
    """Every unit ranks workers by a hash of the pair and goes to the first; with a bound, to the first that has room."""

    def __init__(self, units, workers):
        self.units = [mix(unit) for unit in range(units)]
        self.workers = {worker: mix(worker + (1 << 40)) for worker in workers}
        self.ranks = {}

    def rank(self, unit, workers):
        """The best few workers of a unit, the best first."""
        key, hashes = self.units[unit], self.workers
        return heapq.nlargest(24, workers, key=lambda worker: mix(key ^ hashes[worker]))

    def prepare(self, universe):
        for unit in range(len(self.units)):
            self.ranks[unit] = self.rank(unit, universe)

    def owners(self, live, bound=None):
        live = set(live)
        load = dict.fromkeys(live, 0)
        limit = None if bound is None else -(-len(self.units) * bound // len(live))
        owners = []
        for unit in range(len(self.units)):
            ranked = [worker for worker in self.ranks[unit] if worker in live]
            owner = next((worker for worker in ranked if limit is None or load[worker] < limit), None)
            if owner is None:
                # All of the best few are full: the next with room, which takes a longer list.
                owner = next(worker for worker in sorted(live, key=lambda w: mix(self.units[unit] ^ self.workers[w]), reverse=True) if load[worker] < limit)
            load[owner] += 1
            owners.append(owner)
        return owners, load


def moved(before, after):
    return sum(1 for old, new in zip(before, after) if old != new)


def balance(units, workers):
    universe = list(range(workers + workers // 10))
    live = universe[:workers]
    placement = Placement(units, universe)
    placement.prepare(universe)
    print(f"{units} units on {workers} workers: {units / workers:.1f} each on average")
    for title, bound in [("rendezvous", None), ("rendezvous, at most 1.25 of the mean", 1.25), ("rendezvous, at most the mean rounded up", 1)]:
        owners, load = placement.owners(live, bound)
        joined, _ = placement.owners(universe[: workers + 1], bound)
        left, _ = placement.owners(live[1:], bound)
        tenth, _ = placement.owners(universe, bound)
        third = [worker for worker in live if worker % 3]
        zone, _ = placement.owners(third, bound)
        loads = sorted(load.values())
        mean = units / workers
        print(f"{title}:")
        print(f"  busiest {loads[-1]} units ({loads[-1] / mean:.2f} of the mean), idlest {loads[0]}, half have {loads[len(loads) // 2]} or fewer")
        print(
            f"  moves: one joins {moved(owners, joined)}, one leaves {moved(owners, left)}, a tenth more {moved(owners, tenth)}"
            f" (the newcomers' share is {units - units * workers // (workers + workers // 10)}), a third leaves {moved(owners, zone)}")
    modulo = sum(1 for unit in range(units) if unit % workers != unit % (workers + 1))
    print(f"unit modulo workers, for comparison: one joins {modulo}")
    return placement.owners(live, 1)[0]


def percentiles(values):
    values = sorted(values)
    return f"half {values[len(values) // 2]:.1f} s, 99 % {values[int(len(values) * 0.99)]:.1f} s, all {values[-1]:.1f} s"


def failover(owners, workers, title, dead, times, seed=1):
    """From the death of workers to the claim of each of their units: leases run out, and then the next owner looks. Restoring state comes on top."""
    ttl, renew, scan = times
    chance = random.Random(seed)
    phase = [chance.random() * renew for _ in range(workers)]
    look = [chance.random() * scan for _ in range(workers)]
    survivors = [worker for worker in range(workers) if worker not in dead]
    death = 100.0
    waits = []
    for owner in owners:
        if owner not in dead:
            continue
        last = death - (death - phase[owner]) % renew
        free = last + ttl
        heir = chance.choice(survivors)
        claimed = free + (look[heir] - free) % scan
        waits.append(claimed - death)
    print(f"{title}: {len(waits)} units, claimed after: {percentiles(waits)}; at most {max(count_in(waits, 1.0)):.0f} claims in a second")


def count_in(times, window):
    counts = {}
    for at in times:
        counts[int(at // window)] = counts.get(int(at // window), 0) + 1
    return counts.values()


def planned(scan, seed=2, moves=10_000):
    """The pause of a planned move: the old owner has released, and the new one looks."""
    chance = random.Random(seed)
    return percentiles([chance.random() * scan for _ in range(moves)])


def database(units, stages, workers, times):
    """What the leases ask of the database: each worker renews its own in a statement, and sees all of them to know what is free."""
    leases = units * stages
    print(
        f"{leases} leases, renewed every {times[1]:g} s: {leases / times[1]:.0f} rows written a second in {workers / times[1]:.0f} statements;"
        f" {workers * leases / times[2] / 1e6:.1f} million rows read a second when every worker looks at all")
    print(f"each worker: {workers * leases / times[2] / 1e6:.0f} million hashes a second, when it places all units anew each time")


def postgres(url, units, workers):
    """How much of a PostgreSQL the renewals of that many leases take: one statement renews all leases of a worker."""
    def sql(text):
        return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url], input=text, check=True, capture_output=True, text=True).stdout

    each = units // workers
    sql(f"""
        DROP TABLE IF EXISTS placement_lease;
        CREATE TABLE placement_lease (
          job text, stage int, shard int, owner text, generation bigint, expires_at timestamptz, PRIMARY KEY (job, stage, shard)) WITH (fillfactor = 50);
        CREATE INDEX ON placement_lease (owner);
        INSERT INTO placement_lease SELECT 'job', 0, i, 'worker-' || i % {workers}, 1, now() FROM generate_series(1, {units}) i;
        ANALYZE placement_lease;""")
    statements = 3000
    begin = time.monotonic()
    sql("".join(
        f"UPDATE placement_lease SET expires_at = now() + interval '10 s' WHERE owner = 'worker-{i % workers}' AND generation = 1;\n" for i in range(statements)))
    took = time.monotonic() - begin
    sql("DROP TABLE placement_lease")
    print(f"one connection renews {statements / took:.0f} times {each} leases a second: {statements * each / took:.0f} rows a second, each waiting for the disk")


def main():
    small = "--small" in sys.argv
    urls = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    units, workers = (1000, 100) if small else (10_000, 1_000)
    owners = balance(units, workers)
    third = {worker for worker in range(workers) if worker % 3 == 0}
    for times in (ENGINE, SLOW):
        print(f"leases with a TTL of {times[0]:g} s, renewed every {times[1]:g} s, looked for every {times[2]:g} s:")
        failover(owners, workers, "  one worker dies", {7}, times)
        failover(owners, workers, "  a third dies at once", third, times)
        print(f"  planned moves, from the release to the claim: {planned(times[2])}")
    database(units, 2, workers, ENGINE)
    if urls:
        postgres(urls[0], units, workers)


main()
