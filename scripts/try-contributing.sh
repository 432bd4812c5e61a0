#!/usr/bin/env bash
# Follows CONTRIBUTING.md to the letter in a copy of the project: writes its files, adds its catalog lines, and runs its tests and the house's.
#
#   scripts/try-contributing.sh [--keep]      --keep leaves the copy, and says where it is
#
# Part of make soak: the copy is built from nothing, which takes minutes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

keep=no
case ${1:-} in "") ;; -h | --help) usage; exit ;; --keep) keep=yes ;; *) unknown_option "$1" ;; esac

copy=$(mktemp -d "${TMPDIR:-/tmp}/sloscout-contributing.XXXXXX")
[ "$keep" = yes ] || trap 'rm -rf "$copy"' EXIT
cd "$root"
git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --ignore-failed-read -cf - | tar -xf - -C "$copy"
[ ! -f Package.resolved ] || cp Package.resolved "$copy"
cd "$copy"

# A block of Swift belongs to the last file that was named before it. For a catalog it is the line to add: to the first list, whose end is `  ]`.
awk -v root="$copy" '
  /`(Sources|Tests)\/[^`]*\.swift`/ { split($0, part, "`"); for (i in part) if (part[i] ~ /^(Sources|Tests)\/.*\.swift$/) path = part[i] }
  /^```swift$/ && path != "" { inside = 1; target = root "/" path; isCatalog = path ~ /Catalog\.swift$/; text = ""; next }
  /^```$/ && inside {
    inside = 0
    if (isCatalog) { print path "\t" text > (root "/catalog-lines") } else {
      folder = target; sub(/\/[^\/]*$/, "", folder); system("mkdir -p \"" folder "\"")
      printf "%s\n", text > target; close(target); print "wrote " path
    }
    path = ""
  }
  inside { text = text (text == "" ? "" : "\n") $0 }' CONTRIBUTING.md
while IFS=$'\t' read -r path line; do
  awk -v line="$line" '!done && /^  \]$/ { print line; done = 1 } { print }' "$path" >"$path.new"
  mv "$path.new" "$path"
  echo "added$line to $path"
done <catalog-lines

echo "building the copy"
swift build -c release --build-tests --explicit-target-dependency-import-check error </dev/null >build.log 2>&1 ||
  { grep -A 3 "error:" build.log | head -n 40 >&2; die "what CONTRIBUTING.md says does not compile"; }
.build/release/sloscout schema >docs/reference/jobs.schema.json
.build/release/sloscout schema --markdown >docs/reference/components.md
swift format lint --strict Sources/Operators/Basic/Shorten.swift Sources/Connectors/Numbers/NumbersSource.swift \
  Tests/OperatorsTests/Basic/ShortenTests.swift Tests/ConnectorsTests/Numbers/NumbersSourceTests.swift
swift test -c release --skip-build --disable-xctest --filter 'ShortenTests|NumbersSourceTests|HouseTests|CatalogTests' </dev/null >test.log 2>&1 ||
  { grep -aE "✘|recorded an issue" test.log >&2; die "a test failed in the copy"; }
grep -a "Test run with" test.log
[ "$keep" = no ] || echo "kept in $copy"
