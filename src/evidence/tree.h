/* Merkle tree in the shape of RFC 9162 2.1 on SM3: leaf SM3(0x00 || leaf), node SM3(0x01 || left || right), the tree of
 * no leaf SM3(""). Pure: where hashes lie is the caller's business.
 *
 * A complete node (level, index) stands over the leaves index * 2^level .. (index + 1) * 2^level - 1; level 0 are the
 * leaf hashes. They never change once made, so they can be stored, and every root and proof of a tree of n leaves, old
 * or new, is made of O(log n) of them. The front of a tree is its complete nodes on the right: all that appending
 * needs. */
#pragma once
#include "base/span.h"
#include "base/err.h"

enum { TREE_HASH_LEN = 32, TREE_LEVELS = 63, TREE_PROOF_MAX = 2 * TREE_LEVELS };
/* Sizes are below 2^62: a larger one is ERR_LIMIT where trees are made and ERR_PROOF where proofs are checked. */

enum err tree_leaf(struct span leaf, uint8_t ret_hash[32]) MUST_CHECK;
enum err tree_node(const uint8_t left[32], const uint8_t right[32], uint8_t ret_hash[32]) MUST_CHECK;

/* --- growing --- */
struct tree_front {
	uint64_t size;
	uint8_t peak[TREE_LEVELS][TREE_HASH_LEN]; /* peak[i] is meant when bit i of size is set */
};
/* Each complete node that the leaf finishes, lowest first, the leaf's own hash included. */
typedef enum err tree_emit_fn(void *ctx, unsigned level, uint64_t index, const uint8_t hash[32]);
/* The front is unchanged on failure, of emit too. emit may be NULL. */
enum err tree_append(struct tree_front *f, const uint8_t leaf_hash[32], tree_emit_fn *emit, void *ctx) MUST_CHECK;
enum err tree_front_root(const struct tree_front *f, uint8_t ret_root[32]) MUST_CHECK;

/* --- roots and proofs from stored nodes --- */
typedef enum err tree_get_fn(void *ctx, unsigned level, uint64_t index, uint8_t ret_hash[32]);
struct tree_source {
	tree_get_fn *get;
	void *ctx;
};
struct tree_proof {
	uint8_t hash[TREE_PROOF_MAX][TREE_HASH_LEN];
	size_t n;
};
enum err tree_front_load(const struct tree_source *s, uint64_t size, struct tree_front *ret_f) MUST_CHECK;
enum err tree_root_at(const struct tree_source *s, uint64_t size, uint8_t ret_root[32]) MUST_CHECK;
/* ERR_ABSENT: index >= size */
enum err tree_inclusion(const struct tree_source *s, uint64_t index, uint64_t size,
                        struct tree_proof *ret_p) MUST_CHECK;
/* ERR_ABSENT: old > new */
enum err tree_consistency(const struct tree_source *s, uint64_t old_size, uint64_t new_size,
                          struct tree_proof *ret_p) MUST_CHECK;

/* The root over n leaf hashes. */
enum err tree_root(const uint8_t (*leaf_hashes)[32], size_t n, uint8_t ret_root[32]) MUST_CHECK;

/* --- checking proofs (RFC 9162 2.1.3.2, 2.1.4.2); ERR_PROOF, also for a hash too many or too few --- */
enum err tree_verify_inclusion(const uint8_t leaf_hash[32], uint64_t index, uint64_t size, const uint8_t root[32],
                               const uint8_t (*proof)[32], size_t n) MUST_CHECK;
/* Equal sizes: equal roots and no hash. From size 0: old_root is that of the empty tree, and no hash. */
enum err tree_verify_consistency(uint64_t old_size, const uint8_t old_root[32], uint64_t new_size,
                                 const uint8_t new_root[32], const uint8_t (*proof)[32], size_t n) MUST_CHECK;
