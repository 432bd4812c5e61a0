#!/usr/bin/env bash
# Figures of this machine (make bench): the shipped fingerprint job on one and two threads, keyed as other engines are measured and as the product does.
#
#   scripts/bench.sh
#
# Environment:
#   EVENTS=5000000   lines of input          RUNS=3          runs of each row; the one with the median rate is shown
#   KEYS=10000000    keys of the state benchmark
#   PEERS=FOLDER     the peers' benchmark (../shared/bench/peers): its generator makes the input, its C program is the limit
#   FLINK=1          Flink in the same run (needs the peers' benchmark; installs a JDK and Flink on first use)
#   LOGHUB=FOLDER    labelled logs (../shared/data/loghub): the lines that scanning is measured on, and Drain3 on the same
#
# Without the peers' benchmark the built-in shop makes the input, and there is no limit to compare with. Without labelled logs the messages of the
# shop are scanned. Needs python3; Drain3 is installed into .bench/venv on first use.
# The input is kept in .bench. Counts that differ from what the generator wrote down fail the run. How to read it: docs/benchmarks.md.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in "") ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

cd "$root"
events=${EVENTS:-5000000}
runs=${RUNS:-3}
peers=${PEERS:-$root/../shared/bench/peers}
[ -f "$peers/gen_logs.py" ] || peers=
scripts/setup.sh
command -v python3 >/dev/null || { echo "$program: python3 is missing: apt-get install -y python3" >&2; exit 3; }
scripts/build.sh --program

bench=$root/.bench
mkdir -p "$bench"
export PEERS_DIR=$bench/peers
input=$bench/$([ -n "$peers" ] && echo peers || echo shop)-$events.jsonl
if [ ! -s "$input" ] || [ ! -s "$input.meta.json" ]; then
  echo "making $events lines of input: $input"
  rm -f "$input"
  if [ -n "$peers" ]; then
    PYTHONDONTWRITEBYTECODE=1 python3 "$peers/gen_logs.py" -n "$events" -o "$input" >/dev/null
  else
    "$sloscout" generate --records "$events" --output "$input"
  fi
fi

results=$bench/results.txt
: >"$results"
# Into the page cache: files are read, and the disk is not what is measured.
warm() { cat "$input" >/dev/null; }

if [ -n "$peers" ] && [ "$(uname -m)" = x86_64 ]; then
  echo "the C limit"
  compiler=$(command -v gcc || command -v clang)
  mkdir -p "$PEERS_DIR/out"
  "$compiler" -O3 -march=native -w -o "$PEERS_DIR/limit" "$peers/limit/limit_fingerprint.c"
  warm
  for ((i = 0; i < runs; i++)); do echo "limit $("$PEERS_DIR/limit" "$input" "$PEERS_DIR/out" 4 0)" >>"$results"; done
fi

for key in shape capsule; do
  for threads in 1 2; do
    echo "sloscout, keyed by $key, $threads thread$([ "$threads" = 1 ] || echo s)"
    warm
    for ((i = 0; i < runs; i++)); do
      echo "ours $(limited 20 "a measurement" "$sloscout" bench fingerprint --input "$input" --threads "$threads" --key "$key")" >>"$results"
    done
  done
done

if [ "${FLINK:-}" = 1 ]; then
  [ -n "$peers" ] || die "FLINK=1 needs the peers' benchmark: set PEERS to its folder"
  for parallelism in 1 2; do
    echo "Flink, parallelism $parallelism (this takes minutes)"
    echo "flink $parallelism $(limited 60 "Flink" bash "$peers/run_flink_fingerprint.sh" "$input" "$parallelism" 2>>"$bench/flink.log" | tail -n 1)" >>"$results"
  done
fi

python3 - "$results" "$input" "$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(uname -m), $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)" <<'PYTHON'
import collections, json, os, re, sys

results, source, machine = sys.argv[1:]
meta = json.load(open(source + ".meta.json"))
want = {"counted": meta["accepted"], "late": meta.get("late_dropped", meta.get("late")), "errors": meta.get("malformed", meta.get("broken"))}
rows, wrong, notes = collections.OrderedDict(), [], []


def number(text, name):
    return float(re.search(name + r"=([0-9.]+)", text).group(1))


for line in open(results):
    kind, rest = line.split(" ", 1)
    if kind == "ours":
        run = json.loads(rest)
        name = ("sloscout", run["key"], run["threads"])
        figures = dict(rate=run["events_per_second"], cpu=run["cpu_seconds"] * 1e9 / max(1, run["events"]), rss=run["max_rss_bytes"] / 1e6,
                       first=run["first_result_seconds"], pause=run["max_pause_ms"])
        got = {field: run[field] for field in want}
        if got != want:
            wrong.append("sloscout, %s, %d threads: %s, not %s" % (run["key"], run["threads"], got, want))
    elif kind == "limit":
        name = ("C limit", "shape", 1)
        figures = dict(rate=number(rest, "events_per_s"), cpu=number(rest, "cpu_s") * 1e9 / number(rest, "events"))
    else:
        parallelism, rest = rest.split(" ", 1)
        name = ("Flink", "shape", int(parallelism))
        figures = dict(rate=number(rest, "events_per_s"), cpu=number(rest, "cpu_us_per_event") * 1e3, rss=number(rest, "maxrss_mb"))
        if "check=OK" not in rest:
            notes.append("Flink's own counts differ from the generator's: " + rest.strip())
    rows.setdefault(name, []).append(figures)

print("\n%s\n%d events, %d MB, %s\n" % (machine, meta["events"] if "events" in meta else meta["records"], os.path.getsize(source) / 1e6, os.path.basename(source)))
print("| what | key | threads | events/s | of the C limit | CPU ns/event | RSS MB | first result s | max pause ms |")
print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
chosen = {name: sorted(runs, key=lambda run: run["rate"])[(len(runs) - 1) // 2] for name, runs in rows.items()}
limit = chosen.get(("C limit", "shape", 1))
for (what, key, threads), row in chosen.items():
    share = "%.0f %%" % (100 * row["rate"] / limit["rate"]) if limit else ""
    cells = ["%.0f" % row[field] if field in row else "" for field in ("cpu", "rss")] + ["%.3f" % row[field] if field in row else "" for field in ("first", "pause")]
    print("| %s | %s | %d | %s | %s | %s |" % (what, key, threads, format(int(row["rate"]), ",").replace(",", " "), share, " | ".join(cells)))
for threads in (1, 2):
    flink, ours = chosen.get(("Flink", "shape", threads)), chosen.get(("sloscout", "shape", threads))
    if flink and ours:
        print("\n%d thread%s: %.0f times Flink" % (threads, "" if threads == 1 else "s", ours["rate"] / flink["rate"]))
for line in notes:
    print("\n" + line)
for line in wrong:
    print("\nWRONG COUNTS: " + line)
sys.exit(1 if wrong else 0)
PYTHON

loghub=${LOGHUB:-$root/../shared/data/loghub}
messages=$bench/messages.txt
python3 - "$loghub" "$input" "$messages" <<'PYTHON'
import glob, json, sys

folder, telemetry, target = sys.argv[1:]
files = sorted(glob.glob(folder + "/*.jsonl"))
with open(target, "w", encoding="utf-8") as out:
    if files:
        # A line of each system in turn: caches see the mix, not one system after the other.
        for lines in zip(*([json.loads(row)["line"] for row in open(path, encoding="utf-8")] for path in files)):
            for line in lines:
                print(line.replace("\n", " "), file=out)
    else:
        for number, row in zip(range(16000), open(telemetry, encoding="utf-8", errors="replace")):
            try:
                print(json.loads(row)["message"].replace("\n", " "), file=out)
            except (ValueError, KeyError):
                pass
PYTHON
echo
echo "scanning, redacting and template look-up of $([ -d "$loghub" ] && echo "the loghub mix" || echo "the shop's messages"), one thread: sloscout bench text"
ours=$(limited 5 "a measurement" "$sloscout" bench text --input "$messages")
echo "$ours"
[ -x "$bench/venv/bin/python" ] || python3 -m venv "$bench/venv"
"$bench/venv/bin/python" -c 'import drain3' 2>/dev/null || "$bench/venv/bin/pip" install --quiet drain3==0.9.11
drain3=$(limited 5 "Drain3" "$bench/venv/bin/python" scripts/drain3_rate.py "$messages")
echo "Drain3 $drain3"
python3 -c 'import json, sys; a, b = (json.loads(text)["lines_per_cpu_second"] for text in sys.argv[1:]); print("%.1f times Drain3, which neither redacts nor keeps its ids" % (a / b))' "$ours" "$drain3"

echo
echo "keyed state with ${KEYS:-10000000} keys: sloscout bench state"
limited 30 "a measurement" "$sloscout" bench state --keys "${KEYS:-10000000}"
echo "from kill -9 to the first record: sloscout bench restart"
limited 10 "a measurement" "$sloscout" bench restart --input "$input"
