#!/bin/sh
# The card allocates at birth only: no object but card.c's and card_file.c's names an allocator. Argument: libyx_card.a
# with its objects (a thin archive is fine). TAP.
set -eu
echo 1..2
bad=$(nm -A "$1" | grep -E ' U (malloc|calloc|realloc|reallocarray|strdup|strndup|posix_memalign|aligned_alloc|mmap|secret_new|secret_from|buf_make|buf_init)$' |
	grep -vE '(^|[:/ ])(card|card_file)\.c\.o' || true)
if [ -z "$bad" ]; then
	echo "ok 1 - no allocator outside card.c and card_file.c"
else
	echo "$bad" | sed 's/^/# /'
	echo "not ok 1 - no allocator outside card.c and card_file.c"
fi
# The search itself works: card.c does name one.
if nm -A "$1" | grep -qE 'card\.c\.o.* U secret_new$'; then
	echo "ok 2 - the search sees card.c"
else
	echo "not ok 2 - the search sees card.c"
fi
