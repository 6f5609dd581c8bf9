#!/bin/bash
# libxlsxwriter 1.1.4 (Debian 12), 2026-12-01: worksheet_data_validation_range() keeps a copy of the range of a validation of type
# LIST_FORMULA and workbook_close() does not free it: one block for each list, 12 octets each here. Validations of type LIST and
# ANY lose nothing. A service that writes workbooks for as long as it runs grows; a leak check of its callers fails.
# Exit 0: as described. 1: it behaves otherwise. 77: that version, a compiler or valgrind is not here.
set -u
dpkg-query -W -f '${Version}' libxlsxwriter-dev 2>/dev/null | grep -q '^1\.1\.4' || { echo "no libxlsxwriter 1.1.4"; exit 77; }
command -v gcc >/dev/null && command -v valgrind >/dev/null || { echo "no gcc or valgrind"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
cat >lists.c <<'C'
#include <xlsxwriter.h>
#include <string.h>

int main(int argc, char **argv)
{
	lxw_workbook *book = workbook_new("out.xlsx");
	lxw_worksheet *sheet = workbook_add_worksheet(book, NULL);
	char *values[] = {"yes", "no", NULL};
	for (lxw_col_t col = 0; argc == 2 && col < 4; col++) {
		lxw_data_validation v = {0};
		if (strcmp(argv[1], "range") == 0) {
			v.validate = LXW_VALIDATION_TYPE_LIST_FORMULA;
			v.value_formula = "=$H$10:$H$20";
		} else {
			v.validate = LXW_VALIDATION_TYPE_LIST;
			v.value_list = values;
		}
		worksheet_data_validation_range(sheet, 1, col, 9, col, &v);
	}
	return (int)workbook_close(book);
}
C
gcc -o lists lists.c -lxlsxwriter || exit 77
for kind in range values; do
	valgrind --leak-check=full ./lists $kind 2>&1 | grep -E "definitely lost:|no leaks" >$kind || echo "nothing lost" >$kind
	echo "$kind: $(sed 's/^==[0-9]*== *//' $kind)"
done
grep -q "definitely lost: .* in 4 blocks" range && ! grep -q "definitely lost: [1-9]" values
