"""How many lines a second Drain3 takes, with its defaults, on one thread: what `sloscout bench text` is compared with.

usage: drain3_rate.py FILE [SECONDS]

Prints one JSON line. The first pass over the file builds its tree and is not counted, as the first pass of our own is not.
"""

import json
import logging
import sys
import time

from drain3 import TemplateMiner

logging.disable(logging.CRITICAL)
path = sys.argv[1]
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3.0
lines = [line for line in open(path, encoding="utf-8", errors="replace").read().split("\n") if line]
miner = TemplateMiner()
for line in lines:
    miner.add_log_message(line)
done = 0
start = time.process_time()
while done == 0 or time.process_time() - start < seconds:
    for line in lines:
        miner.add_log_message(line)
    done += len(lines)
used = time.process_time() - start
print(json.dumps({"lines": len(lines), "lines_per_cpu_second": round(done / used), "ns_per_line": round(used * 1e9 / done, 1)}))
