/* A receipt checked again and again in one process, beside this run's SM2.   usage: yx_bench_receipt FILE ROOT_SM3_HEX
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "evidence/verify.h"
#include "gm/sm2.h"
#include "gm/start.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { FILE_MAX = 8 << 20, RUN_MS = 1500 };

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void count_act(const struct verify_act *a, void *ctx)
{
	(void)a;
	(*(size_t *)ctx)++;
}

static enum err measure(const char *path, const char *root)
{
	size_t acts = 0, n = 0;
	AUTO_BUF(file, FILE_MAX);
	AUTO_BUF(digest, 32);
	TRY(file_read(path, &file));
	TRY(text_unhex(span_str(root), &digest));
	struct verify_plan plan = {.root_sm3 = digest.ptr, .now = clock_now(NULL), .act = count_act, .ctx = &acts};
	TRY(verify_receipt(buf_span(&file), &plan));
	size_t of_one = acts;
	double began = seconds(), spent;
	do {
		TRY(verify_receipt(buf_span(&file), &plan));
		n++;
		spent = seconds() - began;
	} while (spent * 1000 < RUN_MS);
	printf("%-46s %10.2f ms\n", "a receipt verified, in one process", spent / (double)n * 1e3);
	printf("    %zu acts, %.1f KiB\n", of_one, (double)file.len / 1024);
	return ERR_OK;
}

int main(int argc, char **argv)
{
	if (argc != 3 || gm_start() != ERR_OK)
		return 2;
	enum err e = measure(argv[1], argv[2]);
	if (e != ERR_OK)
		fprintf(stderr, "yx_bench_receipt: %s: %s\n", err_name(e), err_detail());
	return e != ERR_OK;
}
