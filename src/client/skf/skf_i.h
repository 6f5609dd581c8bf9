/* Inside of the SKF library: handles, connected devices, the one lock. Every exported function is
 *     skf_enter(); return skf_leave(work(...));
 * and work() may return any enum err; skf_leave turns it into a SAR value. All below wants the lock. */
#pragma once
#include "client/skf/skf.h"
#include "client/token/token.h"

enum { SKF_DEVS = READER_MAX, SKF_HANDLES = 256, SKF_PIN_MAX = 64 };
enum skf_kind { SKF_KIND_DEV = 1, SKF_KIND_APP = 2, SKF_KIND_CONTAINER = 3 };
struct skf_dev {
	char name[READER_NAME_MAX];
	struct token *token; /* NULL: free place */
	unsigned refs, birth, locks;
	HANDLE locked_by;
	bool gone;
	/* What ImportCertificate and ImportECCKeyPair have brought so far; the card takes all three at once. */
	struct buf sign_cert, enc_cert, enveloped;
};

void skf_enter(void);
ULONG skf_leave(enum err e);
enum err skf_slots(char *ret_dir, size_t size) MUST_CHECK;

enum err skf_connect(const char *name, HANDLE *ret_h) MUST_CHECK;
enum err skf_disconnect(HANDLE h) MUST_CHECK;
enum err skf_handle_new(enum skf_kind kind, struct skf_dev *dev, HANDLE *ret_h) MUST_CHECK;
/* Frees the handle whether or not its device is still there. */
enum err skf_handle_close(enum skf_kind kind, HANDLE h) MUST_CHECK;
/* ERR_HANDLE: unknown, of another kind, closed, or its device is disconnected. */
enum err skf_dev_of(enum skf_kind kind, HANDLE h, struct skf_dev **ret_dev) MUST_CHECK;
/* Passes e on; remembers when the card has gone. */
enum err skf_note(struct skf_dev *dev, enum err e) MUST_CHECK;
void skf_forget_import(struct skf_dev *dev);
enum err skf_set_trust(struct span root, struct span ca) MUST_CHECK;

/* The double-call convention: out NULL asks for the length; too small is ERR_BUFFER_SMALL with the length set. */
enum err skf_give(struct span from, void *out, ULONG *len) MUST_CHECK;
enum err skf_pin(const char *pin, struct secret **ret_s) MUST_CHECK;
void skf_pub_blob(const struct sm2_pub *pub, SKF_ECCPUBLICKEYBLOB *ret_blob);
