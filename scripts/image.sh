#!/usr/bin/env bash
# Makes the file system of the image, and the image itself where buildah is, and runs the program in both as a container would.
#
#   scripts/image.sh [--shared]      --shared takes the ordinary build instead of one with Swift's libraries inside: seconds instead of minutes
#
# Needs root and a PostgreSQL (SLOSCOUT_TEST_POSTGRES). The image is built by the last stage of deploy/Dockerfile, as it stands, over the tree that
# deploy/rootfs.sh made here; its first stage, which needs Swift's image, does not run: it does the same in two commands.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
shared=()
case ${1:-} in "") ;; -h | --help) usage; exit ;; --shared) shared=(--shared) ;; *) unknown_option "$1" ;; esac
[ "$(id -u)" = 0 ] || die "needs root, to mount a root file system"
postgres=${SLOSCOUT_TEST_POSTGRES:?a PostgreSQL: scripts/postgres.sh start}

cd "$root"
python=$(scripts/python.sh)
work=$root/.image
rm -rf "$work"
mkdir -p "$work/context"
if [ ${#shared[@]} -gt 0 ]; then
  deploy/rootfs.sh "$work/context/rootfs" "$sloscout"
else
  deploy/static-build.sh
  deploy/rootfs.sh "$work/context/rootfs"
fi

step "the program in the tree"
"$python" Tests/deploy/image.py "$work/context/rootfs" "$postgres" "${shared[@]}"

if ! command -v buildah >/dev/null; then
  echo "NOT BUILT: there is no buildah here, so no image was made of deploy/Dockerfile; only its tree was tested"
  exit
fi
step "the image"
image=sloscout:test
# Layers as plain folders: works in containers and on every file system.
tool=(buildah --storage-driver vfs --root "$work/store" --runroot "$work/run")
"${tool[@]}" build --isolation chroot --build-context "build=$work/context" --file deploy/Dockerfile --target image --tag "$image" . >"$work/log" 2>&1 ||
  { tail -n 20 "$work/log" >&2; die "buildah could not build deploy/Dockerfile"; }
container=$("${tool[@]}" from "localhost/$image")
"${tool[@]}" inspect --type image "localhost/$image" | "$python" -c '
import json, sys
config = json.load(sys.stdin)["OCIv1"]["config"]
wanted = {"User": "65532:65532", "Entrypoint": ["/usr/bin/sloscout"], "StopSignal": "SIGTERM", "WorkingDir": "/usr/share/sloscout"}
wrong = {key: config.get(key) for key, value in wanted.items() if config.get(key) != value}
sys.exit(f"the image says {wrong}" if wrong else 0)'
tree=$("${tool[@]}" mount "$container")
"$python" Tests/deploy/image.py "$tree" "$postgres" "${shared[@]}"
"${tool[@]}" umount "$container" >/dev/null
# Last, since it makes files for names and hosts in the container's own layer.
said=$("${tool[@]}" run --isolation chroot "$container" -- /usr/bin/sloscout --version)
echo "$said"
rm -rf "$work/store" "$work/run"
