#!/bin/sh
# Every figure of bench/README.md, measured now.   usage: bench/run.sh BUILD_DIR
set -eu
cd "$(dirname "$0")/.."
echo "# $(date -u +%Y-%m-%d)  $(nproc) cores  $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo "# processor time of each part, one core"
"$1/bench/yx_bench" share/profiles/profiles.json
echo "# wall-clock time against a running bureau"
python3 bench/login.py "$1"
