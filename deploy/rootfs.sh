#!/usr/bin/env bash
# Puts together the file system of the image: the program without its symbols, the shared libraries it loads, certificates, the shipped jobs.
#
#   deploy/rootfs.sh FOLDER [PROGRAM]      PROGRAM is .build-static/release/sloscout unless given
#
# Prints the libraries, with their packages where dpkg knows them, and the size. FOLDER must be new or empty.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
case ${1:-} in
  "" | -h | --help) awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "${BASH_SOURCE[0]}"; exit ;;
esac
target=$1
program=${2:-$here/.build-static/release/sloscout}
die() { echo "rootfs.sh: $*" >&2; exit 1; }
[ -x "$program" ] || die "there is no program $program; build it with deploy/static-build.sh"
[ -z "$(ls -A "$target" 2>/dev/null)" ] || die "$target is not empty"

user=65532
mkdir -p "$target"/{etc/ssl/certs,usr/bin,usr/lib,usr/share/doc,usr/share/sloscout/schemas,var/lib/sloscout,tmp,proc,sys,dev,run}
# The names that the loader and libraries ask for lead into one folder.
for name in lib lib64; do ln -s usr/lib "$target/$name"; done
ln -s . "$target/usr/lib/x86_64-linux-gnu"
ln -s . "$target/usr/lib/aarch64-linux-gnu"

strip -o "$target/usr/bin/sloscout" "$program"

# ldd prints `name => path (address)`, and for the loader `path (address)`.
missing=$(ldd "$program" | grep "not found" || true)
[ -z "$missing" ] || die "libraries are missing: $missing"
if ldd "$program" | grep -q "libswift"; then
  [ $# -gt 1 ] || die "$program loads Swift's libraries from outside; build it with deploy/static-build.sh"
  echo "Swift's libraries are copied too: good for a test, larger than the image"
fi
ldd "$program" | awk '$3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | sort -u | while read -r library; do
  cp --dereference "$library" "$target/usr/lib/$(basename "$library")"
  # Where /lib leads to /usr/lib, packages know a file by one of the two.
  file=$(readlink -f "$library")
  package=$({ dpkg -S "$file" || dpkg -S "${file#/usr}" || dpkg -S "$library"; } 2>/dev/null | cut -d: -f1 | head -n 1 || true)
  printf '%-28s %8d kB  %s\n' "$(basename "$library")" "$(($(stat -Lc %s "$library") / 1000))" "${package:--}"
  # Licences travel with what they are about.
  if [ -n "$package" ] && [ -f "/usr/share/doc/$package/copyright" ]; then
    install -D -m 644 "/usr/share/doc/$package/copyright" "$target/usr/share/doc/$package/copyright"
  fi
done

[ -f /etc/ssl/certs/ca-certificates.crt ] || die "there are no certificates in /etc/ssl/certs; install ca-certificates"
cp --dereference /etc/ssl/certs/ca-certificates.crt "$target/etc/ssl/certs/"
mkdir -p "$target/usr/lib/ssl"
ln -s /etc/ssl/certs "$target/usr/lib/ssl/certs"
ln -s /etc/ssl/certs/ca-certificates.crt "$target/usr/lib/ssl/cert.pem"
printf 'root:x:0:0::/:/none\nsloscout:x:%d:%d::/var/lib/sloscout:/none\n' $user $user >"$target/etc/passwd"
printf 'root:x:0:\nsloscout:x:%d:\n' $user >"$target/etc/group"
printf 'hosts: files dns\n' >"$target/etc/nsswitch.conf"

cp "$here/jobs.yaml" "$target/usr/share/sloscout/"
cp "$here"/schemas/* "$target/usr/share/sloscout/schemas/"
install -D -m 644 "$here/LICENSE" "$target/usr/share/doc/sloscout/copyright"

chmod -R u=rwX,go=rX "$target"
chmod 1777 "$target/tmp"
# As root the folder gets its owner here; in an image that another user made, the volume's owner counts.
[ "$(id -u)" != 0 ] || chown -R root:root "$target"
[ "$(id -u)" != 0 ] || chown $user:$user "$target/var/lib/sloscout"
echo "program $(($(stat -c %s "$target/usr/bin/sloscout") / 1000000)) MB, $(find "$target/usr/lib" -type f -name '*.so*' | wc -l) libraries, $(du -sm --apparent-size "$target" | cut -f1) MB in all"
