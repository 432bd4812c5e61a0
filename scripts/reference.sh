#!/usr/bin/env bash
# Writes docs/reference anew from the descriptors of the components: the page for people and the JSON schema for editors.
#
#   scripts/reference.sh
#
# A house test compares them, so a change of an option is one commit with its documentation.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in "") ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

cd "$root"
scripts/build.sh --program
"$sloscout" schema >docs/reference/jobs.schema.json
"$sloscout" schema --markdown >docs/reference/components.md
git diff --stat -- docs/reference
