#include "evidence/tree.h"
#include "gm/sm3.h"
#include <string.h>

static const uint64_t SIZE_END = UINT64_C(1) << 62;

enum err tree_leaf(struct span leaf, uint8_t ret_hash[32])
{
	return sm3_digest_n((const struct span[]){SPAN_LIT("\0"), leaf}, 2, ret_hash);
}

enum err tree_node(const uint8_t left[32], const uint8_t right[32], uint8_t ret_hash[32])
{
	return sm3_digest_n((const struct span[]){SPAN_LIT("\1"), span_of(left, TREE_HASH_LEN),
	                                          span_of(right, TREE_HASH_LEN)},
	                    3, ret_hash);
}

static bool same(const uint8_t a[32], const uint8_t b[32])
{
	return span_eq(span_of(a, TREE_HASH_LEN), span_of(b, TREE_HASH_LEN));
}

/* --- growing --- */

static enum err emit_one(tree_emit_fn *emit, void *ctx, unsigned level, uint64_t index, const uint8_t hash[32])
{
	return emit != NULL ? emit(ctx, level, index, hash) : ERR_OK;
}

enum err tree_append(struct tree_front *f, const uint8_t leaf_hash[32], tree_emit_fn *emit, void *ctx)
{
	uint8_t hash[TREE_HASH_LEN];
	unsigned level = 0;

	if (f->size + 1 >= SIZE_END)
		return ERR(LIMIT, "tree is full");
	memcpy(hash, leaf_hash, sizeof(hash));
	TRY(emit_one(emit, ctx, 0, f->size, hash));
	/* As a carry in a binary counter: every peak met is the left half of a larger complete node. */
	for (; f->size >> level & 1; level++) {
		TRY(tree_node(f->peak[level], hash, hash));
		TRY(emit_one(emit, ctx, level + 1, f->size >> (level + 1), hash));
	}
	memcpy(f->peak[level], hash, sizeof(hash));
	f->size++;
	return ERR_OK;
}

enum err tree_front_root(const struct tree_front *f, uint8_t ret_root[32])
{
	uint8_t root[TREE_HASH_LEN];
	bool begun = false;

	if (f->size == 0)
		return sm3_digest(SPAN_EMPTY, ret_root);
	for (unsigned level = 0; level < TREE_LEVELS; level++) {
		if (!(f->size >> level & 1))
			continue;
		if (begun)
			TRY(tree_node(f->peak[level], root, root));
		else
			memcpy(root, f->peak[level], sizeof(root));
		begun = true;
	}
	memcpy(ret_root, root, sizeof(root));
	return ERR_OK;
}

enum err tree_root(const uint8_t (*leaf_hashes)[32], size_t n, uint8_t ret_root[32])
{
	struct tree_front f = {0};

	for (size_t i = 0; i < n; i++)
		TRY(tree_append(&f, leaf_hashes[i], NULL, NULL));
	return tree_front_root(&f, ret_root);
}

/* --- from stored nodes --- */

enum err tree_front_load(const struct tree_source *s, uint64_t size, struct tree_front *ret_f)
{
	struct tree_front f = {.size = size};
	uint64_t at = 0;

	if (size >= SIZE_END)
		return ERR(LIMIT, "tree size");
	for (unsigned level = TREE_LEVELS; level-- > 0;) {
		if (!(size >> level & 1))
			continue;
		TRY(s->get(s->ctx, level, at >> level, f.peak[level]));
		at += UINT64_C(1) << level;
	}
	*ret_f = f;
	return ERR_OK;
}

enum err tree_root_at(const struct tree_source *s, uint64_t size, uint8_t ret_root[32])
{
	struct tree_front f;

	TRY(tree_front_load(s, size, &f));
	return tree_front_root(&f, ret_root);
}

/* The largest power of two below n (n > 1): RFC 9162 2.1.1's k. */
static uint64_t split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* Root over the n > 0 leaves from `from`, which is a multiple of a power of two that is not below n. */
static enum err range_root(const struct tree_source *s, uint64_t from, uint64_t n, uint8_t ret_root[32])
{
	struct tree_front f = {.size = n};
	uint64_t at = from;

	for (unsigned level = TREE_LEVELS; level-- > 0;) {
		if (!(n >> level & 1))
			continue;
		TRY(s->get(s->ctx, level, at >> level, f.peak[level]));
		at += UINT64_C(1) << level;
	}
	return tree_front_root(&f, ret_root);
}

/* The ranges of a proof are met from the root downwards and written from the leaf upwards. */
struct range {
	uint64_t from, n;
};

static enum err ranges_put(const struct tree_source *s, const struct range *r, size_t n, struct tree_proof *ret_p)
{
	struct tree_proof p = {.n = n};

	INVARIANT(n <= TREE_PROOF_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(range_root(s, r[n - 1 - i].from, r[n - 1 - i].n, p.hash[i]));
	*ret_p = p;
	return ERR_OK;
}

/* RFC 9162 2.1.3.1 */
enum err tree_inclusion(const struct tree_source *s, uint64_t index, uint64_t size, struct tree_proof *ret_p)
{
	struct range r[TREE_PROOF_MAX];
	uint64_t from = 0, left = size;
	size_t n = 0;

	if (size >= SIZE_END || index >= size)
		return ERR(ABSENT, "no leaf of this index in a tree of this size");
	while (left > 1) {
		uint64_t k = split(left);
		bool in_left = index - from < k;
		r[n++] = in_left ? (struct range){from + k, left - k} : (struct range){from, k};
		from += in_left ? 0 : k;
		left = in_left ? k : left - k;
	}
	return ranges_put(s, r, n, ret_p);
}

/* RFC 9162 2.1.4.1: SUBPROOF(m, D_n, b) with the recursion unrolled; `whole` is its b. */
enum err tree_consistency(const struct tree_source *s, uint64_t old_size, uint64_t new_size, struct tree_proof *ret_p)
{
	struct range r[TREE_PROOF_MAX];
	uint64_t from = 0, m = old_size, left = new_size;
	bool whole = true;
	size_t n = 0;

	if (new_size >= SIZE_END || old_size > new_size)
		return ERR(ABSENT, "no older tree of this size");
	if (old_size == 0 || old_size == new_size) {
		*ret_p = (struct tree_proof){.n = 0};
		return ERR_OK;
	}
	while (m != left) {
		uint64_t k = split(left);
		bool in_left = m <= k;
		r[n++] = in_left ? (struct range){from + k, left - k} : (struct range){from, k};
		from += in_left ? 0 : k;
		left = in_left ? k : left - k;
		m -= in_left ? 0 : k;
		whole = whole && in_left;
	}
	if (!whole)
		r[n++] = (struct range){from, left};
	return ranges_put(s, r, n, ret_p);
}

/* --- checking --- */

static enum err no_proof(const char *why)
{
	return ERR(PROOF, "%s", why);
}

/* RFC 9162 2.1.3.2 */
enum err tree_verify_inclusion(const uint8_t leaf_hash[32], uint64_t index, uint64_t size, const uint8_t root[32],
                               const uint8_t (*proof)[32], size_t n)
{
	uint8_t r[TREE_HASH_LEN];

	if (size >= SIZE_END || index >= size)
		return no_proof("leaf lies outside of the tree");
	uint64_t fn = index, sn = size - 1;
	memcpy(r, leaf_hash, sizeof(r));
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return no_proof("proof is too long");
		if (!(fn & 1) && fn != sn) {
			TRY(tree_node(r, proof[i], r));
		} else {
			TRY(tree_node(proof[i], r, r));
			for (; !(fn & 1) && fn != 0; fn >>= 1)
				sn >>= 1;
		}
		fn >>= 1, sn >>= 1;
	}
	if (sn != 0)
		return no_proof("proof is too short");
	return same(r, root) ? ERR_OK : no_proof("leaf does not lead to the root");
}

static enum err verify_trivial(uint64_t old_size, const uint8_t old_root[32], const uint8_t new_root[32], size_t n)
{
	uint8_t empty[TREE_HASH_LEN];

	if (n != 0)
		return no_proof("proof is too long");
	TRY(sm3_digest(SPAN_EMPTY, empty));
	return same(old_root, old_size == 0 ? empty : new_root) ? ERR_OK : no_proof("old root is another");
}

/* RFC 9162 2.1.4.2, step 6, one hash of the proof */
static enum err step(uint64_t *fn, uint64_t *sn, uint8_t fr[32], uint8_t sr[32], const uint8_t hash[32])
{
	if (*sn == 0)
		return no_proof("proof is too long");
	if ((*fn & 1) || *fn == *sn) {
		TRY(tree_node(hash, fr, fr));
		TRY(tree_node(hash, sr, sr));
		for (; !(*fn & 1) && *fn != 0; *fn >>= 1)
			*sn >>= 1;
	} else {
		TRY(tree_node(sr, hash, sr));
	}
	*fn >>= 1, *sn >>= 1;
	return ERR_OK;
}

enum err tree_verify_consistency(uint64_t old_size, const uint8_t old_root[32], uint64_t new_size,
                                 const uint8_t new_root[32], const uint8_t (*proof)[32], size_t n)
{
	uint8_t fr[TREE_HASH_LEN], sr[TREE_HASH_LEN];

	if (new_size >= SIZE_END || old_size > new_size)
		return no_proof("tree has shrunk");
	if (old_size == 0 || old_size == new_size) {
		/* The empty tree has one root, as a new tree as well. */
		TRY(verify_trivial(old_size, old_root, new_root, n));
		return new_size == 0 ? verify_trivial(0, new_root, new_root, n) : ERR_OK;
	}
	bool complete = (old_size & (old_size - 1)) == 0; /* then the proof leaves out the old root */
	if (!complete && n == 0)
		return no_proof("proof is too short");
	uint64_t fn = old_size - 1, sn = new_size - 1;
	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	memcpy(fr, complete ? old_root : proof[0], sizeof(fr));
	memcpy(sr, fr, sizeof(sr));
	for (size_t i = complete ? 0 : 1; i < n; i++)
		TRY(step(&fn, &sn, fr, sr, proof[i]));
	if (sn != 0)
		return no_proof("proof is too short");
	if (!same(fr, old_root))
		return no_proof("proof does not lead to the old root");
	return same(sr, new_root) ? ERR_OK : no_proof("proof does not lead to the new root");
}
