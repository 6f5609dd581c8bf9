#!/bin/sh
# Every figure of bench/README.md, measured now.   usage: bench/run.sh BUILD_DIR
set -eu
cd "$(dirname "$0")/.."
# The fixtures' own report is told only when it failed.
figures() {
	out=$("$@" 2>&1) || { echo "$out"; exit 1; }
	echo "$out" | grep -v '^\[' || true
}
echo "# $(date -u +%Y-%m-%d)  $(nproc) cores  $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo "# load before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
echo "# processor time of each part, one core"
"$1/bench/yx_bench" share/profiles/profiles.json
echo "# filings durably acknowledged, wall clock"
figures "$1/bench/yx_bench_filing"
echo "# 职工首次参保 of 1,000 rows in one process, wall clock"
figures "$1/bench/yx_bench_b03"
echo "# wall-clock time against a running bureau"
python3 bench/login.py "$1"
python3 bench/receipt.py "$1"
echo "# pages and certificate status beside the least that nginx can do"
python3 bench/page.py "$1"
python3 bench/ocsp.py "$1"
echo "# load after: $(cut -d ' ' -f 1-3 /proc/loadavg)"
