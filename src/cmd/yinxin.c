/* yinxin: the bureau's own command.   up | status | stop | init | clock | log verify | verify */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cmd/bureau.h"
#include "cmd/complain.h"
#include "cmd/demo.h"
#include "cmd/logcmd.h"
#include "cmd/receiptcmd.h"
#include "cmd/running.h"
#include "cmd/up.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HELP[] =
	"yinxin: runs a certificate bureau on this machine\n"
	"\n"
	"usage: yinxin up          start the bureau; create a demonstration bureau on the first run\n"
	"       yinxin status      say whether it runs, where, and which of its programs answer\n"
	"       yinxin stop        end it and wait until it is gone\n"
	"       yinxin init        create the demonstration bureau and stop\n"
	"       yinxin clock SEC   move the demonstration's clock by SEC seconds from real time (0: real time)\n"
	"       yinxin verify FILE [--root HEX]  explain a receipt and say whether it proves what it says\n"
	"       yinxin log verify [--data DIR]  recompute the whole log; name what was changed\n"
	"       yinxin COMMAND --help | --help | --version\n"
	"\n"
	"environment:\n"
	"  YINXIN_DATA        folder of the bureau (var)\n"
	"  YINXIN_PORT        port of the site on loopback (8600)\n"
	"  YINXIN_AGENT_PORT  port of the agent on loopback (8610)\n"
	"  YINXIN_PEN         enterprise number (IANA) for the identifiers of a new bureau (none: 2.999)\n"
	"  YINXIN_PIN         web or pinentry: where the agent asks for a PIN (web)\n"
	"  YINXIN_SHARE       folder of templates, SQL and profiles\n"
	"  YINXIN_LOG_KIB     size at which a log file is renamed; four older ones are kept (4096)\n"
	"\n"
	"exit status: 0 done; 1 refused or failed, with one line that says why; 2 wrong usage\n";

/* A start that is refused leaves no folders behind. Where there is a lock, that one tells first whether the bureau
 * runs. */
static enum err look_before(const struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	TRY(bureau_path(b, ".lock", path, sizeof(path)));
	if (file_exists(path))
		return ERR_OK;
	TRY(running_port_free(b->port, "YINXIN_PORT"));
	return running_port_free(b->agent_port, "YINXIN_AGENT_PORT");
}

/* The lock is taken before anything is written: the folder may belong to a bureau that runs. */
static enum err prepare(struct bureau *b, struct up **ret_u)
{
	TRY(bureau_find(b));
	TRY(look_before(b));
	TRY(bureau_folders(b));
	TRY(up_new(b, ret_u));
	return bureau_configure(b);
}

/* The CA certifies the notary's keys in the ceremony and never again. */
static enum err has_notary(const struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	TRY(bureau_path(b, "notary/keys.bin", path, sizeof(path)));
	if (!file_exists(path))
		return ERR(STATE, "%s 中的机构由没有公证程序的旧版本创建;请换一个 YINXIN_DATA,或移走该目录", b->data);
	return ERR_OK;
}

static enum err say_which(const struct bureau *b, const char *made)
{
	struct stat st;
	AUTO_BUF(day, 32);
	char root[BUREAU_PATH_MAX];
	TRY(bureau_path(b, "root.sm3", root, sizeof(root)));
	if (stat(root, &st) != 0 && stat(made, &st) != 0)
		return ERR(IO, "%s", made);
	text_date_cn(&day, st.st_mtim.tv_sec);
	printf("继续使用 %s 中的机构(创建于 %s)\n", b->data, buf_cstr(&day));
	return ERR_OK;
}

/* Creates the bureau when there is none; a half-made one from an interrupted first run is refused by demo_create. */
static enum err create_if_absent(const struct bureau *b, struct up *u)
{
	char path[BUREAU_PATH_MAX];
	TRY(bureau_path(b, "demo.json", path, sizeof(path)));
	if (file_exists(path)) {
		TRY(has_notary(b));
		return say_which(b, path);
	}
	printf("首次运行:正在创建演示机构(测试),约需几秒钟\n");
	fflush(stdout);
	int64_t began = clock_mono_ms();
	TRY(demo_create(b, u));
	printf("演示机构已创建,用时 %.1f 秒\n", (double)(clock_mono_ms() - began) / 1000.0);
	return ERR_OK;
}

static enum err start_all(struct up *u)
{
	static const char *const ORDER[] = {"escrow", "signer", "notary", "convert",
	                                    "portal", "nginx",  "yxcard", "agent"};
	for (size_t i = 0; i < COUNT_OF(ORDER); i++)
		TRY(up_start(u, ORDER[i]));
	return ERR_OK;
}

/* What the other terminal must be told, too: NAME='value' of what was set here. */
static void put_settings(struct buf *out)
{
	static const char *const NAMES[] = {"YINXIN_DATA", "YINXIN_PORT", "YINXIN_AGENT_PORT"};
	for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
		const char *value = getenv(NAMES[i]);
		if (value != NULL && *value)
			/* neither may hold a quotation mark: bureau_find */
			buf_printf(out, "%s='%s' ", NAMES[i], value);
	}
}

static void print_next(const struct bureau *b)
{
	AUTO_BUF(set, 3 * BUREAU_PATH_MAX);
	char here[BUREAU_PATH_MAX] = "";
	if (getcwd(here, sizeof(here)) == NULL)
		here[0] = 0;
	size_t n = strlen(here);
	const char *bin = n > 0 && strncmp(b->bin, here, n) == 0 && b->bin[n] == '/' ? b->bin + n + 1 : b->bin;
	put_settings(&set);
	const char *first = buf_err(&set) == ERR_OK ? buf_cstr(&set) : "";
	printf("下一步(在另一个终端,同一目录下):\n"
	       "  %s%s/yxkey insert clerk-1    插入受理员的介质,再用浏览器打开 %s/login\n"
	       "  %s%s/yinxin status           查看各程序;%syinxin stop 或 Ctrl-C 停止\n"
	       "  手册 %s/manual/  运行记录 %s/log/\n",
	       first, bin, b->origin, first, bin, *first ? "同样前缀的 " : "", b->origin, b->data);
}

static enum err run_up(void)
{
	struct bureau b;
	AUTO(up) u = NULL;
	TRY(prepare(&b, &u));
	TRY(create_if_absent(&b, u));
	TRY(start_all(u));
	if (!b.root)
		printf("演示模式: 进程未隔离(以普通用户运行,所有程序同一用户)\n");
	printf("ready %s/\n", b.origin);
	TRY(demo_print_keys(&b));
	print_next(&b);
	fflush(stdout);
	return up_watch(u);
}

static enum err run_init(void)
{
	struct bureau b;
	AUTO(up) u = NULL;
	char path[BUREAU_PATH_MAX];
	TRY(prepare(&b, &u));
	TRY(bureau_path(&b, "demo.json", path, sizeof(path)));
	if (file_exists(path))
		return ERR(STATE, "%s 中已有演示机构;启动它: yinxin up", b.data);
	return create_if_absent(&b, u);
}

static enum err run_clock(const char *text)
{
	struct bureau b;
	char path[BUREAU_PATH_MAX];
	int64_t sec = 0;
	bool back = text[0] == '-';
	if (text_i64(span_str(text + (back ? 1 : 0)), 0, INT64_C(100) * 366 * 86400, &sec) != ERR_OK)
		return ERR(USAGE, "秒数不正确: %.64s", text);
	TRY(bureau_find(&b));
	TRY(bureau_path(&b, "demo.json", path, sizeof(path)));
	if (!file_exists(path))
		return ERR(STATE, "%s 中没有演示机构;创建并启动: yinxin up", b.data);
	TRY(bureau_path(&b, "clock", path, sizeof(path)));
	return clock_set_offset(path, back ? -sec : sec);
}

/* --- commands --- */

static int up_main(char **argv)
{
	(void)argv;
	enum err e = run_up();
	return e == ERR_OK ? 0 : complain("yinxin up", e);
}

static int init_main(char **argv)
{
	(void)argv;
	enum err e = run_init();
	return e == ERR_OK ? 0 : complain("yinxin init", e);
}

static int clock_main(char **argv)
{
	enum err e = run_clock(argv[0]);
	return e == ERR_OK ? 0 : complain("yinxin clock", e);
}

static int status_main(char **argv)
{
	(void)argv;
	return running_status();
}

static int stop_main(char **argv)
{
	(void)argv;
	return running_stop();
}

static int verify_main(char **argv)
{
	return receiptcmd_verify("yinxin verify", argv[0], argv[1], "var", false);
}

static int log_verify_main(char **argv)
{
	return logcmd_verify(argv[0]);
}

/* run gets the words, then the option's value or NULL. */
static const struct command {
	const char *name, *name2; /* name2: the second word of "log verify" */
	int words;
	const char *option;
	int (*run)(char **argv);
	const char *help;
} COMMANDS[] = {
	{"up", NULL, 0, NULL, up_main,
         "usage: yinxin up\n\nStarts the bureau in YINXIN_DATA and watches its programs until INT, TERM or yinxin stop. Creates a\n"
         "demonstration bureau on the first run. Prints \"ready http://localhost:PORT/\", the keys, and what to do next.\n"},
	{"status", NULL, 0, NULL, status_main,
         "usage: yinxin status\n\nSays whether the bureau in YINXIN_DATA runs, its process, addresses, and which programs answer.\n"
         "Exit status 0: all of them answer; 1: it does not run, or not all answer.\n"},
	{"stop", NULL, 0, NULL, stop_main,
         "usage: yinxin stop\n\nEnds the bureau in YINXIN_DATA and waits until it is gone. Done, too, when it does not run.\n"},
	{"init", NULL, 0, NULL, init_main,
         "usage: yinxin init\n\nCreates the demonstration bureau in YINXIN_DATA, with its ceremony, and stops.\n"},
	{"clock", NULL, 1, NULL, clock_main,
         "usage: yinxin clock SEC\n\nMoves the clock of all processes of the demonstration in YINXIN_DATA by SEC seconds (negative: back)\n"
         "from real time; 0 is real time again.\n"},
	{"verify", NULL, 1, "--root", verify_main,
         "usage: yinxin verify FILE [--root HEX]\n\nExplains a receipt step by step and says whether it proves what it says; needs no network.\n"
         "  --root HEX   SM3 of the bureau's root certificate; else $YINXIN_DATA/root.sm3, else /etc/yinxin/root.sm3,\n"
         "               (YINXIN_DATA not set: last, var/root.sm3)\n"},
	{"log", "verify", 0, "--data", log_verify_main,
         "usage: yinxin log verify [--data DIR]\n\nComputes the whole log of the bureau anew with all rows that it covers, and names what was changed.\n"
         "  --data DIR   folder of the bureau; else $YINXIN_DATA, else var\n"},
};

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int wrong(const struct command *c, const char *why, const char *word)
{
	fprintf(stderr, "yinxin: %s%s%.64s;用法见 yinxin %s%s%s --help\n", why, *word ? ": " : "", word, c->name,
	        c->name2 != NULL ? " " : "", c->name2 != NULL ? c->name2 : "");
	return 2;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	char *args[3] = {NULL, NULL, NULL};
	int words = 0;
	for (int i = 0; i < argc; i++) {
		if (is_help(argv[i]))
			return fputs(c->help, stdout) < 0;
		if (c->option != NULL && strcmp(argv[i], c->option) == 0) {
			if (i + 1 == argc || args[c->words] != NULL)
				return wrong(c, args[c->words] != NULL ? "参数重复" : "参数后缺少值", argv[i]);
			args[c->words] = argv[++i];
		} else if (argv[i][0] == '-' && !(c->run == clock_main && argv[i][1] >= '0' && argv[i][1] <= '9')) {
			return wrong(c, "不认识的参数", argv[i]);
		} else if (words == c->words) {
			return wrong(c, "多余的参数", argv[i]);
		} else {
			args[words++] = argv[i];
		}
	}
	return words < c->words ? wrong(c, "缺少参数", "") : c->run(args);
}

static int dispatch(int argc, char **argv)
{
	bool first_known = false;
	for (size_t i = 0; i < COUNT_OF(COMMANDS); i++) {
		const struct command *c = &COMMANDS[i];
		if (strcmp(argv[0], c->name) != 0)
			continue;
		first_known = true;
		if (c->name2 == NULL)
			return run_command(c, argc - 1, argv + 1);
		if (argc > 1 && strcmp(argv[1], c->name2) == 0)
			return run_command(c, argc - 2, argv + 2);
		if (argc == 1 || is_help(argv[1])) /* "yinxin log --help" */
			return argc == 1 ? wrong(c, "缺少子命令", "verify") : fputs(c->help, stdout) < 0;
	}
	return unknown("yinxin",
	               argv[0][0] == '-' ? "参数"
	               : first_known     ? "子命令"
	                                 : "命令",
	               argv[first_known ? 1 : 0]);
}

int main(int argc, char **argv)
{
	secret_process_harden();
	log_open("yinxin", LOG_WARN);
	if (argc < 2) {
		fputs(HELP, stderr);
		return 2;
	}
	if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
		return fputs(HELP, stdout) < 0;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("yinxin 0.1.0") < 0;
	return dispatch(argc - 1, argv + 1);
}
