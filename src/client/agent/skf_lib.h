/* An SKF library (GM/T 0016-2012) behind dlopen, and a device in it, as the helper process sees them. Vendors'
 * libraries are used through the standard's functions alone; the project's own YX_* are looked up and may be absent.
 * Runs only in the helper: such a library may crash, hang or print. */
#pragma once
#include "client/agent/skf_proto.h"
#include "pki/cert.h"

struct skf_lib;
enum err skf_lib_open(const char *path, struct skf_lib **ret_l) MUST_CHECK; /* ERR_LIB_ABSENT */
void skf_lib_free(struct skf_lib *l);
DEFINE_AUTO(skf_lib)
bool skf_lib_extended(const struct skf_lib *l);
enum err skf_lib_trust(struct skf_lib *l, struct span root, struct span ca) MUST_CHECK; /* nothing for a vendor's */
/* Names of the slots with a device in them. */
enum err skf_lib_list(struct skf_lib *l, char ret_names[SLOTS_MAX][SLOT_NAME_MAX + 1], size_t *ret_n) MUST_CHECK;
bool skf_lib_present(struct skf_lib *l, const char *name);

/* --- a connected device --- */
struct skf_dev;
struct skf_status {
	char serial[KEY_SERIAL_MAX + 1];
	enum key_state state;
	bool pin_set, has_pub;
	bool doubtful; /* the library can tell a genuine card and this one is not shown to be */
	unsigned tries;
	struct sm2_pub pub;
	uint8_t cert[CERT_DER_MAX];
	size_t cert_len;
};
enum err skf_dev_open(struct skf_lib *l, const char *name, struct skf_dev **ret_d) MUST_CHECK;
void skf_dev_free(struct skf_dev *d); /* clears the login, disconnects */
DEFINE_AUTO(skf_dev)
const char *skf_dev_slot(const struct skf_dev *d);
const char *skf_dev_serial(const struct skf_dev *d);
enum err skf_dev_status(struct skf_dev *d, struct skf_status *ret_s) MUST_CHECK;
/* tries also on failure */
enum err skf_dev_login(struct skf_dev *d, const struct secret *pin, unsigned *ret_tries) MUST_CHECK;
enum err skf_dev_sign(struct skf_dev *d, const uint8_t digest[32], struct sm2_sig *ret_sig) MUST_CHECK;
/* Extended cards only (ERR_NOT_SUPPORTED): first PIN, key pair and attestation. */
enum err skf_dev_generate(struct skf_dev *d, const uint8_t approval[32], const struct secret *pin,
                          struct sm2_pub *ret_pub, uint8_t ret_attest[ATTEST_LEN]) MUST_CHECK;
enum err skf_dev_install(struct skf_dev *d, struct span sign_cert, struct span enc_cert,
                         struct span enveloped) MUST_CHECK;
enum err skf_dev_discard(struct skf_dev *d) MUST_CHECK;

/* The helper program: serves frames on HELPER_FD until it closes. Returns the exit status. */
int skf_helper_main(const char *library);
