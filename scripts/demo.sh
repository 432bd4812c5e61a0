#!/usr/bin/env bash
# Five minutes from a clone to capsules (make demo): installs what is missing, builds, starts a PostgreSQL of its own, and runs the fingerprint job
# over the logs of this machine, over those of a generated shop, and over what an application sends live. It needs no terminal and ends by itself.
#
#   scripts/demo.sh            or  make demo
#   LOGS=PATH scripts/demo.sh  or  make demo LOGS=PATH      your logs instead: a file, a folder or a glob; .gz and .zst too
#   KEEP=1                                                  leaves PostgreSQL running
#
# A name with .otlp is read as OTLP JSON lines, .jsonl/.ndjson/.json as JSON lines, everything else as ordinary log lines.
# Everything is kept in .demo and begins anew at every run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in "") ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

cd "$root"
demo=$root/.demo
logs=${LOGS:-}
# A table has this many columns at most, so that it fits wherever it is read.
export COLUMNS=100 LC_ALL=C.UTF-8

# format NAME: what `sloscout run` takes a file of that name for.
format() {
  local name=${1,,}
  name=${name%.gz} name=${name%.zst} name=${name%.zstd}
  case $name in *.otlp*) echo otlp ;; *.jsonl | *.ndjson | *.json) echo json ;; *) echo text ;; esac
}

# The files that LOGS stands for. Of a folder with several formats, those of the most frequent one.
files=()
if [ -n "$logs" ]; then
  if [ -d "$logs" ]; then
    mapfile -t found < <(find "$logs" -type f -size +0 -readable | sort | head -n 500)
    chosen=$(for file in "${found[@]}"; do format "$file"; done | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
    for file in "${found[@]}"; do [ "$(format "$file")" != "$chosen" ] || files+=("$file"); done
  else
    mapfile -t files < <(compgen -G "$logs" || true)
  fi
  [ ${#files[@]} -gt 0 ] || die "LOGS=$logs: there is no such file, or none that may be read"
fi

step "1. What is needed"
scripts/setup.sh
echo "Swift, PostgreSQL and the libraries are there"

step "2. Build (the first one takes some minutes)"
scripts/build.sh --program

step "3. A PostgreSQL of its own"
scripts/postgres.sh stop --dir "$demo/postgres" >/dev/null
rm -rf "$demo"
mkdir -p "$demo"
live=
stop_postgres() {
  # A live job that is still there goes down with the demo.
  [ -z "$live" ] || kill "$live" 2>/dev/null || true
  [ "${KEEP:-}" = 1 ] || scripts/postgres.sh stop --keep --dir "$demo/postgres" || true
}
trap stop_postgres EXIT
DATABASE_URL=$(scripts/postgres.sh start --dir "$demo/postgres")
export DATABASE_URL SLOSCOUT_STATE=$demo/state
echo "$DATABASE_URL"

# sql QUERY: one value or plain rows, columns divided by |.
sql() { psql "$DATABASE_URL" -AtX -v ON_ERROR_STOP=1 -c "$1"; }
# table WIDTHS QUERY: rows under their titles. A positive width is a column on the left, a negative one stands on the right; longer texts are cut.
table() {
  psql "$DATABASE_URL" -AX -v ON_ERROR_STOP=1 -P footer=off -F $'\t' -c "$2" | awk -F '\t' -v widths="$1" '
    BEGIN { n = split(widths, w, " ") }
    {
      line = "  "
      for (i = 1; i <= n; i++) {
        width = w[i] < 0 ? -w[i] : w[i]; text = $i
        if (length(text) > width) text = substr(text, 1, width - 3) "..."
        line = line sprintf(w[i] < 0 ? "%" width "s" : "%-" width "s", text) (i < n ? "  " : "")
      }
      sub(/ +$/, "", line)
      if (NR == 1) { rule = line; gsub(/[^ ]/, "-", rule); title = line "\n" rule; next }
      if (NR == 2) print title
      print line
    }
    END { if (NR < 2) print "  none" }'
}

# run NAME OPTIONS...: runs the fingerprint job under that name, says how fast it was, and keeps its books in .demo/NAME.txt.
run() {
  local name=$1 started took read
  shift
  started=$(milliseconds)
  limited 20 "the job" "$sloscout" run --quiet --job fingerprint --name "$name" "$@" </dev/null 2>"$demo/$name.txt" ||
    { cat "$demo/$name.txt" >&2; die "the job $name failed"; }
  took=$(seconds_since "$started")
  read=$(sed -n 's/.*; \([0-9]*\) records read in this run/\1/p' "$demo/$name.txt")
  awk -v n="$read" -v s="$took" 'BEGIN {
    printf "%d records in %s s", n, s
    if (n >= 50000) printf ": %d a second, with start, checkpoints and PostgreSQL", n / s
    print ""
  }'
}
# All records that a job has read, over all its runs.
read_by() { sed -n 's/^telemetry  *\([0-9]*\) .*/\1/p' "$demo/$1.txt"; }
truth() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" "$demo/truth.json" | head -n 1; }

jobs=()
if [ -n "$logs" ]; then
  step "4. Your logs: $logs"
  chosen=$(format "${files[0]}")
  case $chosen in otlp) words="OTLP JSON lines" ;; json) words="JSON lines" ;; *) words="ordinary log lines" ;; esac
  echo "${#files[@]} files, read as $words"
  inputs=()
  for file in "${files[@]}"; do inputs+=(--input "$file"); done
  run your-logs --format "$chosen" "${inputs[@]}"
  jobs+=(your-logs)
else
  step "4. The logs of this machine"
  inputs=()
  lines=0
  while IFS= read -r file; do
    inputs+=(--input "$file")
    lines=$((lines + $(wc -l <"$file")))
  done < <(find /var/log -type f \( -name '*.log' -o -name syslog -o -name messages \) -size +0 -readable 2>/dev/null | sort | head -n 200)
  if command -v journalctl >/dev/null; then
    journalctl --no-pager --output=short-iso --lines=200000 >"$demo/journal.log" 2>/dev/null </dev/null || true
    # "-- No entries --" is one line too.
    if [ "$(wc -l <"$demo/journal.log")" -gt 1 ]; then
      inputs+=(--input "$demo/journal.log")
      lines=$((lines + $(wc -l <"$demo/journal.log")))
    fi
  fi
  if [ ${#inputs[@]} = 0 ]; then
    echo "there are none that may be read: the shop has to do"
  else
    [ "$lines" -ge 10000 ] || echo "there are only $lines lines in $((${#inputs[@]} / 2)) files on this machine: the shop below has more to show"
    run machine-logs --format text "${inputs[@]}"
    jobs+=(machine-logs)
  fi

  records=3000000
  step "5. The logs of a small shop, $records of them, generated; the power goes off in the middle"
  # The shipped job with a larger shop, and checkpoints every second so that one is under way early.
  sed -e "s/records: 200000/records: $records/" -e 's/interval: 5s/interval: 1s/' jobs.yaml >"$demo/jobs.yaml"
  # The process is killed (SIGKILL) while the transaction of its second checkpoint is under way: the worst moment there is.
  code=0
  { SLOSCOUT_FAILPOINT=applying:2 limited 20 "the job" "$sloscout" run --quiet "$demo/jobs.yaml" </dev/null >"$demo/killed.txt" 2>&1 || code=$?; } 2>/dev/null
  [ "$code" = 137 ] || { cat "$demo/killed.txt" >&2; die "the job should have been killed, but ended with $code"; }
  echo "killed with SIGKILL while it was writing; PostgreSQL has $(sql "SELECT coalesce(sum(count), 0) FROM capsule WHERE environment <> 'local'") records in capsules. Again:"
  run fingerprint "$demo/jobs.yaml"
  run fingerprint "$demo/jobs.yaml"
  echo "the last run found nothing left to read, and added nothing"
  jobs+=(fingerprint)
  "$sloscout" generate --records "$records" --truth >"$demo/truth.json"
  counted=$(sql "SELECT sum(count) FROM capsule WHERE environment <> 'local'")
  echo "PostgreSQL has $counted records in capsules; the generator made $(truth accepted) that are to be counted"
  [ "$counted" = "$(truth accepted)" ] || die "these differ: that is a bug"

  step "6. How fast the engine is by itself: the same job over a file, results counted instead of stored"
  "$sloscout" generate --records 1000000 --output "$demo/shop.jsonl"
  "$sloscout" bench fingerprint --input "$demo/shop.jsonl" --threads 1 --key capsule </dev/null >"$demo/bench.json"
  figure() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$demo/bench.json"; }
  echo "1000000 records in $(figure seconds) s on one thread: $(figure events_per_second) a second; make bench has the whole table"
  rm -f "$demo/shop.jsonl" "$demo/shop.jsonl.meta.json"

  step "7. Live: an application sends its logs with OpenTelemetry's SDK to the running job"
  python=$(scripts/python.sh)
  port=$("$python" -c 'import socket; probe = socket.socket(); probe.bind(("127.0.0.1", 0)); print(probe.getsockname()[1])')
  # The shipped job, with a source that listens, and results every second.
  sed -e 's/type: generate/type: otlp/' -e "s|config: { records: 200000, format: json }|config: { listen: \"127.0.0.1:$port\", spool: \"$demo/spool\" }|" \
    -e 's/interval: 5s/interval: 500ms/' -e 's/emit: { every: 10s }/emit: { every: 1s }/' jobs.yaml >"$demo/live.yaml"
  "$sloscout" run --quiet --job fingerprint --name live "$demo/live.yaml" </dev/null >"$demo/live.txt" 2>&1 &
  live=$!
  for ((i = 0; i < 300; i++)); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 "$live" 2>/dev/null || { cat "$demo/live.txt" >&2; die "the live job failed"; }
    sleep 0.1
  done
  "$python" Examples/sender.py --endpoint "http://127.0.0.1:$port" --seconds 5 >"$demo/sent.txt" </dev/null &
  sender=$!
  started=$(milliseconds)
  seen() { sql "SELECT coalesce(sum(count), 0) FROM capsule WHERE environment = 'live'"; }
  until [ "$(seen)" -gt 0 ]; do
    [ "$(($(milliseconds) - started))" -lt 60000 ] || { cat "$demo/live.txt" >&2; die "nothing of what the application sends is seen"; }
    sleep 0.1
  done
  echo "first seen in PostgreSQL $(seconds_since "$started") s after the application began to start, while it goes on"
  wait "$sender" || die "the application failed: Examples/sender.py"
  sent=$(tail -n 1 "$demo/sent.txt")
  until [ "$(seen)" -ge "$sent" ]; do
    [ "$(($(milliseconds) - started))" -lt 120000 ] || { cat "$demo/live.txt" >&2; die "$(seen) of $sent records are seen"; }
    sleep 0.1
  done
  kill -INT "$live"
  wait "$live" || { cat "$demo/live.txt" >&2; die "the live job did not stop well"; }
  echo "$sent records sent, $(seen) in PostgreSQL"
fi

total=0
for job in "${jobs[@]}"; do total=$((total + $(read_by "$job"))); done
printf '\n=============================== what came of %d records ===============================\n' "$total"

# top TITLE CONDITION LIMIT: the largest capsules.
top() {
  step "$1"
  table "19 -8 -6 59" "
    SELECT service, sum(count) AS records, count(*) AS hours, translate(template, E'\n\r\t', '   ') AS template FROM capsule
    WHERE $2 GROUP BY service, template ORDER BY sum(count) DESC, service, template LIMIT $3"
}
[ -z "$logs" ] || top "The largest capsules: one per service, environment, template and hour" "true" 12
if [ "${jobs[0]}" = machine-logs ]; then top "The largest capsules of this machine: one per service, environment, template and hour" "environment = 'local'" 6; fi
[ -n "$logs" ] || top "The largest capsules of the shop" "environment NOT IN ('local', 'live')" 10
[ -n "$logs" ] || top "What the live application sent" "environment = 'live'" 4

step "What went wrong: the largest with errors"
table "19 -7 -8 58" "
  SELECT service, sum((severities->>'ERROR')::bigint) AS errors, sum(count) AS records, translate(template, E'\n\r\t', '   ') AS template FROM capsule
  WHERE severities ? 'ERROR' GROUP BY service, template ORDER BY 2 DESC, service, template LIMIT 6"

step "What was redacted before anything was counted or stored"
table "14 -9 68" "
  SELECT tag, sum(count) AS records, (array_agg(
      CASE WHEN position(tag IN line) > 50 THEN '...' || substr(line, position(tag IN line) - 30) ELSE line END
      ORDER BY length(line) > 66, count DESC, line))[1] AS example
  FROM (SELECT unnest(ARRAY['<email>', '<phone>', '<card>', '<ssn>', '<iban>', '<ip>', '<mac>', '<jwt>', '<bearer>', '<basic-auth>', '<aws-key>',
    '<secret>', '<password>', '<credentials>', '<private-key>', '<name>', '<birth-date>']) AS tag) AS tags
  JOIN (SELECT template, translate(template, E'\\n\\r\\t', '   ') AS line, count FROM capsule) AS c ON position(tag IN template) > 0 GROUP BY tag ORDER BY 2 DESC"
# getty@tty1.service is the name of a unit, not an address.
left=$(sql "SELECT count(*) FROM capsule WHERE template || samples::text ~* '[a-z0-9._-]+@[a-z0-9-]+\.(?!service|socket|timer|target)[a-z]{2,}'")
echo "  capsules in which an e-mail address is left, in the template or in a sample: $left"

step "Records that could not be used: kept in dead_letter with their reason, place and bytes, personal data removed"
table "12 18 -8 46" "
  SELECT operator, reason, count(*) AS records, min(CASE WHEN length(source) > 32 THEN '...' || right(source, 29) ELSE source END || ' at ' || \"offset\") AS example
  FROM dead_letter GROUP BY operator, reason ORDER BY count(*) DESC, operator, reason LIMIT 12"
if [ "$(sql "SELECT count(*) FROM capsule")" = 0 ] && [ "${words:-}" = "JSON lines" ]; then
  echo "  Of JSON lines the job reads event_id, service_name, timestamp (milliseconds), message, and if they"
  echo "  are there environment, severity, trace_id. A job of your own can name other fields: see parse-json"
  echo "  in docs/reference/components.md."
fi

for job in "${jobs[@]}"; do
  step "The books of $job: in = out + filtered + duplicates + late + errors"
  sed -n '/^operator/,$s/^/  /p' "$demo/$job.txt"
done

step "Search by meaning: templates become vectors once, questions are asked in your own words"
if model=$(limited 15 "loading the model" scripts/model.sh </dev/null 2>"$demo/model.txt"); then
  export SLOSCOUT_MODEL=$model SLOSCOUT_TOPICS=$demo/topics
  started=$(milliseconds)
  limited 5 "the embedding job" "$sloscout" run --quiet --job embedding </dev/null 2>"$demo/embedding.txt" ||
    { cat "$demo/embedding.txt" >&2; die "the job embedding failed"; }
  echo "$(sql "SELECT count(*) FROM template_vector") templates embedded by $(sql "SELECT min(embedding_model) FROM template_vector") in this process, in $(seconds_since "$started") s"
else
  echo "the model could not be had: $(tail -n 1 "$demo/model.txt")"
fi
# ask QUESTION OPTIONS...: the three best.
ask() {
  printf '\n$ sloscout search "%s"%s\n' "$1" "${2:+ ${*:2}}"
  "$sloscout" search "$@" --limit 3 </dev/null 2>&1 | cut -c 1-"$COLUMNS" | sed 's/^/  /'
}
if [ -n "$logs" ]; then
  ask "something failed"
else
  ask "the customer could not pay"
  if [ "${jobs[0]}" = machine-logs ]; then ask "new software was put on this machine" --environment local; fi
fi

step "Where to look next"
cat <<NEXT
  psql "\$(scripts/postgres.sh start --dir .demo/postgres)"
      the tables: capsule (a view of capsule_shape and alias), dead_letter, sink_ledger
  .build/release/sloscout explain
      the job with every default filled in, and its plan
  .build/release/sloscout run --input 'FILES' --name NAME
      your own logs; DATABASE_URL says where the results go
  .build/release/sloscout search 'WHAT YOU LOOK FOR'
      the same database, in your own words
  make demo LOGS='FILES'
      the same as here, over your logs
  README.md, docs/architecture.md, jobs.yaml
      how it works

NEXT
if [ "${KEEP:-}" = 1 ]; then
  echo "PostgreSQL goes on running at $DATABASE_URL"
  echo "until you stop it: scripts/postgres.sh stop --dir .demo/postgres"
else
  echo "PostgreSQL is stopped, its data kept: the first of these lines starts it again, and"
  echo "scripts/postgres.sh stop --dir .demo/postgres removes it. make demo KEEP=1 leaves it running."
fi
