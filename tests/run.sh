#!/bin/bash
# Runs the suites in two lanes and counts them.   usage: tests/run.sh [--long] BUILD_DIR
# One lane computes (unit tests, sanitizers, valgrind, fuzzing) with lower priority, the other one mostly waits (whole bureaus,
# browsers); a lane runs its suites one after the other, so no two suites that write the same files run at once. Each suite
# is a command whose exit status counts; its output goes to BUILD_DIR/tests-log/NAME.log and, when it fails, to the terminal.
# Reports are printed whole and in the order of the list below. The last line is "N passed, N failed".
# YINXIN_SUITES="unit story" runs these alone.
set -u
cd "$(dirname "$0")/.."
long=
if [ "${1:-}" = --long ]; then long=1; shift; fi
build=$(realpath "${1:-build}")
logs=$build/tests-log
mkdir -p "$logs"
only=${YINXIN_SUITES:-}
# Pictures lie with this run, readable for this user alone.
export YINXIN_SHOTS=${YINXIN_SHOTS:-$(mktemp -d -t yinxin-shots-XXXXXX)}

# --- lanes ---

declare -A command
order=() computing=() waiting=()

suite() { # lane name command...
	local lane=$1 name=$2
	shift 2
	if [ -n "$only" ] && ! printf '%s\n' $only | grep -qx "$name"; then return; fi
	command[$name]=$(printf '%q ' "$@")
	order+=("$name")
	if [ "$lane" = computing ]; then computing+=("$name"); else waiting+=("$name"); fi
	rm -f "$logs/$name.report" "$logs/$name.log"
}

report() { # name status seconds
	local log=$logs/$1.log
	if [ "$2" -eq 0 ]; then
		printf 'ok      %-12s %4d s  %s\n' "$1" "$3" "$(tail -n 400 "$log" | grep -cE '^ *(ok|[0-9]+/[0-9]+) ') checks"
		[ "$1" != meta ] || grep '^# \(lengths\|functions\|files\)' "$log" | sed 's/^/        /'
		return
	fi
	printf 'not ok  %-12s %4d s  see %s\n' "$1" "$3" "$log"
	grep -nE '^ *not ok|FAIL|ERROR|Error|error:|TIMEOUT' "$log" | head -n 40
	tail -n 40 "$log"
}

lane() { # names...
	local name start status
	for name in "$@"; do
		start=$SECONDS
		(eval "${command[$name]}") >"$logs/$name.log" 2>&1 </dev/null
		status=$?
		report "$name" $status $((SECONDS - start)) >"$logs/$name.report.new"
		mv "$logs/$name.report.new" "$logs/$name.report"
	done
}

print_reports() { # passed and failed are counted by the first word of each
	local name
	for name in "${order[@]}"; do
		while [ ! -e "$logs/$name.report" ] && jobs -r | grep -q .; do sleep 0.2; done
		if [ -e "$logs/$name.report" ]; then cat "$logs/$name.report"; else echo "not ok  $name: its lane ended before it"; fi
		if head -n 1 "$logs/$name.report" 2>/dev/null | grep -q '^ok '; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
	done
}

# --- what needs more than one command ---

unit() { meson test -C "$build" --print-errorlogs --timeout-multiplier 3; }

# One clang build for sanitizers and fuzzing, warnings being errors as in the other. The macro is gcc's word for what clang tells
# otherwise: memory limits are left out. A variable whose cleanup is its use (AUTO) is unused for clang; gcc looks after the rest.
san_build() {
	san=$build-clang
	export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
	[ -e "$san/build.ninja" ] || CC=clang CFLAGS="-fsanitize=fuzzer-no-link -U_FORTIFY_SOURCE -D__SANITIZE_ADDRESS__=1 -Wno-unused-variable" \
		meson setup "$san" -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 -Dfuzz=true >/dev/null || return 1
	ninja -C "$san" --quiet
}

# Programs that start our daemons run without leak detection: a hardened process cannot be traced by it.
daemon_tests='notary-live convert-process yxcard yxkey signer-init captured-portal stalled-signer signer-acts signer-crash signer-crl escrow escrow_fault certsrv-issue agent-e2e'

sanitize() {
	local others status=0
	san_build || return 1
	others=$(meson test -C "$san" --list 2>/dev/null | sed -n 's/.* \/ //p' | grep -vxF "$(printf '%s\n' $daemon_tests)")
	export YINXIN_NO_SECCOMP=1 SLOW=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	ASAN_OPTIONS=detect_leaks=1 meson test -C "$san" --no-rebuild --print-errorlogs --timeout-multiplier 8 $others || status=1
	ASAN_OPTIONS=detect_leaks=0 meson test -C "$san" --no-rebuild --print-errorlogs --timeout-multiplier 8 $daemon_tests || status=1
	return $status
}

fuzz_one() { # target seconds
	local base=$(basename "$1") seeds=$PWD/tests/fuzz/corpus/$(basename "$1")
	mkdir -p "$san/corpus/$base"
	[ -d "$seeds" ] || seeds=
	(cd "$san" && "$1" -max_total_time="$2" -rss_limit_mb=1024 -timeout=10 -print_final_stats=0 -verbosity=0 \
		"corpus/$base" ${seeds:+"$seeds"}) >"$logs/$base.log" 2>&1 && echo "ok $base" && return
	echo "not ok $base"
	tail -n 30 "$logs/$base.log"
	return 1
}

fuzz() { # seconds for each target
	local target found=0 status=0
	san_build || return 1
	for target in "$san"/tests/fuzz/fuzz_*; do
		[ -x "$target" ] && [ ! -d "$target" ] || continue
		found=$((found + 1))
		fuzz_one "$target" "$1" || status=1
	done
	[ $found -gt 0 ] || { echo "not ok no fuzz target was built"; return 1; }
	return $status
}

# Fast enough under valgrind, and without daemons of their own.
memcheck_tests='base-.*|ipc-frame|ipc-io|gm-der|gm-hash|gm-share|pki-attest|pki-profile|pki-csr|evidence-statement|evidence-act|store-stmts|web-scgi|web-form|web-template|card-card|card-channel|card-fault|certsrv-ident|certsrv-account|agent-http1|agent-origin'

memcheck() {
	local names
	names=$(meson test -C "$build" --list 2>/dev/null | sed -n 's/.* \/ //p' | grep -xE "$memcheck_tests")
	[ "$(echo "$names" | wc -l)" -ge 20 ] || { echo "not ok only these: $names"; return 1; }
	YINXIN_NO_SECCOMP=1 SLOW=1 meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 20 \
		--wrapper 'valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' $names
}

# Every octet of a receipt, not only some.
evidence_long() {
	YINXIN_LONG=1 meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 20 \
		$(meson test -C "$build" --list 2>/dev/null | sed -n 's/.* \/ //p' | grep '^evidence-')
}

# A bureau that is born on that day: first, last, the days about the closing of a month, the leap day, both sides of a year's end.
days='2026-12-01 2026-12-09 2026-12-18 2026-12-26 2027-01-31 2028-02-29 2026-12-31 2027-01-01'
on_day() { YINXIN_AT=$1 "${@:2}"; }

# --- the list ---

suite computing meta python3 tests/meta/meta.py "$build"
suite computing pgsql python3 tests/meta/pgsql.py "$build"
suite computing plans python3 tests/meta/plans.py "$build"
suite computing unit unit
suite waiting scenario python3 tests/scenario/run.py "$build"
suite waiting edge python3 tests/scenario/edge.py "$build"
suite waiting machine python3 tests/scenario/machine.py "$build"
suite waiting notary python3 tests/scenario/notary.py "$build"
suite waiting log python3 tests/scenario/log.py "$build"
suite waiting desk node tests/browser/desk.mjs "$build"
suite waiting story node tests/browser/story.mjs "$build"
suite waiting filing node tests/browser/filing.mjs "$build"
suite waiting businesses node tests/browser/businesses.mjs "$build"
suite waiting pages node tests/browser/pages.mjs "$build"
suite waiting failures node tests/browser/failures.mjs "$build"
suite waiting tabs node tests/browser/tabs.mjs "$build"
suite waiting sheet node tests/browser/sheet.mjs "$build"
suite waiting attach node tests/browser/attach.mjs "$build"
suite waiting officers node tests/browser/officers.mjs "$build"
suite waiting verify-page node tests/browser/verify.mjs "$build"
suite waiting verify python3 tests/scenario/verify.py "$build"
suite waiting bill python3 tests/scenario/bill.py "$build" --look
suite waiting status python3 tests/scenario/status.py "$build"
suite waiting late python3 tests/scenario/late.py "$build"
suite waiting kept python3 tests/scenario/kept.py "$build"
suite waiting load python3 tests/fault/load.py "$build" --quick
suite computing interop bash tests/interop/run.sh "$build"
suite computing memcheck memcheck
suite computing sanitize sanitize
suite computing fuzz fuzz 3
if [ -n "$long" ]; then
	suite computing evidence-long evidence_long
	suite computing fuzz-long fuzz 60
	for day in 1st 26th 31dec; do suite waiting "story-$day" node tests/browser/story.mjs "$build" $day; done
	for day in $days; do
		for name in bill status late log; do suite waiting "$name-$day" on_day "$day" python3 "tests/scenario/$name.py" "$build"; done
		for name in desk story filing attach officers; do suite waiting "$name-$day" on_day "$day" node "tests/browser/$name.mjs" "$build"; done
		suite waiting "scenario-$day" on_day "$day" python3 tests/scenario/run.py "$build"
	done
	suite waiting load-long python3 tests/fault/load.py "$build"
	suite waiting setup-chroot bash tests/fault/setup_chroot.sh
	suite waiting faults python3 tests/fault/run.py "$build"
fi
if [ ${#order[@]} -eq 0 ]; then
	echo "no such suite: $only"
	rmdir "$YINXIN_SHOTS" 2>/dev/null
	exit 2
fi

run_all() {
	passed=0
	failed=0
	local began=$SECONDS
	set -m # each lane a process group of its own, so that an interrupted run leaves nothing behind
	trap 'kill -TERM -- $(jobs -p | sed s/^/-/) 2>/dev/null; exit 130' INT TERM HUP
	(renice -n 10 $BASHPID >/dev/null; lane "${computing[@]}") &
	lane "${waiting[@]}" &
	print_reports
	wait
	rmdir "$YINXIN_SHOTS" 2>/dev/null || echo "pictures: $YINXIN_SHOTS"
	echo "whole run: $((SECONDS - began)) s"
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ]
}

run_all; exit # on one line: the shell reads this file as it goes, and it may be edited meanwhile
