/* The statement: the one kind of text that a key of ours signs besides CSRs and CMS (docs/protocol/statement.md).
 *
 *   YINXIN-1 TYPE LF  bureau: <64 hex: SM3 of the root certificate's DER> LF  nonce: <64 hex> LF  time: <UTC> LF  key:
 * value LF ...
 *
 * Fixed keys in fixed order per type, a table in statement.c; a repeated key is written key.1, key.2, ... Values obey
 * text_line_check. One statement has one encoding: statement_parse refuses every other, and what it accepts re-encodes
 * to the same octets. Parsing neither checks freshness nor signatures: act.h and the callers do. */
#pragma once
#include "base/buf.h"
#include "evidence/limits.h"

/* Only a filing's statement may be as long as STATEMENT_LONG_MAX, or, in its wide form, STATEMENT_WIDE_MAX: it holds
 * every row. A value of the wide form over STATEMENT_LINE_MAX is written as name/1, name/2, ... */
enum {
	STATEMENT_MAX = 256 * 1024,
	STATEMENT_LONG_MAX = 1000 * 1024,
	STATEMENT_WIDE_MAX = LIMIT_STATEMENT,
	STATEMENT_KEYS_MAX = 24,
	STATEMENT_REPEAT_MAX = 1000,
	STATEMENT_ROWS_MAX = LIMIT_ROWS,
	STATEMENT_LINE_MAX = 1024,
	STATEMENT_VALUE_MAX = STATEMENT_LINE_MAX,
	STATEMENT_WIDE_VALUE_MAX = LIMIT_VALUE
};
struct statement;

/* --- read --- */
/* ERR_STATEMENT; ERR_STATEMENT_TYPE: of a type that this program does not know */
enum err statement_parse(struct span text, struct statement **ret_s) MUST_CHECK;
void statement_free(struct statement *s);
DEFINE_AUTO(statement)
const char *statement_type(const struct statement *s);                 /* "LOGIN" */
const char *statement_get(const struct statement *s, const char *key); /* "" when the type has no such key (a bug) */
size_t statement_count(const struct statement *s, const char *key);    /* of a repeated key */
const char *statement_get_n(const struct statement *s, const char *key, size_t n); /* n from 0 */
/* Every value in its order; number is 0 where the key does not repeat. An error ends it and is returned. */
typedef enum err statement_value_fn(const char *key, size_t number, const char *value, void *ctx);
enum err statement_each(const struct statement *s, statement_value_fn *fn, void *ctx) MUST_CHECK;
struct span statement_text(const struct statement *s);
int64_t statement_time(const struct statement *s);
enum err statement_sm3(const struct statement *s, uint8_t ret_digest[32]) MUST_CHECK;
/* Chinese title of the type and of a key for the agent's window: "登录", "单位名称". NULL when unknown. */
const char *statement_type_zh(const char *type);
const char *statement_key_zh(const char *key);

/* --- build --- */
struct statement_kv {
	const char *key, *value; /* repeated keys: same key again, in order, without the ".n" */
};
/* kv in the table's order, bureau, nonce and time included. ERR_STATEMENT names the offending key. */
enum err statement_build(const char *type, const struct statement_kv *kv, size_t n,
                         struct statement **ret_s) MUST_CHECK;

/* Types and keys (after bureau, nonce, time; * repeats):
 *  LOGIN         origin
 *  CERT-ACCEPT   case kind profile unit-no unit-name uscc person-id holder days medium letter officer
 *  CERT-APPROVE  accept case kind profile unit-no unit-name uscc person-id holder days medium letter officer
 *  CERT-MAKE     approve case card key officer
 *  CERT-RETURN CERT-REFUSE   case version holder reason officer
 *  CERT-RENEW    serial card key days
 *  CERT-REVOKE   case serial reason          CERT-SUSPEND  case serial reason      CERT-RELEASE  case serial
 *  ROSTER        number previous entry*      (entry: "P000001 clerk,reviewer 430100")
 *  STOCK         card*                       (card: "YX26000001 <130 hex public key>")
 *  FILING-SUBMIT    business matter filing version definition unit-no unit-name person-id holder form attach* row*
 *  FILING-CORRECT   corrects previous, then as FILING-SUBMIT
 *  FILING-SUBMIT-WIDE FILING-CORRECT-WIDE   the same; form and each row may be several lines
 *  FILING-WITHDRAW  filing version submit unit-no person-id reason
 *  FILING-ACCEPT    officer opinion item*       FILING-APPROVE  officer opinion item*
 *                   (item: "430100B0320261122001 2 <64 hex of the submission> 1000 matter unit")
 *  FILING-RETURN    filing version submit matter unit-no unit-name officer until defect*
 *  FILING-REFUSE    filing version submit matter unit-no unit-name officer reason
 * accept, approve, previous, submit are 64-hex SM3 of the named statement's text ("-" for the first roster's previous).
 * An empty value is written "-" . */
