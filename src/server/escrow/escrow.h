/* The escrow process's requests on its vault: a table of {request, states, handler} for ipc/serve.h. One thread. */
#pragma once
#include "ipc/serve.h"
#include "server/escrow/vault.h"

/* Fills in rows, state and context of s; the caller adds uids and the stop flag. The vault outlives s. */
struct serve_ctx {
	struct vault *vault;
};
void escrow_serve(struct serve_ctx *ctx, struct serve *s);
