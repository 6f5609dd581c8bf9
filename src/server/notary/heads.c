/* Heads of the log, and seals over digests that are in it. */
#include "evidence/tree.h"
#include "gm/sm3.h"
#include "pki/tsp.h"
#include "server/notary/notary_i.h"
#include <string.h>

struct asked {
	struct state_head head; /* without time */
	uint8_t proof[TREE_PROOF_MAX][TREE_HASH_LEN];
	size_t n;
};

static enum err asked_take(const struct ipc_msg *in, struct asked *ret_a)
{
	struct asked a = {.n = ipc_count(in, NT_PROOF)};

	if (a.n > TREE_PROOF_MAX)
		return ERR(LIMIT, "proof of %zu hashes", a.n);
	for (size_t i = 0; i < a.n; i++)
		memcpy(a.proof[i], ipc_get_n(in, NT_PROOF, i).ptr, TREE_HASH_LEN);
	TRY(ipc_get_u64(in, NT_EPOCH, &a.head.epoch));
	TRY(ipc_get_u64(in, NT_SIZE, &a.head.size));
	memcpy(a.head.root, ipc_get(in, NT_ROOT_HASH).ptr, TREE_HASH_LEN);
	*ret_a = a;
	return ERR_OK;
}

/* The log holds the signer's journal too, but for the entries of its last minute. What the portal says of that can be a
 * lie; a lie is signed here, with its number, and shows when the log is compared with the journal. */
static enum err covers_journal(struct serve_ctx *s, const struct state_head *h)
{
	if (follow_is_due(s->follow) && follow_now(s->follow, FOLLOW_BRISK_MS) != ERR_OK)
		err_clear();
	TRY(follow_check_fresh(s->follow));
	uint64_t due = status_seq_at(follow_status(s->follow), notary_now(s) - NOTARY_LAG_SEC);
	if (h->journal_seq < due)
		return ERR(STALE, "the log has the signer's journal up to %llu, due is %llu",
		           (unsigned long long)h->journal_seq, (unsigned long long)due);
	if (h->journal_seq < state_last(s->state)->journal_seq || h->journal_seq > status_seq(follow_status(s->follow)))
		return ERR(STALE, "the signer's journal has no entry %llu yet, or the log had more",
		           (unsigned long long)h->journal_seq);
	return ERR_OK;
}

/* Never two trees of one size, never one that lacks what an earlier one had. */
static enum err extends(const struct state_head *last, const struct asked *a)
{
	if (a->head.epoch != last->epoch)
		return ERR(STATE, "epoch %llu, the log is in %llu", (unsigned long long)a->head.epoch,
		           (unsigned long long)last->epoch);
	if (a->head.size < last->size)
		return ERR(STATE, "the log had %llu leaves at its last head", (unsigned long long)last->size);
	return tree_verify_consistency(last->size, last->root, a->head.size, a->head.root, a->proof, a->n);
}

static void head_of(const struct serve_ctx *s, const struct state_head *h, struct head *ret_h)
{
	struct head out = {.epoch = h->epoch, .size = h->size, .time = h->time};

	memcpy(out.bureau, state_bureau(s->state), sizeof(out.bureau));
	memcpy(out.root, h->root, sizeof(out.root));
	*ret_h = out;
}

static enum err sign_text(const struct serve_ctx *s, struct span text, struct ipc_msg *out)
{
	struct sm2_sig sig;

	TRY(gm_sign(state_trio(s->state)->key[TRIO_LOG], text, &sig));
	ipc_put(out, NT_TEXT, text);
	ipc_put(out, NT_SIG, SPAN_ARR(sig.b));
	return ERR_OK;
}

static enum err put_head(struct serve_ctx *s, const struct head *h, struct ipc_msg *out)
{
	AUTO_BUF(text, HEAD_TEXT_MAX);
	AUTO_BUF(token, TSP_DER_MAX);
	uint8_t sm3[SM3_LEN];

	TRY(head_build(h, &text));
	TRY(sm3_digest(buf_span(&text), sm3));
	TRY(stamp_digest(s, sm3, &token));
	ipc_put(out, NT_TOKEN, buf_span(&token));
	return sign_text(s, buf_span(&text), out);
}

enum err on_head(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	const struct state_head *last = state_last(s->state);
	struct asked a;
	struct head h;

	TRY(asked_take(in, &a));
	TRY(ipc_get_u64(in, NT_JOURNAL_SEQ, &a.head.journal_seq));
	TRY(extends(last, &a));
	TRY(covers_journal(s, &a.head));
	a.head.time = notary_now(s);
	if (a.head.time < last->time)
		return ERR(STATE, "the clock stands before the last head");
	head_of(s, &a.head, &h);
	/* The same tree again gets a fresh time and needs no record: nothing can be told apart by it. */
	if (a.head.size > last->size)
		TRY(state_add_head(s->state, &a.head));
	return put_head(s, &h, out);
}

/* --- seals --- */

enum err on_seal(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	const struct state_head *last = state_last(s->state);
	struct head_seal seal = {.leaf = 0};
	struct asked a;
	AUTO_BUF(text, HEAD_TEXT_MAX);

	TRY(asked_take(in, &a));
	TRY(ipc_get_u64(in, NT_LEAF, &seal.leaf));
	memcpy(seal.digest, ipc_get(in, NT_DIGEST).ptr, sizeof(seal.digest));
	if (a.head.epoch != last->epoch || a.head.size != last->size ||
	    !span_eq(SPAN_ARR(a.head.root), SPAN_ARR(last->root)))
		return ERR(STATE, "a seal is under the last head only");
	TRY(tree_verify_inclusion(seal.digest, seal.leaf, a.head.size, a.head.root, a.proof, a.n));
	a.head.time = notary_now(s);
	head_of(s, &a.head, &seal.head);
	TRY(head_seal_build(&seal, &text));
	return sign_text(s, buf_span(&text), out);
}
