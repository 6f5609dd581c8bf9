/* Reads "month wage_fen class float_ppm mask-codes" lines on stdin, prints base and every share; the last line is the
 * bill. For independent.py, which computes the same from the tables with exact fractions. */
#include "server/insurance/bill.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned mask_of(const struct tables *t, const char *codes)
{
	unsigned mask = 0;
	for (; strlen(codes) >= 3; codes += 3) {
		char code[4] = {codes[0], codes[1], codes[2], 0};
		int i = tables_ins(t, code);
		mask |= i < 0 ? 0 : 1u << i;
	}
	return mask;
}

static int one(const struct tables *t, const char *line, struct bill *b)
{
	struct payer p = {0};
	char codes[64];
	int month = 0;
	struct contribution c;
	if (sscanf(line, "%d %" SCNd64 " %d %" SCNd64 " %63s", &month, &p.wage_fen, &p.risk_class, &p.float_ppm,
	           codes) != 5)
		return 2;
	p.ins = mask_of(t, codes);
	if (contribution_of(t, month, &p, &c) != ERR_OK) {
		fprintf(stderr, "%s\n", err_detail());
		return 1;
	}
	printf("%" PRId64, c.base_fen);
	for (size_t i = 0; i < t->n_ins; i++)
		if (c.ins & 1u << i)
			printf(" %s:%" PRId64 ":%" PRId64, t->ins[i].code, c.share[i].unit_fen, c.share[i].person_fen);
	printf("\n");
	bill_add(b, &c);
	return 0;
}

int main(int argc, char **argv)
{
	AUTO(tables) t = NULL;
	struct bill b;
	char line[256];
	if (argc != 2 || tables_load(argv[1], &t) != ERR_OK) {
		fprintf(stderr, "%s\n", err_detail());
		return 1;
	}
	bill_init(&b, 0);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		int rc = one(t, line, &b);
		if (rc != 0)
			return rc;
	}
	printf("total %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", b.persons, b.unit_fen, b.person_fen,
	       b.total_fen);
	return 0;
}
