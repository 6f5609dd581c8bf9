/* The agent's end of one SKF helper process: start, call with a time-out, notice its death, start again after a pause.
 *
 * link_tend() alone starts processes and must be called from one long-lived thread: the helper asks the kernel to end
 * it together with the thread that made it. Calls are serialised. A helper that dies answers LIB_ABSENT (K-023), one
 * that hangs is ended and answers TIMEOUT (S-005). */
#pragma once
#include "client/agent/skf_proto.h"

struct link;
struct link_conf {
	const char *library; /* file, or a bare name for the loader */
	const char *slots;   /* YINXIN_SLOTS of the helper; "" leaves the environment alone */
	const char *clock;   /* likewise YINXIN_CLOCK */
	struct span root, ca;
	int timeout_ms;
};
enum err link_new(const struct link_conf *conf, struct link **ret_l) MUST_CHECK; /* keeps copies */
void link_free(struct link *l);                                                  /* ends the helper */
DEFINE_AUTO(link)
void link_tend(struct link *l); /* starts a missing helper when its pause is over */
bool link_is_up(struct link *l);
/* ERR of the card's side, with tries in *ret_tries where the answer has them (else unchanged); ret_answer and ret_tries
 * may be NULL. try_only: ERR_BUSY at once while another call runs. */
enum err link_call(struct link *l, const struct ipc_msg *m, bool try_only, unsigned *ret_tries,
                   struct ipc_msg **ret_answer) MUST_CHECK;
void link_stop(struct link *l); /* ends the helper for good, from any thread; a call under way fails */
