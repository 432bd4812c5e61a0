# What the scripts share: where the project is, how they speak, and how long a step may take. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$(basename "$0")
# Where a release build leaves the binary; the tests are built beside it.
sloscout=$root/.build/release/sloscout

# The comment at the top of the calling script is its help.
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"; }

die() { echo "$program: $*" >&2; exit 1; }

# An option that the script does not know. Exit 2, as for any wrong call.
unknown_option() { echo "$program: there is no option $1; see $program --help" >&2; exit 2; }

step() { printf '\n== %s\n' "$*"; }

# Seconds with one decimal since a time in milliseconds.
milliseconds() { date +%s%3N; }
seconds_since() { awk -v a="$1" -v b="$(milliseconds)" 'BEGIN { printf "%.1f", (b - a) / 1000 }'; }

# limited MINUTES WHAT COMMAND...: runs a command, and ends it with a clear message when it takes longer than it ever should.
limited() {
  local minutes=$1 what=$2 code=0
  shift 2
  timeout --kill-after=30 "${minutes}m" "$@" || code=$?
  if [ "$code" = 124 ] || [ "$code" = 137 ]; then
    echo "$program: $what took longer than $minutes minutes and was stopped" >&2
  elif [ "$code" != 0 ]; then
    echo "$program: $what failed with exit code $code" >&2
  fi
  return "$code"
}

# Closes descriptors that the caller left open: the server would hold them for as long as it lives, and whoever waits for a pipe's end with it.
close_inherited() {
  local fd
  for fd in /proc/$$/fd/*; do
    fd=${fd##*/}
    case $fd in 0 | 1 | 2 | 255) ;; *) eval "exec $fd>&-" ;; esac  # 255 is bash's own
  done
}

# What the scripts share that run a server for tests in a folder, $dir.

# Goes on with $dir made absolute, one caller at a time: two that start at once find the same server. Ends the script where nothing was started.
#   one_caller COMMAND WHAT
one_caller() {
  [ "$1" != start ] || mkdir -p "$dir"
  [ -d "$dir" ] || { [ "$1" = stop ] && exit 0; die "no $2 was started in $dir"; }
  dir=$(cd "$dir" && pwd)
  exec 9>"$dir/lock"
  flock 9
}

is_listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port that nobody listens on, below the range from which the system takes its own.
free_port() {
  local port
  while true; do
    port=$((15000 + RANDOM % 17000))
    is_listening "$port" || { echo "$port"; return; }
  done
}
