/* The tree against a naive model that is RFC 9162 2.1 written down: every size up to 130, every index, every older
 * size; and every single bit of hash, root and proof changed: refused. */
#include "evidence/tree.h"
#include "evidence_test.h"
#include "gm/sm3.h"

enum { SIZES = 130 };
static uint8_t leaves[SIZES][32];

static void model_node(const uint8_t *l, const uint8_t *r, uint8_t out[32])
{
	uint8_t in[65] = {1};

	memcpy(in + 1, l, 32);
	memcpy(in + 33, r, 32);
	assert_int_equal(sm3_digest(SPAN_ARR(in), out), ERR_OK);
}

static size_t model_split(size_t n)
{
	size_t k = 1;

	while (k * 2 < n)
		k *= 2;
	return k;
}

static void model_root(const uint8_t (*d)[32], size_t n, uint8_t out[32])
{
	uint8_t l[32], r[32];

	if (n == 0) {
		assert_int_equal(sm3_digest(SPAN_EMPTY, out), ERR_OK);
	} else if (n == 1) {
		memcpy(out, d[0], 32);
	} else {
		model_root(d, model_split(n), l);
		model_root(d + model_split(n), n - model_split(n), r);
		model_node(l, r, out);
	}
}

static void model_path(size_t m, const uint8_t (*d)[32], size_t n, struct tree_proof *p)
{
	if (n == 1)
		return;
	size_t k = model_split(n);
	if (m < k) {
		model_path(m, d, k, p);
		model_root(d + k, n - k, p->hash[p->n++]);
	} else {
		model_path(m - k, d + k, n - k, p);
		model_root(d, k, p->hash[p->n++]);
	}
}

static void model_subproof(size_t m, const uint8_t (*d)[32], size_t n, bool b, struct tree_proof *p)
{
	if (m == n) {
		if (!b)
			model_root(d, n, p->hash[p->n++]);
		return;
	}
	size_t k = model_split(n);
	if (m <= k) {
		model_subproof(m, d, k, b, p);
		model_root(d + k, n - k, p->hash[p->n++]);
	} else {
		model_subproof(m - k, d + k, n - k, false, p);
		model_root(d, k, p->hash[p->n++]);
	}
}

/* Stored nodes, as the log keeps them. */
static uint8_t nodes[9][SIZES][32];
static bool there[9][SIZES];

static enum err keep(void *ctx, unsigned level, uint64_t index, const uint8_t hash[32])
{
	(void)ctx;
	assert_in_range(level, 0, 8);
	assert_false(there[level][index]); /* made once, never again */
	there[level][index] = true;
	memcpy(nodes[level][index], hash, 32);
	return ERR_OK;
}

static enum err fetch(void *ctx, unsigned level, uint64_t index, uint8_t ret_hash[32])
{
	(void)ctx;
	if (level > 8 || index >= SIZES || !there[level][index])
		return ERR(ABSENT, "node %u %llu", level, (unsigned long long)index);
	memcpy(ret_hash, nodes[level][index], 32);
	return ERR_OK;
}
static const struct tree_source source = {fetch, NULL};

static int set_up(void **state)
{
	struct tree_front f = {0};

	(void)state;
	for (uint32_t i = 0; i < SIZES; i++) {
		assert_int_equal(tree_leaf(span_of(&i, sizeof(i)), leaves[i]), ERR_OK);
		assert_int_equal(tree_append(&f, leaves[i], keep, NULL), ERR_OK);
	}
	return 0;
}

static void leaf_and_empty(void **state)
{
	/* SM3 of nothing, GB/T 32905 as in RFC 8998's implementations */
	static const uint8_t nothing[4] = {0x1a, 0xb2, 0x1d, 0x83};
	uint8_t root[32], leaf[32], want[32];
	(void)state;
	assert_int_equal(tree_root(NULL, 0, root), ERR_OK);
	assert_memory_equal(root, nothing, 4);
	assert_int_equal(tree_leaf(SPAN_LIT("abc"), leaf), ERR_OK);
	assert_int_equal(sm3_digest(span_of("\0abc", 4), want), ERR_OK);
	assert_memory_equal(leaf, want, 32);
}

static void roots(void **state)
{
	struct tree_front f = {0}, again;
	uint8_t want[32], got[32];

	(void)state;
	for (size_t n = 0; n <= SIZES; n++) {
		model_root(leaves, n, want);
		assert_int_equal(tree_front_root(&f, got), ERR_OK);
		assert_memory_equal(got, want, 32);
		assert_int_equal(tree_root(leaves, n, got), ERR_OK);
		assert_memory_equal(got, want, 32);
		assert_int_equal(tree_root_at(&source, n, got), ERR_OK);
		assert_memory_equal(got, want, 32);
		assert_int_equal(tree_front_load(&source, n, &again), ERR_OK);
		assert_int_equal(again.size, n);
		if (n < SIZES)
			assert_int_equal(tree_append(&f, leaves[n], NULL, NULL), ERR_OK);
	}
}

static void inclusion(void **state)
{
	(void)state;
	for (size_t n = 1; n <= SIZES; n++) {
		uint8_t root[32];
		model_root(leaves, n, root);
		for (size_t i = 0; i < n; i++) {
			struct tree_proof want = {.n = 0}, got;
			model_path(i, leaves, n, &want);
			assert_int_equal(tree_inclusion(&source, i, n, &got), ERR_OK);
			assert_int_equal(got.n, want.n);
			assert_memory_equal(got.hash, want.hash, want.n * 32);
			assert_int_equal(tree_verify_inclusion(leaves[i], i, n, root, got.hash, got.n), ERR_OK);
		}
		struct tree_proof p;
		assert_int_equal(tree_inclusion(&source, n, n, &p), ERR_ABSENT);
	}
}

static void consistency(void **state)
{
	(void)state;
	for (size_t n = 0; n <= SIZES; n++) {
		uint8_t root[32], old[32];
		model_root(leaves, n, root);
		for (size_t m = 0; m <= n; m++) {
			struct tree_proof want = {.n = 0}, got;
			model_root(leaves, m, old);
			if (m > 0)
				model_subproof(m, leaves, n, true, &want);
			assert_int_equal(tree_consistency(&source, m, n, &got), ERR_OK);
			assert_int_equal(got.n, want.n);
			assert_memory_equal(got.hash, want.hash, want.n * 32);
			assert_int_equal(tree_verify_consistency(m, old, n, root, got.hash, got.n), ERR_OK);
		}
		struct tree_proof p;
		assert_int_equal(tree_consistency(&source, n + 1, n, &p), ERR_ABSENT);
	}
}

static void flip(uint8_t *p, size_t bit)
{
	p[bit / 8] = (uint8_t)(p[bit / 8] ^ 1u << bit % 8);
}

static void changed_inclusion(void **state)
{
	static const struct {
		size_t i, n;
	} rows[] = {{0, 1}, {0, 2}, {1, 2}, {2, 3}, {4, 7}, {6, 7}, {5, 8}, {99, 130}, {129, 130}};
	(void)state;
	for (size_t r = 0; r < COUNT_OF(rows); r++) {
		uint8_t root[32], leaf[32];
		struct tree_proof p;
		size_t i = rows[r].i, n = rows[r].n;
		model_root(leaves, n, root);
		memcpy(leaf, leaves[i], 32);
		assert_int_equal(tree_inclusion(&source, i, n, &p), ERR_OK);
		for (size_t bit = 0; bit < 256 * (2 + p.n); bit++) {
			uint8_t *at = bit < 256 ? root : bit < 512 ? leaf : p.hash[bit / 256 - 2];
			flip(at, bit % 256);
			assert_int_equal(tree_verify_inclusion(leaf, i, n, root, p.hash, p.n), ERR_PROOF);
			flip(at, bit % 256);
		}
		for (size_t j = 0; j <= SIZES; j++)
			if (j != i)
				assert_int_equal(tree_verify_inclusion(leaf, j, n, root, p.hash, p.n), ERR_PROOF);
		assert_int_equal(tree_verify_inclusion(leaf, i, n, root, p.hash, p.n + 1), ERR_PROOF);
		if (p.n > 0)
			assert_int_equal(tree_verify_inclusion(leaf, i, n, root, p.hash, p.n - 1), ERR_PROOF);
		assert_int_equal(tree_verify_inclusion(leaf, i, UINT64_MAX, root, p.hash, p.n), ERR_PROOF);
	}
}

static void changed_consistency(void **state)
{
	static const struct {
		size_t m, n;
	} rows[] = {{1, 2}, {1, 3}, {2, 3}, {3, 7}, {4, 7}, {6, 8}, {7, 8}, {64, 130}, {97, 130}, {129, 130}};
	(void)state;
	for (size_t r = 0; r < COUNT_OF(rows); r++) {
		uint8_t root[32], old[32];
		struct tree_proof p;
		size_t m = rows[r].m, n = rows[r].n;
		model_root(leaves, n, root);
		model_root(leaves, m, old);
		assert_int_equal(tree_consistency(&source, m, n, &p), ERR_OK);
		for (size_t bit = 0; bit < 256 * (2 + p.n); bit++) {
			uint8_t *at = bit < 256 ? root : bit < 512 ? old : p.hash[bit / 256 - 2];
			flip(at, bit % 256);
			assert_int_equal(tree_verify_consistency(m, old, n, root, p.hash, p.n), ERR_PROOF);
			flip(at, bit % 256);
		}
		for (size_t j = 1; j < n; j++)
			if (j != m)
				assert_int_equal(tree_verify_consistency(j, old, n, root, p.hash, p.n), ERR_PROOF);
		assert_int_equal(tree_verify_consistency(m, old, n, root, p.hash, p.n + 1), ERR_PROOF);
		assert_int_equal(tree_verify_consistency(m, old, n, root, p.hash, p.n - 1), ERR_PROOF);
		assert_int_equal(tree_verify_consistency(n, root, m, old, p.hash, p.n), ERR_PROOF);
	}
}

static void trivial_consistency(void **state)
{
	uint8_t empty[32], one[32], other[32];
	(void)state;
	model_root(leaves, 0, empty);
	model_root(leaves, 1, one);
	model_root(leaves, 2, other);
	assert_int_equal(tree_verify_consistency(0, empty, 1, one, NULL, 0), ERR_OK);
	assert_int_equal(tree_verify_consistency(0, one, 1, one, NULL, 0), ERR_PROOF);
	assert_int_equal(tree_verify_consistency(0, empty, 1, one, leaves, 1), ERR_PROOF);
	assert_int_equal(tree_verify_consistency(1, one, 1, other, NULL, 0), ERR_PROOF);
	assert_int_equal(tree_verify_consistency(1, one, 1, one, leaves, 1), ERR_PROOF);
	assert_int_equal(tree_verify_consistency(0, empty, 0, one, NULL, 0), ERR_PROOF);
	assert_int_equal(tree_verify_consistency(3, one, 4, other, NULL, 0), ERR_PROOF);
	assert_int_equal(tree_verify_consistency(1, one, UINT64_MAX, other, leaves, 64), ERR_PROOF);
}

static enum err refuse(void *ctx, unsigned level, uint64_t index, const uint8_t hash[32])
{
	(void)ctx, (void)index, (void)hash;
	return level == 1 ? ERR(IO, "disk is full") : ERR_OK;
}

static void failed_append(void **state)
{
	struct tree_front f = {0}, before;
	(void)state;
	assert_int_equal(tree_append(&f, leaves[0], refuse, NULL), ERR_OK);
	before = f;
	assert_int_equal(tree_append(&f, leaves[1], refuse, NULL), ERR_IO);
	assert_memory_equal(&f, &before, sizeof(f));
	f.size = (UINT64_C(1) << 62) - 1;
	assert_int_equal(tree_append(&f, leaves[1], NULL, NULL), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaf_and_empty),      cmocka_unit_test(roots),
		cmocka_unit_test(inclusion),           cmocka_unit_test(consistency),
		cmocka_unit_test(changed_inclusion),   cmocka_unit_test(changed_consistency),
		cmocka_unit_test(trivial_consistency), cmocka_unit_test(failed_append),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
