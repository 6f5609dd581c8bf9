/* yinxin-portal: asks the signer for the bureau and the data key, gives up what it does not need, serves pages over
 * SCGI. */
#include "base/log.h"
#include "base/secret.h"
#include "cmd/daemon.h"
#include "ipc/peer.h"
#include "server/insurance/month_turn.h"
#include "server/notary/client.h"
#include "server/business/staff_rows.h"
#include "server/business/lists.h"
#include "server/cert/cert_service.h"
#include "server/covered/covered.h"
#include "server/filing/definitions.h"
#include "server/filing/filing_log.h"
#include "server/portal/act_status.h"
#include "server/portal/run/converting.h"
#include "server/portal/filing_pages.h"
#include "server/portal/run/log_turn.h"
#include "server/portal/ocsp_cache.h"
#include "server/portal/run/progress.h"
#include "server/portal/staff.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FILES_MAX = 1024,
	BACKLOG = 2048 /* nginx holds no more connections: none is refused */,
	MACHINE_WORKERS = 4,
	SIGNER_WAIT_MS = 15000,
	SIGNER_RETRY_MS = 200,
	CRL_SEC = 60,
	BILLS_MS = 20000,
	PATH_ROOM = 1024
};

static const struct conf_opt options[] = {
	{"origin", CONF_STR, NULL, 0, 0, NULL, "网站地址(协议、主机、端口),例如 http://localhost:8600"},
	{"agent_origin", CONF_STR, "http://127.0.0.1:8610", 0, 0, NULL, "证书助手的地址"},
	{"bureau_name", CONF_STR, "长沙市人力资源和社会保障局(测试)", 0, 0, NULL, "页眉上的机构名称"},
	{"socket", CONF_PATH, NULL, 0, 0, NULL, "监听的 SCGI 套接字"},
	{"machine_socket", CONF_STR, "", 0, 0, NULL, "供程序查询证书状态和时间戳的 SCGI 套接字,留空则不提供"},
	{"socket_mode", CONF_CHOICE, "0666", 0, 0, "0660|0666", "套接字权限"},
	{"signer_socket", CONF_PATH, NULL, 0, 0, NULL, "签发服务的 unix 套接字"},
	{"notary_socket", CONF_STR, "", 0, 0, NULL, "公证服务的 unix 套接字,留空则不提供证书状态查询和时间戳"},
	{"data", CONF_PATH, NULL, 0, 0, NULL, "数据目录,数据库 yinxin.db 在其中"},
	{"templates", CONF_PATH, NULL, 0, 0, NULL, "页面模板目录"},
	{"sql", CONF_PATH, NULL, 0, 0, NULL, "SQL 目录"},
	{"tables", CONF_STR, "", 0, 0, NULL, "文字与代码表目录,留空为模板目录旁的 tables"},
	{"convert_socket", CONF_STR, "", 0, 0, NULL, "文件转换的 unix 套接字(yinxin-convert serve),留空则不能上传文件"},
	{"clock", CONF_STR, "", 0, 0, NULL, "演示用时钟文件,留空为真实时间"},
	{"user", CONF_STR, "yinxin-portal", 0, 0, NULL, "以 root 启动时切换到的系统用户"},
	{"workers", CONF_INT, "8", 1, 64, NULL, "工作线程数"},
	{"idle_min", CONF_INT, "30", 1, 1440, NULL, "会话空闲时限(分钟)"},
	{"session_hours", CONF_INT, "12", 1, 72, NULL, "会话最长时限(小时)"},
	{"maker_may_accept", CONF_BOOL, "no", 0, 0, NULL, "双人窗口:制证员可由受理员兼任,须与签发服务一致"},
	{NULL},
};

/* Blocked while the workers start, so that only the main thread's wait hears it. */
static void hold_signals(sigset_t *ret_wait)
{
	(void)sigemptyset(ret_wait);
	(void)sigaddset(ret_wait, SIGTERM);
	(void)sigaddset(ret_wait, SIGINT);
	(void)sigprocmask(SIG_BLOCK, ret_wait, NULL);
}

static bool stop_within(const sigset_t *wait, int64_t ms)
{
	const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
	return daemon_stop || sigtimedwait(wait, NULL, &t) > 0;
}

static void report(const struct web_done *d)
{
	char status[8], msec[24];
	(void)snprintf(status, sizeof(status), "%d", d->status);
	(void)snprintf(msec, sizeof(msec), "%lld", (long long)d->msec);
	if (d->e == ERR_OK)
		LOG(INFO, "request", {"method", d->method}, {"route", d->route}, {"status", status}, {"ms", msec});
	else
		LOG(WARN, "request", {"method", d->method}, {"route", d->route}, {"status", status}, {"ms", msec},
		    {"code", err_code(d->e)}, {"name", err_name(d->e)}, {"detail", d->detail}, {"at", d->where});
}

/* Statuses and stamps: what went well is no event, and a line for each would be a list of who asks about whom. */
static void report_fault(const struct web_done *d)
{
	if (d->e != ERR_OK)
		report(d);
}

/* --- what is opened while still root --- */

struct opened {
	const struct conf *c;
	const struct clock *clock;
	struct portal app;
	struct web_config web, machine;
	struct views *views;
	struct store *store;
	struct field_keys *keys;
	struct convert *convert;
	struct tables *money; /* rates, bases, calendar */
	struct services *services;
	struct businesses businesses;
	struct lists *lists; /* of the tables, for definitions */
	struct cert_service cert;
	struct filing_desk filing;
	enum err bills; /* of the last turn of the months */
	struct month_turns turns;
	int64_t bills_until;
	int listener, machine_fd, sql_fd;
	char sql[64];
};

/* The folder of a source tree may lie where the portal's user cannot go; the descriptor leads into it all the same. */
static enum err open_sql(struct opened *o)
{
	o->sql_fd = open(conf_str(o->c, "sql"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->sql_fd < 0)
		return ERR(CONFIG, "sql: %s", strerror(errno));
	(void)snprintf(o->sql, sizeof(o->sql), "/proc/self/fd/%d", o->sql_fd);
	return ERR_OK;
}

static bool works_on(void *ctx, int64_t midnight_cn)
{
	return calendar_works(ctx, midnight_cn);
}

static bool knows_year(void *ctx, int year)
{
	return calendar_knows(ctx, year);
}

/* A year without data counts weekends only; dates that rest on it are marked, and here it is said once. */
static void report_calendar(const struct opened *o)
{
	int year = terms_year(clock_now(o->clock));
	for (int y = year; y <= year + 1; y++) {
		char text[16];
		(void)snprintf(text, sizeof(text), "%d", y);
		if (!calendar_knows(o->money->calendar, y))
			LOG(WARN, "calendar", {"year", text},
			    {"detail", "no holidays in calendar.json: weekends only"});
	}
}

/* The businesses: definitions beside the templates, what they name from server/insurance. */
static enum err open_services(struct opened *o, const char *tables)
{
	char dir[PATH_ROOM];
	if ((size_t)snprintf(dir, sizeof(dir), "%s/../services", conf_str(o->c, "templates")) >= sizeof(dir))
		return ERR(CONFIG, "templates: path is too long");
	TRY(tables_load(tables, &o->money));
	o->app.insurance = o->money;
	businesses_init(&o->businesses, &o->app.desk, o->money);
	cert_service_init(&o->cert, &o->app.desk);
	TRY(lists_new(o->money, &o->lists));
	o->businesses.registry.next = lists_registry(o->lists);
	lists_registry(o->lists)->next = &o->cert.registry;
	TRY(services_load(dir, &o->businesses.registry, &o->services));
	const struct terms terms = {works_on, knows_year, o->money->calendar};
	TRY(cert_service_bind(&o->cert, o->services, &terms));
	o->app.desk.rules = &o->cert.rules;
	report_calendar(o);
	return ERR_OK;
}

static enum err open_converter(struct opened *o)
{
	if (conf_str(o->c, "convert_socket")[0] == '\0')
		return ERR_OK;
	TRY(convert_new(conf_str(o->c, "convert_socket"), &o->convert));
	return converting_new(o->convert, (unsigned)conf_int(o->c, "workers"), &o->app.converting);
}

static enum err open_files(struct opened *o)
{
	char tables[PATH_ROOM];
	const char *given = conf_str(o->c, "tables");
	mode_t mode = strcmp(conf_str(o->c, "socket_mode"), "0660") == 0 ? 0660 : 0666;
	if ((size_t)snprintf(tables, sizeof(tables), "%s/../tables", conf_str(o->c, "templates")) >= sizeof(tables))
		return ERR(CONFIG, "templates: path is too long");
	TRY(views_load(conf_str(o->c, "templates"), &o->views));
	TRY(model_tables_load(given[0] != 0 ? given : tables, &o->app.tables));
	TRY(open_services(o, given[0] != 0 ? given : tables));
	TRY(open_sql(o));
	TRY(progress_new(&o->app.progress));
	if (conf_str(o->c, "machine_socket")[0] != '\0')
		TRY(peer_listen(conf_str(o->c, "machine_socket"), mode, BACKLOG, &o->machine_fd));
	TRY(staff_new(&o->app.staff));
	return peer_listen(conf_str(o->c, "socket"), mode, BACKLOG, &o->listener);
}

/* --- what the signer gives --- */

static enum err hello_once(struct opened *o)
{
	struct signer_hello h = {0};
	TRY(signer_hello(o->app.signer, &h));
	if (h.state != SIGNER_OPEN) {
		signer_hello_done(&h);
		return ERR(UNAVAILABLE, "signer's ceremony is not closed");
	}
	memcpy(o->app.desk.bureau, h.bureau, sizeof(o->app.desk.bureau));
	enum err e = trust_new(h.root, h.ca, h.bureau, clock_now(o->clock), &o->app.trust);
	if (e == ERR_OK)
		e = trust_set_root_crl(o->app.trust, STEAL(h.root_crl));
	h.root = h.ca = NULL;
	signer_hello_done(&h);
	return e;
}

/* Portal and signer start at the same time: ask again for a while. */
static enum err hello_patiently(struct opened *o, const sigset_t *wait)
{
	int64_t until = clock_mono_ms() + SIGNER_WAIT_MS;
	for (;;) {
		enum err e = hello_once(o);
		if (e == ERR_OK || clock_mono_ms() >= until || stop_within(wait, SIGNER_RETRY_MS))
			return e;
		err_clear();
	}
}

static enum err ask_signer(struct opened *o, const sigset_t *wait)
{
	AUTO(secret) key = NULL;
	TRY(signer_client_new(conf_str(o->c, "signer_socket"), &o->app.signer));
	if (conf_str(o->c, "notary_socket")[0] != '\0')
		TRY(notary_client_new(conf_str(o->c, "notary_socket"), &o->app.notary));
	TRY(ocsp_cache_new(&o->app.ocsp));
	TRY(hello_patiently(o, wait));
	TRY(trust_follow_signer(o->app.trust, o->app.signer));
	TRY(trust_refresh(o->app.trust));
	TRY(signer_data_key(o->app.signer, &key));
	return field_keys_new(key, &o->keys);
}

/* --- the rest --- */

static enum err confine(const struct opened *o)
{
	return daemon_confine(&(struct daemon_cell){
		.files = FILES_MAX, .ro = o->sql, .rw = conf_str(o->c, "data"), .calls = SANDBOX_PORTAL});
}

static enum err open_store(struct opened *o)
{
	char path[PATH_ROOM];
	if ((size_t)snprintf(path, sizeof(path), "%s/yinxin.db", conf_str(o->c, "data")) >= sizeof(path))
		return ERR(CONFIG, "data: path is too long");
	log_tables_use(covered_tables);
	TRY(store_open(path, o->sql, (unsigned)conf_int(o->c, "workers"), &o->store));
	return sessions_new(o->store, o->clock, conf_int(o->c, "idle_min") * 60, conf_int(o->c, "session_hours") * 3600,
	                    &o->app.sessions);
}

static void assemble(struct opened *o)
{
	struct portal *p = &o->app;
	p->origin = conf_str(o->c, "origin");
	p->agent_origin = conf_str(o->c, "agent_origin");
	p->bureau_name = conf_str(o->c, "bureau_name");
	p->idle_sec = conf_int(o->c, "idle_min") * 60;
	p->started = clock_now(o->clock);
	p->desk.store = o->store;
	p->desk.keys = o->keys;
	p->desk.clock = o->clock;
	p->desk.signer = p->signer;
	p->desk.cert_status = portal_cert_status;
	p->desk.cert_status_ctx = p->trust;
	p->desk.act_judge = portal_act_judge;
	p->desk.act_proved = portal_act_proved;
	p->desk.act_ctx = p;
	p->desk.maker_may_accept = conf_bool(o->c, "maker_may_accept");
	o->filing = (struct filing_desk){.desk = &p->desk,
	                                 .services = o->services,
	                                 .is_working_day = works_on,
	                                 .knows_year = knows_year,
	                                 .calendar_ctx = o->money->calendar};
	filing_log_connect(&o->filing);
	p->filing = &o->filing;
	o->web = (struct web_config){.origin = p->origin,
	                             .agent_origin = p->agent_origin,
	                             .answer_max = LIMIT_RECEIPT,
	                             .bureau_name = p->bureau_name,
	                             .workers = (unsigned)conf_int(o->c, "workers"),
	                             .routes = portal_routes,
	                             .common = page_common,
	                             .sessions = p->sessions,
	                             .may_go_on = portal_may_go_on,
	                             .views = o->views,
	                             .app = p,
	                             .clock = o->clock,
	                             .done = report};
	o->machine = o->web;
	o->machine.workers = MACHINE_WORKERS;
	o->machine.routes = portal_machine_routes;
	o->machine.sessions = NULL;
	o->machine.views = NULL;
	o->machine.done = report_fault;
}

static void refresh(struct opened *o)
{
	enum err e = portal_refresh(&o->app);
	if (e != ERR_OK)
		log_err("crl", e);
}

/* 自动作废 of what nobody finished in its time. */
static void tick(struct opened *o)
{
	size_t done = 0;
	enum err e = filing_tick(&o->filing, &done);
	if (e != ERR_OK)
		log_err("filing timers", e);
	e = case_tick(&o->app.desk, &done);
	if (e != ERR_OK)
		log_err("case timers", e);
}

/* The months' bills; a fault of the tables or registers is told once, not every minute. */
/* A signal that waits is left for serve() to take. */
static bool bills_enough(void *ctx)
{
	const struct opened *o = ctx;
	sigset_t waiting;
	bool stop = sigpending(&waiting) == 0 &&
	            (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1);
	return stop || clock_mono_ms() >= o->bills_until;
}

/* Bills wait for the revocation list, not the other way round. */
static void turn_bills(struct opened *o)
{
	size_t done = 0;
	o->bills_until = clock_mono_ms() + BILLS_MS;
	o->turns.enough = bills_enough;
	o->turns.ctx = o;
	enum err e = month_turn(&o->app.desk, o->money, &o->turns, &done);
	if (e != ERR_OK && e != o->bills)
		log_err(MONTH_TURN_RULE, e);
	err_clear();
	o->bills = e;
}

/* Once for each change: a notary that is down would fill the log otherwise. */
static void report_log(enum err e)
{
	if (e != ERR_OK)
		log_err("sequencer", e);
	else
		LOG(INFO, "sequencer", {"state", "ok"});
}

static void stop_all(struct log_runner *sequencer, struct web_server *pages, struct web_server *machine)
{
	log_runner_stop(sequencer);
	web_server_stop(machine);
	web_server_stop(pages);
}

static enum err serve(struct opened *o, const sigset_t *wait)
{
	struct web_server *s = NULL, *machine = NULL;
	struct log_runner *sequencer = NULL;
	TRY(log_runner_start(&o->app, report_log, &sequencer));
	enum err e = web_server_start(o->listener, &o->web, &s);
	if (e == ERR_OK && o->machine_fd >= 0)
		e = web_server_start(o->machine_fd, &o->machine, &machine);
	if (e != ERR_OK) {
		stop_all(sequencer, s, machine);
		return e;
	}
	LOG(INFO, "ready", {"origin", o->app.origin});
	while (!stop_within(wait, (int64_t)CRL_SEC * 1000)) {
		refresh(o);
		tick(o);
		turn_bills(o);
	}
	stop_all(sequencer, s, machine);
	return ERR_OK;
}

static enum err run_opened(struct opened *o, const sigset_t *wait)
{
	TRY(open_files(o));
	TRY(sandbox_user(conf_str(o->c, "user")));
	TRY(open_converter(o));
	secret_process_harden();
	TRY(ask_signer(o, wait));
	TRY(confine(o));
	TRY(open_store(o));
	TRY(definitions_keep(o->store, o->services, &o->businesses.registry, clock_now(o->clock)));
	assemble(o);
	TRY(portal_sweep(&o->app));
	return serve(o, wait);
}

static void opened_done(struct opened *o)
{
	sessions_free(o->app.sessions);
	store_close(o->store);
	field_keys_free(o->keys);
	trust_free(o->app.trust);
	signer_client_free(o->app.signer);
	notary_client_free(o->app.notary);
	ocsp_cache_free(o->app.ocsp);
	converting_free(o->app.converting);
	convert_free(o->convert);
	progress_free(o->app.progress);
	staff_free(o->app.staff);
	json_decref(o->app.tables);
	services_free(o->services);
	lists_free(o->lists);
	tables_free(o->money);
	views_free(o->views);
	if (o->listener >= 0)
		(void)close(o->listener);
	if (o->machine_fd >= 0)
		(void)close(o->machine_fd);
	if (o->sql_fd >= 0)
		(void)close(o->sql_fd);
}

static enum err run(const struct conf *c, const struct clock *clock)
{
	struct opened o = {.c = c, .clock = clock, .listener = -1, .machine_fd = -1, .sql_fd = -1};
	sigset_t wait;
	hold_signals(&wait);
	enum err e = run_opened(&o, &wait);
	opened_done(&o);
	return e;
}

int main(int argc, char **argv)
{
	const struct daemon d = {.program = "yinxin-portal",
	                         .purpose = "网上服务门户(SCGI)",
	                         .log = "portal",
	                         .options = options,
	                         .run = run};

	return daemon_main(&d, argc, argv);
}
