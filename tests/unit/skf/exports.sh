#!/bin/sh
# libyxskf.so exports exactly the functions that skf.h declares. Arguments: the library, skf.h. TAP.
set -eu
echo 1..1
have=$(nm -D --defined-only "$1" | awk '{print $3}' | sort)
want=$(sed -n 's/^ULONG \(\(SKF\|YX\)_[A-Za-z]*\)(.*/\1/p' "$2" | sort)
if [ -n "$want" ] && [ "$have" = "$want" ]; then
	echo "ok 1 - exports are those of skf.h"
else
	echo "# library: $have" | tr '\n' ' '; echo
	echo "# header: $want" | tr '\n' ' '; echo
	echo "not ok 1 - exports are those of skf.h"
fi
