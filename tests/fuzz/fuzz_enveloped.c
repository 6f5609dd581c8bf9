/* SM2EnvelopedKey: taken apart and joined it has the same form again; opening never reads out of bounds. */
#include "pki/envelope.h"

static const struct sm2_key *key(void)
{
	static struct sm2_key *k;
	static const uint8_t one[SM2_SCALAR_LEN] = {[SM2_SCALAR_LEN - 1] = 1};

	if (k == NULL)
		INVARIANT(sm2_key_from(SPAN_ARR(one), &k) == ERR_OK);
	return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(sm2_key) pair = NULL;
	struct enveloped_parts p, q;
	AUTO_BUF(again, ENVELOPED_KEY_MAX);

	if (enveloped_key_split(span_of(data, size), &p) == ERR_OK) {
		INVARIANT(enveloped_key_join(&p, &again) == ERR_OK);
		INVARIANT(enveloped_key_split(buf_span(&again), &q) == ERR_OK);
		INVARIANT(span_eq(SPAN_ARR(p.pub.b), SPAN_ARR(q.pub.b)) && p.enc_key_len == q.enc_key_len);
	}
	if (enveloped_key_open(span_of(data, size), key(), &pair) == ERR_OK)
		INVARIANT(enveloped_key_split(span_of(data, size), &p) == ERR_OK);
	err_clear();
	return 0;
}
