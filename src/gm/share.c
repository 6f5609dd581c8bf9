#include "gm/share.h"
#include "gm/rand.h"
#include <string.h>

/* Product in GF(2^8) modulo 0x11B; the same operations for every value, since one factor is secret. */
static uint8_t mul(uint8_t a, uint8_t b)
{
	unsigned product = 0, x = a;
	for (unsigned i = 0; i < 8; i++) {
		product ^= x & (0U - ((unsigned)(b >> i) & 1U));
		x = (x << 1) ^ (0x11BU & (0U - (x >> 7)));
	}
	return (uint8_t)product;
}

/* a^254 is 1/a, and 0 for 0. */
static uint8_t inverse(uint8_t a)
{
	uint8_t square = a, result = 1;
	for (int i = 1; i < 8; i++) {
		square = mul(square, square);
		result = mul(result, square);
	}
	return result;
}

/* Horner; coefficient 0 is the secret octet, the others lie one row of len octets each. */
static uint8_t evaluate(uint8_t secret, const uint8_t *rows, unsigned m, size_t len, size_t at, uint8_t x)
{
	uint8_t y = 0;
	for (unsigned i = m - 1; i >= 1; i--)
		y = mul(y, x) ^ rows[(i - 1) * len + at];
	return mul(y, x) ^ secret;
}

static enum err fill(struct span secret, const uint8_t *rows, unsigned m, unsigned n, struct secret *shares[])
{
	for (unsigned i = 0; i < n; i++) {
		TRY(secret_new(secret.len + 1, &shares[i]));
		uint8_t *p = secret_ptr(shares[i]);
		p[0] = (uint8_t)(i + 1);
		for (size_t at = 0; at < secret.len; at++)
			p[1 + at] = evaluate(secret.ptr[at], rows, m, secret.len, at, p[0]);
	}
	return ERR_OK;
}

enum err share_split(struct span secret, unsigned m, unsigned n, struct secret *ret_shares[])
{
	AUTO(secret) rows = NULL;
	struct secret *shares[SHARE_MAX_N] = {NULL};
	if (secret.len == 0 || secret.len > SHARE_MAX_LEN || m < 1 || m > n || n > SHARE_MAX_N)
		return ERR(LIMIT, "%u of %u shares of %zu octets", m, n, secret.len);
	TRY(secret_new(secret.len * m, &rows));
	TRY(rand_bytes(secret_ptr(rows), secret_len(rows)));
	enum err e = fill(secret, secret_ptr(rows), m, n, shares);
	for (unsigned i = 0; i < n; i++) {
		if (e == ERR_OK)
			ret_shares[i] = shares[i];
		else
			secret_free(shares[i]);
	}
	return e;
}

static enum err shares_check(const struct span *shares, unsigned m)
{
	if (m < 1 || m > SHARE_MAX_N)
		return ERR(LIMIT, "%u shares", m);
	for (unsigned i = 0; i < m; i++) {
		if (shares[i].len < 2 || shares[i].len > SHARE_MAX_LEN + 1 || shares[i].len != shares[0].len)
			return ERR(SYNTAX, "share %u has a wrong length", i);
		if (shares[i].ptr[0] < 1 || shares[i].ptr[0] > SHARE_MAX_N)
			return ERR(SYNTAX, "share %u has a wrong index", i);
		for (unsigned j = 0; j < i; j++) {
			if (shares[i].ptr[0] == shares[j].ptr[0])
				return ERR(SYNTAX, "share given twice");
		}
	}
	return ERR_OK;
}

/* Value at 0 of the Lagrange polynomial that is 1 at share i and 0 at the others: product of xj / (xj - xi). */
static uint8_t weight(const struct span *shares, unsigned m, unsigned i)
{
	uint8_t xi = shares[i].ptr[0], w = 1;
	for (unsigned j = 0; j < m; j++) {
		uint8_t xj = shares[j].ptr[0];
		if (j != i)
			w = mul(w, mul(xj, inverse(xj ^ xi)));
	}
	return w;
}

enum err share_join(const struct span *shares, unsigned m, struct secret **ret_secret)
{
	AUTO(secret) s = NULL;
	TRY(shares_check(shares, m));
	TRY(secret_new(shares[0].len - 1, &s));
	uint8_t *p = secret_ptr(s);
	for (unsigned i = 0; i < m; i++) {
		uint8_t w = weight(shares, m, i);
		for (size_t at = 0; at < secret_len(s); at++)
			p[at] ^= mul(w, shares[i].ptr[1 + at]);
	}
	*ret_secret = STEAL(s);
	return ERR_OK;
}
