/* yinxin-verify: explains a receipt, offline. Static: it runs where nothing else is. */
#include "cmd/complain.h"
#include "cmd/receiptcmd.h"
#include "gm/start.h"
#include <stdio.h>
#include <string.h>

static const char HELP[] =
	"yinxin-verify: checks a receipt (回执) step by step, offline\n"
	"\n"
	"usage: yinxin-verify FILE [--root HEX] [--text]\n"
	"       yinxin-verify --help | --version\n"
	"\n"
	"  --root HEX   SM3 of the bureau's root certificate; else $YINXIN_DATA/root.sm3, else /etc/yinxin/root.sm3\n"
	"  --text       print what was signed, the whole text of each act\n"
	"\n"
	"exit status: 0 the receipt proves what it says; 1 it does not, or no root is pinned; 2 wrong usage\n";

static int wrong_usage(void)
{
	fprintf(stderr, "yinxin-verify: wrong usage; see yinxin-verify --help\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *file = NULL, *root = NULL;
	bool texts = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return fputs(HELP, stdout) < 0;
		if (strcmp(argv[i], "--version") == 0)
			return puts("yinxin-verify 0.1.0") < 0;
		if (strcmp(argv[i], "--root") == 0 && i + 1 < argc && root == NULL)
			root = argv[++i];
		else if (strcmp(argv[i], "--text") == 0)
			texts = true;
		else if (file == NULL && argv[i][0] != '-')
			file = argv[i];
		else
			return argv[i][0] == '-' && strcmp(argv[i], "--root") != 0
			               ? unknown("yinxin-verify", "参数", argv[i])
			               : wrong_usage();
	}
	if (file == NULL)
		return wrong_usage();
	if (gm_start() != ERR_OK) {
		fprintf(stderr, "yinxin-verify: %s(%s)\n", err_zh(ERR_INTERNAL), err_code(ERR_INTERNAL));
		return 1;
	}
	return receiptcmd_verify("yinxin-verify", file, root, NULL, texts);
}
