/* What the edge (nginx) reads: its configuration and the pages that it shows by itself, made from share/nginx at each
 * start. Writes DATA/edge/nginx.conf and DATA/edge/nginx/NAME.{html,json}; both folders are there. */
#pragma once
#include "base/err.h"

struct edge_plan {
	const char *share, *data; /* absolute */
	unsigned port, workers;
	const char *user; /* of the workers; NULL: the caller's */
};
enum err edge_configure(const struct edge_plan *p) MUST_CHECK;
