/* Between template.c, which compiles, and render.c, which writes: a template is a flat list of nodes; a section names
 * the node after its end. */
#pragma once
#include "web/template.h"

enum {
	TEMPLATE_FILE_MAX = 1 << 18,
	NODES_MAX = 8192,
	TEMPLATE_DEPTH = 16,
	PARTIAL_DEPTH = 16,
	VIEWS_MAX = 500,
	TAG_NAME_MAX = 64
};
enum node_kind { NODE_TEXT, NODE_VALUE, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL };
struct node {
	enum node_kind kind;
	struct span text; /* NODE_TEXT: itself; else the name */
	size_t after;     /* sections: index of the first node behind them */
	size_t partial;   /* index of the view */
};
struct view {
	char *name;
	struct buf source;
	struct node *nodes;
	size_t n, cap;
	int colour; /* while partials are checked for circles */
};
struct views {
	struct view *v;
	size_t n;
};
/* Compiles the source of one template; partials are resolved later. ERR_CONFIG. */
enum err view_compile(struct view *v) MUST_CHECK;
enum err views_link(struct views *v) MUST_CHECK;
const struct view *views_find(const struct views *v, struct span name);
