#!/bin/bash
# Runs the suites one after the other and counts them.   usage: tests/run.sh [--long] BUILD_DIR
# Each suite is a command whose exit status counts; its output goes to BUILD_DIR/tests/NAME.log and, when it fails, to the
# terminal. The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
long=
if [ "${1:-}" = --long ]; then long=1; shift; fi
build=$(realpath "${1:-build}")
logs=$build/tests-log
mkdir -p "$logs"
passed=0
failed=0
began=$SECONDS
only=${YINXIN_SUITES:-}

suite() { # name command...
	name=$1
	shift
	if [ -n "$only" ] && ! printf '%s\n' $only | grep -qx "$name"; then return; fi
	start=$SECONDS
	if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		printf 'ok      %-12s %4d s  %s\n' "$name" $((SECONDS - start)) "$(tail -n 400 "$logs/$name.log" | grep -cE '^ *(ok|[0-9]+/[0-9]+) ') checks"
		[ "$name" != meta ] || grep '^# \(lengths\|functions\|files\)' "$logs/$name.log" | sed 's/^/        /'
	else
		failed=$((failed + 1))
		printf 'not ok  %-12s %4d s  see %s\n' "$name" $((SECONDS - start)) "$logs/$name.log"
		grep -nE '^ *not ok|FAIL|ERROR|Error|error:|TIMEOUT' "$logs/$name.log" | head -n 40
		tail -n 40 "$logs/$name.log"
	fi
}

unit() { meson test -C "$build" --print-errorlogs --timeout-multiplier 3; }

# Programs that start our daemons run without leak detection: a hardened process cannot be traced by it.
daemon_tests='notary-live convert-process yxcard yxkey signer-init captured-portal stalled-signer signer-acts signer-crash signer-crl escrow escrow_fault certsrv-issue agent-e2e'

sanitize() {
	san=$build-san
	[ -e "$san/build.ninja" ] || meson setup "$san" -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 >/dev/null || return 1
	ninja -C "$san" --quiet || return 1
	others=$(meson test -C "$san" --list 2>/dev/null | sed -n 's/.* \/ //p' | grep -vxF "$(printf '%s\n' $daemon_tests)")
	export YINXIN_NO_SECCOMP=1 SLOW=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	status=0
	ASAN_OPTIONS=detect_leaks=1 meson test -C "$san" --no-rebuild --print-errorlogs --timeout-multiplier 8 $others || status=1
	ASAN_OPTIONS=detect_leaks=0 meson test -C "$san" --no-rebuild --print-errorlogs --timeout-multiplier 8 $daemon_tests || status=1
	unset YINXIN_NO_SECCOMP SLOW
	return $status
}

fuzz() { # seconds for each target
	fz=$build-fuzz
	[ -e "$fz/build.ninja" ] || CC=clang CFLAGS="-fsanitize=fuzzer-no-link,address -U_FORTIFY_SOURCE" \
		meson setup "$fz" -Dfuzz=true -Dtests=false -Dwerror=false -Db_lundef=false >/dev/null || return 1
	ninja -C "$fz" --quiet || return 1
	status=0
	found=0
	for target in "$fz"/tests/fuzz/fuzz_*; do
		[ -x "$target" ] && [ ! -d "$target" ] || continue
		found=$((found + 1))
		base=$(basename "$target")
		corpus=$fz/corpus/$base
		mkdir -p "$corpus"
		seeds=tests/fuzz/corpus/$base
		[ -d "$seeds" ] || seeds=
		if (cd "$fz" && "$target" -max_total_time="$1" -rss_limit_mb=1024 -timeout=10 -print_final_stats=0 -verbosity=0 \
			"$corpus" ${seeds:+"$OLDPWD/$seeds"}) >"$logs/$base.log" 2>&1; then
			echo "ok $base"
		else
			echo "not ok $base"
			tail -n 30 "$logs/$base.log"
			status=1
		fi
	done
	[ $found -gt 0 ] || { echo "not ok no fuzz target was built"; return 1; }
	return $status
}

# Fast enough under valgrind, and without daemons of their own.
memcheck_tests='base-.*|ipc-frame|ipc-io|gm-der|gm-hash|gm-share|pki-attest|pki-profile|pki-csr|evidence-statement|evidence-act|store-stmts|web-scgi|web-form|web-template|card-card|card-channel|card-fault|certsrv-ident|certsrv-account|agent-http1|agent-origin'

memcheck() {
	names=$(meson test -C "$build" --list 2>/dev/null | sed -n 's/.* \/ //p' | grep -xE "$memcheck_tests")
	[ "$(echo "$names" | wc -l)" -ge 20 ] || { echo "not ok only these: $names"; return 1; }
	YINXIN_NO_SECCOMP=1 SLOW=1 meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 20 \
		--wrapper 'valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' $names
}

suite meta python3 tests/meta/meta.py "$build"
suite unit unit
suite interop bash tests/interop/run.sh "$build"
suite scenario python3 tests/scenario/run.py "$build"
suite notary python3 tests/scenario/notary.py "$build"
suite log python3 tests/scenario/log.py "$build"
suite story node tests/browser/story.mjs "$build"
suite filing node tests/browser/filing.mjs "$build"
suite pages node tests/browser/pages.mjs "$build"
suite failures node tests/browser/failures.mjs "$build"
suite sanitize sanitize
suite memcheck memcheck
suite fuzz fuzz 3
if [ -n "$long" ]; then
	suite fuzz-long fuzz 120
	suite faults python3 tests/fault/run.py "$build"
fi
echo "whole run: $((SECONDS - began)) s"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
