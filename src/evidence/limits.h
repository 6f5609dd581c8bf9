/* How large a signed text may be. The first five are chosen, everything on a text's way derives from them: agent, post,
 * log, receipt, upload, verifier (docs/design/10-wide-statements.md). To make one wider, change it here, and nowhere
 * else; make it narrower and what was signed before can no longer be read. */
#pragma once

enum {
	LIMIT_ROWS = 10000,          /* of a filing */
	LIMIT_STATEMENT = 8 << 20,   /* octets of a statement */
	LIMIT_FIELDS = 60,           /* of a form, and of a row */
	LIMIT_FIELD_CHARS = 2000,    /* of what is typed into one field */
	LIMIT_RECEIPT_STATEMENTS = 4 /* of the widest, in one receipt: the submission and three that came back */
};

enum {
	LIMIT_FIELD = 4 * LIMIT_FIELD_CHARS, /* octets of a field: UTF-8 */
	LIMIT_VALUE = 8 * LIMIT_FIELD,       /* octets of one row, or of the form, as it is signed */

	/* A statement within JSON: of its octets only LF, " and \ are escaped, with one octet more. */
	LIMIT_STATEMENT_JSON = 2 * LIMIT_STATEMENT,
	/* What comes beside it: signature, certificate, names, token. */
	LIMIT_BESIDE = 64 << 10,
	LIMIT_POST = LIMIT_STATEMENT_JSON + LIMIT_BESIDE,

	/* A form and a row on one page, each octet escaped. */
	LIMIT_FORM_POST = 2 * LIMIT_FIELDS * 3 * LIMIT_FIELD + LIMIT_BESIDE,

	/* A filing as it is stored: fields as JSON with their names, and what was typed beside what was taken. */
	LIMIT_CONTENT = 2 * LIMIT_STATEMENT,

	/* Encrypted: nonce, tag and the like. */
	LIMIT_SEAL = 1 << 10,

	/* Heads, stamps, certificates, status answers and the decisions of officers take the place of one more. */
	LIMIT_RECEIPT = (LIMIT_RECEIPT_STATEMENTS + 1) * LIMIT_STATEMENT,
	/* What the page takes from anybody: one widest submission with all that proves it. Longer ones: yinxin-verify.
	 */
	LIMIT_RECEIPT_UPLOAD = 2 * LIMIT_STATEMENT,
	LIMIT_RECEIPT_POST = LIMIT_RECEIPT_UPLOAD + LIMIT_BESIDE
};
