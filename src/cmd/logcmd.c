#include "cmd/logcmd.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/bureau.h"
#include "cmd/complain.h"
#include "cmd/receiptcmd.h"
#include "evidence/log_check.h"
#include "server/covered/covered.h"
#include "server/notary/client.h"
#include "store/conn.h"
#include "store/migrate.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_MAX = 1000 };

struct job {
	struct bureau b;
	struct stmts *stmts;
	struct conn *conn;
	struct cert *log, *ca;
	char bureau[65];
	bool terminal;
	unsigned long shown;
	struct log_check check;
	struct log_sum sum;
	struct notary_hello notary;
	bool notary_answered;
};

static void job_done(struct job *j)
{
	notary_hello_done(&j->notary);
	conn_close(j->conn);
	stmts_free(j->stmts);
	cert_free(j->log);
	cert_free(j->ca);
}

/* --- what is shown --- */

static void show_fault(const struct log_fault *f, void *ctx)
{
	struct job *j = ctx;

	if (j->terminal)
		fputs("\r\033[K", stderr);
	if (++j->shown > SHOWN_MAX)
		return;
	printf("不符: 表 %s 行 ", f->table);
	receiptcmd_put(span_str(f->row)); /* from a row that somebody may have written to hide this line */
	printf("%s%s: %s\n", f->column[0] ? " 列 " : "", f->column, f->what);
}

static void show_progress(uint64_t done, uint64_t total, void *ctx)
{
	const struct job *j = ctx;

	if (j->terminal && total > 0)
		fprintf(stderr, "\r正在核对日志 %llu%%",
		        (unsigned long long)(done >= total ? 100 : done * 100 / total));
}

static void show_sum(const struct job *j)
{
	char hex[2 * sizeof(j->sum.root) + 1];

	text_hex_str(SPAN_ARR(j->sum.root), hex);
	printf("日志条目 %llu,其中待排序 %llu;日志头 %llu;所覆盖的数据行 %llu\n树大小 %llu,树根 %s\n",
	       (unsigned long long)j->sum.entries, (unsigned long long)j->sum.pending, (unsigned long long)j->sum.heads,
	       (unsigned long long)j->sum.rows, (unsigned long long)j->sum.size, hex);
	if (j->shown > SHOWN_MAX)
		printf("另有 %lu 处未列出\n", j->shown - SHOWN_MAX);
	if (j->sum.unsigned_heads > 0)
		printf("提示: %llu 个日志头没有签名(公证服务未启用)\n", (unsigned long long)j->sum.unsigned_heads);
	printf(j->sum.faults == 0 ? "结论: 日志完整,与数据一致\n" : "结论: 发现 %llu 处不符\n",
	       (unsigned long long)j->sum.faults);
}

/* --- what is opened --- */

static enum err load_cert(const struct bureau *b, const char *name, struct cert **ret_c)
{
	char path[BUREAU_PATH_MAX];
	AUTO_BUF(der, CERT_DER_MAX);

	TRY(bureau_path(b, name, path, sizeof(path)));
	TRY(file_read(path, &der));
	return cert_parse(buf_span(&der), ret_c);
}

static enum err load_bureau(struct job *j)
{
	char path[BUREAU_PATH_MAX];
	AUTO_BUF(line, 128);
	AUTO_BUF(digest, 32);

	TRY(bureau_path(&j->b, "root.sm3", path, sizeof(path)));
	if (!file_exists(path))
		return ERR(STATE, "%s 中没有机构;请用 --data 或 YINXIN_DATA 指出数据目录,或先启动一次(yinxin up)",
		           j->b.data);
	TRY(file_read(path, &line));
	if (line.len < 64 || text_unhex(span_sub(buf_span(&line), 0, 64), &digest) != ERR_OK)
		return ERR(CONFIG, "%s holds no digest", path);
	(void)snprintf(j->bureau, sizeof(j->bureau), "%.64s", buf_cstr(&line));
	TRY(load_cert(&j->b, "ca/ca.cer", &j->ca));
	if (load_cert(&j->b, "ca/log.cer", &j->log) != ERR_OK)
		err_clear(); /* a bureau without a notary */
	return ERR_OK;
}

static enum err open_database(struct job *j)
{
	char path[BUREAU_PATH_MAX];

	log_tables_use(covered_tables);
	TRY(bureau_path(&j->b, "yinxin.db", path, sizeof(path)));
	if (!file_exists(path))
		return ERR(ABSENT, "%s", path);
	TRY(stmts_load(j->b.sql, &j->stmts));
	TRY(conn_open(path, j->stmts, CONN_READER, &j->conn));
	enum err e = migrate_check(j->conn, j->b.sql);
	return e == ERR_STATE ? ERR(STATE, "%s 是旧版本的数据(%s);请先用本版本启动一次(yinxin up),再核对日志", path,
	                            err_detail())
	                      : e;
}

/* --- what the notary remembers: entries and heads cut off together at the end show only there --- */

/* Before the snapshot: whatever head the notary has signed by now is over entries that the snapshot then has. */
static enum err ask_notary(struct job *j)
{
	char path[BUREAU_PATH_MAX];
	AUTO(notary_client) c = NULL;

	TRY(bureau_path(&j->b, "run/notary/notary.sock", path, sizeof(path)));
	TRY(notary_client_new(path, &c));
	TRY(notary_hello(c, &j->notary));
	j->notary_answered = true;
	return ERR_OK;
}

static enum err compare_notary(struct job *j, struct tx *tx)
{
	const struct notary_hello *h = &j->notary;
	uint8_t root[32];
	struct log_fault f = {.table = "log_head",
	                      .column = "size",
	                      .what = "日志短于公证服务最后签名的日志头:末尾被删除"};

	if (h->size == 0)
		return ERR_OK;
	(void)snprintf(f.row, sizeof(f.row), "%llu", (unsigned long long)h->size);
	bool differs = h->size > j->sum.size;
	if (!differs) {
		TRY(log_root(tx, h->epoch, h->size, root));
		differs = !span_eq(SPAN_ARR(root), SPAN_ARR(h->root));
		f.column = "root";
		f.what = "与公证服务最后签名的日志头不符";
	}
	if (differs) {
		show_fault(&f, j);
		j->sum.faults++;
	}
	return ERR_OK;
}

static enum err check_snapshot(struct job *j)
{
	struct tx tx = {j->conn, false};

	TRY(conn_begin(j->conn, false));
	enum err e = log_check(&tx, &j->check, &j->sum);
	if (j->terminal)
		fputs("\r\033[K", stderr);
	if (j->notary_answered && (e == ERR_OK || e == ERR_LOG_DAMAGED) && compare_notary(j, &tx) != ERR_OK)
		err_clear(); /* a tree without the nodes of that head: named already */
	conn_rollback(j->conn);
	return e;
}

static enum err check(struct job *j)
{
	j->check = (struct log_check){.bureau = j->bureau,
	                              .log = j->log,
	                              .ca = j->ca,
	                              .signed_heads = j->log != NULL,
	                              .fault = show_fault,
	                              .progress = show_progress,
	                              .ctx = j};
	if (j->log != NULL && ask_notary(j) != ERR_OK)
		err_clear();
	enum err e = check_snapshot(j);
	if (e != ERR_OK && e != ERR_LOG_DAMAGED)
		return e;
	if (j->log != NULL && !j->notary_answered) {
		printf("提示: 公证服务未应答,末尾是否被删除未能核对(%s)\n", err_zh(ERR_UNAVAILABLE));
		err_clear();
	}
	show_sum(j);
	return j->sum.faults == 0 ? ERR_OK : ERR(LOG_DAMAGED, "%llu", (unsigned long long)j->sum.faults);
}

int logcmd_verify(const char *data)
{
	struct job j = {.terminal = isatty(2) == 1};

	if (data != NULL && setenv("YINXIN_DATA", data, 1) != 0)
		return 1;
	enum err e = bureau_find(&j.b);
	if (e == ERR_OK)
		e = load_bureau(&j);
	if (e == ERR_OK)
		e = open_database(&j);
	if (e == ERR_OK)
		e = check(&j);
	job_done(&j);
	if (e != ERR_OK && e != ERR_LOG_DAMAGED)
		return complain("yinxin log verify", e);
	return e == ERR_OK ? 0 : 1;
}
