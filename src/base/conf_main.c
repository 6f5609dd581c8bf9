#include "base/conf_i.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YX_VERSION "0.1.0"

struct args {
	const char *program, *file;
	bool only_check;
};

static enum err usage(const struct args *a, const char *why, const char *what)
{
	fprintf(stderr, "%s: %s%s%s;用法见 %s --help\n", a->program, why, what != NULL ? ": " : "",
	        what != NULL ? what : "", a->program);
	return ERR(USAGE, "%s", why);
}

static void print_option(const struct conf_opt *o)
{
	printf("  %-24s %s\n", o->key, o->help != NULL ? o->help : "");
	if (o->type == CONF_INT)
		printf("  %-24s 范围 %lld 至 %lld\n", "", (long long)o->min, (long long)o->max);
	if (o->type == CONF_CHOICE)
		printf("  %-24s 可选 %s\n", "", o->choices);
	if (o->type == CONF_BOOL)
		printf("  %-24s 可选 yes|no\n", "");
	printf("  %-24s %s%s\n", "", o->fallback != NULL ? "默认 " : "必填", o->fallback != NULL ? o->fallback : "");
}

static _Noreturn void help(const char *program, const char *purpose, const struct conf_opt *opts)
{
	printf("%s - %s\n\n用法: %s [-c 文件] [-o 键=值]... [-n]\n\n", program, purpose, program);
	printf("  -c 文件       读取配置文件,每行“键 = 值”,# 开头为注释\n"
	       "  -o 键=值      覆盖一项配置,可重复\n"
	       "  -n            只检查配置并打印生效值\n"
	       "  -h, --help    显示本说明\n"
	       "  --version     显示版本\n\n配置项:\n");
	for (; opts->key != NULL; opts++)
		print_option(opts);
	exit(fflush(stdout) == 0 ? 0 : 1);
}

static _Noreturn void version(const char *program)
{
	printf("%s %s\n", program, YX_VERSION);
	exit(fflush(stdout) == 0 ? 0 : 1);
}

static bool is_one(const char *arg, const char *a, const char *b)
{
	return strcmp(arg, a) == 0 || (b != NULL && strcmp(arg, b) == 0);
}

/* First pass: everything but -o, whose settings come on top of the file wherever they stand. */
static enum err scan(int argc, char **argv, struct args *a, const char *purpose, const struct conf_opt *opts)
{
	for (int i = 1; i < argc; i++) {
		if (is_one(argv[i], "-h", "--help"))
			help(a->program, purpose, opts);
		if (is_one(argv[i], "--version", NULL))
			version(a->program);
		if (is_one(argv[i], "-n", NULL)) {
			a->only_check = true;
			continue;
		}
		if (!is_one(argv[i], "-c", "-o"))
			return usage(a, "不认识的参数", argv[i]);
		if (i + 1 >= argc)
			return usage(a, "参数后缺少值", argv[i]);
		i++;
		if (argv[i - 1][1] != 'c')
			continue;
		if (a->file != NULL)
			return usage(a, "-c 只能给出一次", NULL);
		a->file = argv[i];
	}
	return ERR_OK;
}

static enum err apply_one(struct conf *c, const struct args *a, const char *setting)
{
	char key[64];
	const char *eq = strchr(setting, '=');
	size_t len = eq != NULL ? (size_t)(eq - setting) : 0;

	if (len == 0 || len >= sizeof(key))
		return usage(a, "-o 后应为 键=值", setting);
	memcpy(key, setting, len);
	key[len] = '\0';
	enum err e = conf_set(c, key, eq + 1);
	return e == ERR_CONFIG ? usage(a, "-o 的值不正确", err_detail()) : e;
}

static enum err apply(struct conf *c, const struct args *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (is_one(argv[i], "-c", NULL))
			i++;
		else if (is_one(argv[i], "-o", NULL))
			TRY(apply_one(c, a, argv[++i]));
	}
	return ERR_OK;
}

static _Noreturn void print_and_exit(const struct conf *c)
{
	AUTO_BUF(out, 4 * CONF_TEXT_MAX);

	conf_print(c, &out);
	fputs(buf_cstr(&out), stdout);
	exit(buf_err(&out) == ERR_OK && fflush(stdout) == 0 ? 0 : 1);
}

static enum err complain(const struct args *a, enum err e)
{
	fprintf(stderr, "%s: %s: %s;%s\n", a->program, err_zh(e), err_detail(), "请改正后用 -n 检查");
	return e;
}

enum err conf_main(int argc, char **argv, const char *program, const char *purpose, const struct conf_opt *opts,
                   struct conf **ret_c)
{
	struct args a = {.program = program};
	AUTO(conf) c = NULL;

	TRY(scan(argc, argv, &a, purpose, opts));
	enum err e = conf_open_(a.file, opts, &c);
	if (e != ERR_OK)
		return complain(&a, e);
	TRY(apply(c, &a, argc, argv));
	e = conf_check_(c);
	if (e != ERR_OK)
		return complain(&a, e);
	if (a.only_check)
		print_and_exit(c);
	*ret_c = STEAL(c);
	return ERR_OK;
}
