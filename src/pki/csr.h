/* PKCS#10 requests (RFC 2986; GM/T 0092-2020 6.2: sigalg 501, parameters absent). The private key is in a card, so the
 * request is built in two steps: TBS octets out, signature in. */
#pragma once
#include "gm/sm2.h"

enum { CSR_DER_MAX = 4096 };
struct csr;
enum err csr_tbs(const struct sm2_pub *pub, const char *common_name, struct buf *ret_tbs) MUST_CHECK;
enum err csr_assemble(struct span tbs, const struct sm2_sig *sig, struct buf *ret_der) MUST_CHECK;
enum err csr_parse(struct span der, struct csr **ret_c) MUST_CHECK; /* and verifies possession: ERR_DER, ERR_SIG */
void csr_free(struct csr *c);
DEFINE_AUTO(csr)
const struct sm2_pub *csr_pub(const struct csr *c);
struct span csr_der(const struct csr *c);
