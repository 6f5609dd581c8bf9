#!/bin/bash
# tools/setup on a fresh Debian: nothing that it installs is enabled or started, an owner's nginx is left alone, a locked apt is
# waited for. Needs root, debootstrap and a Debian mirror; says so and passes without.   usage: setup_chroot.sh [CHROOT]
# CHROOT: a fresh one to be copied instead of making one.
set -u
cd "$(dirname "$0")/../.."
n=0 failed=0
check() { # name command...
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >/dev/null 2>&1; then echo "ok $n - $name"; else echo "not ok $n - $name"; failed=1; fi
}
if [ "$(id -u)" != 0 ] || { [ $# -eq 0 ] && ! command -v debootstrap >/dev/null; }; then
	echo "ok 1 - left out: needs root and debootstrap"
	echo 1..1
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$(sed -n 's/^URIs: *\(.*debian\)\/*$/\1/p; s/^deb [^h]*\(http[^ ]*debian\)\/* .*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
if [ $# -gt 0 ]; then cp -a "$1" "$work/fresh"; else
	debootstrap --variant=minbase --include=make,ca-certificates bookworm "$work/fresh" ${mirror:+"$mirror"} >"$work/log" 2>&1 ||
		{ tail "$work/log"; echo "not ok 1 - debootstrap"; echo 1..1; exit 1; }
fi
for f in /etc/apt/apt.conf.d/*; do cp -n "$f" "$work/fresh/etc/apt/apt.conf.d/" 2>/dev/null; done

# Node comes with the host's tree: setup shall install nginx and the small packages; npm's hundreds are not what is tested.
prepare() { # chroot
	mkdir "$1/src" && tar -c --exclude=./build --exclude='./build-*' --exclude=./node_modules --exclude=./var --exclude=./.git . | tar -x -C "$1/src" --no-same-owner
	sed -i '/^run *nodejs\|^run *npm/d' "$1/src/tools/packages.txt"
	mkdir "$1/src/node_modules" && touch "$1/src/node_modules/.package-lock.json"
	mount -t proc proc "$1/proc" 2>/dev/null || mount --bind /proc "$1/proc"
	trap 'umount "$work"/*/proc 2>/dev/null; rm -rf "$work"' EXIT
}
enabled() { find "$1/etc/systemd/system" -path '*.wants/*' -name "$2*"; find "$1"/etc/rc[2-5].d -name "S*$2" 2>/dev/null; find "$1/etc/nginx/sites-enabled" -name default 2>/dev/null; }
none_enabled() { [ -z "$(enabled "$1" "$2")" ]; }
some_enabled() { [ -n "$(enabled "$1" "$2")" ]; }
has() { grep -q "$1" "$2"; }
lacks() { ! grep -q "$1" "$2"; }

cp -a "$work/fresh" "$work/owned"
prepare "$work/fresh"
before=$(find "$work/fresh/etc/systemd/system" -type l | sort)
# A setup that was killed in the middle left its policy behind.
printf '#!/bin/sh\n# by Yinxin tools/setup, for the time of an installation\nexit 101\n' >"$work/fresh/usr/sbin/policy-rc.d"
# Somebody else holds apt's lock for a while.
chroot "$work/fresh" perl -e 'use Fcntl; open(my $f, ">>", "/var/lib/dpkg/lock-frontend") or die; my $l = pack("s s x4 q q i", F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $l) or die; sleep 6' &
holder=$!
while ! grep -q "POSIX.*WRITE $holder " /proc/locks; do sleep 0.1; done
chroot "$work/fresh" sh -c 'cd /src && exec tools/setup run' >"$work/out" 2>&1
status=$?
sed 's/^/# /' "$work/out"
check "setup ends well" test $status -eq 0
check "it waited for the lock and said so" has "in use by process" "$work/out"
check "it is quiet: no line of apt's" lacks "^Setting up\|^Get:\|^Unpacking" "$work/out"
check "nginx is there" test -x "$work/fresh/usr/sbin/nginx"
check "and neither enabled nor has a site" none_enabled "$work/fresh" nginx
check "no other service was enabled" test "$before" = "$(find "$work/fresh/etc/systemd/system" -type l | sort)"
check "the policy file is gone, an older one of ours too" test ! -e "$work/fresh/usr/sbin/policy-rc.d"
check "what was installed is written down" has '^nginx' "$work/fresh/var/lib/yinxin/packages-by-setup"
chroot "$work/fresh" sh -c 'cd /src && exec tools/setup run' >"$work/again" 2>&1
check "a second run says and does nothing" test ! -s "$work/again"

prepare "$work/owned"
printf '#!/bin/sh\nexit 101\n' >"$work/owned/usr/sbin/policy-rc.d" && chmod 755 "$work/owned/usr/sbin/policy-rc.d"
chroot "$work/owned" sh -c 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install nginx-light' >"$work/log" 2>&1 || tail -n 3 "$work/log"
check "an owner's nginx is enabled before" some_enabled "$work/owned" nginx
links=$(enabled "$work/owned" nginx)
chroot "$work/owned" sh -c 'cd /src && exec tools/setup run' >"$work/out" 2>&1
check "and after setup as it was" test "$links" = "$(enabled "$work/owned" nginx)"
check "his policy file too" test -e "$work/owned/usr/sbin/policy-rc.d"
echo "1..$n"
exit $failed
