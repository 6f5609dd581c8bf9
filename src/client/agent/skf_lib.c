#include "client/agent/skf_lib_i.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { SKF_STATE_PRESENT = 1 }; /* GM/T 0016-2012 table 15; UNKNOW is 2 */

/* POSIX gives dlsym a data pointer for functions too; the copy keeps the compiler content. */
static bool lookup(void *handle, const char *name, void *ret_function)
{
	void *found = dlsym(handle, name);

	memcpy(ret_function, &found, sizeof(found));
	return found != NULL;
}

static enum err bind_functions(struct skf_lib *l)
{
	l->extended = true;
#define STANDARD(name, args)                     \
	if (!lookup(l->handle, #name, &l->name)) \
		return ERR(LIB_ABSENT, "library has no " #name);
#define EXTENSION(name, args) l->extended = lookup(l->handle, #name, &l->name) && l->extended;
	SKF_FUNCTIONS(STANDARD)
	YX_FUNCTIONS(EXTENSION)
#undef STANDARD
#undef EXTENSION
	return ERR_OK;
}

enum err skf_lib_open(const char *path, struct skf_lib **ret_l)
{
	AUTO(skf_lib) l = calloc(1, sizeof(*l));

	if (l == NULL)
		return ERR(NOMEM, "library");
	l->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (l->handle == NULL)
		return ERR(LIB_ABSENT, "%s", dlerror());
	TRY(bind_functions(l));
	*ret_l = STEAL(l);
	return ERR_OK;
}

void skf_lib_free(struct skf_lib *l)
{
	if (l == NULL)
		return;
	if (l->handle != NULL)
		dlclose(l->handle);
	free(l);
}

bool skf_lib_extended(const struct skf_lib *l)
{
	return l->extended;
}

enum err skf_result(struct skf_lib *l, const char *slot, const char *function, ULONG sar)
{
	enum err e = err_from_skf(sar);

	if (e == ERR_OK)
		return ERR_OK;
	/* Some libraries call everything a general failure: what the user sees is that the key is no longer there. */
	if (slot != NULL && e != ERR_PIN_WRONG && e != ERR_PIN_LOCKED && !skf_lib_present(l, slot))
		e = ERR_CARD_GONE;
	return err_raise(e, __FILE__, __LINE__, "%s: 0x%08X", function, (unsigned)sar);
}

enum err skf_lib_trust(struct skf_lib *l, struct span root, struct span ca)
{
	if (!l->extended)
		return ERR_OK;
	return skf_result(l, NULL, "YX_SetTrust", l->YX_SetTrust(root.ptr, (ULONG)root.len, ca.ptr, (ULONG)ca.len));
}

const char *skf_list_next(const char list[SKF_LIST_BYTES], size_t *at)
{
	const char *name = list + *at;
	size_t len = strnlen(name, SKF_LIST_BYTES - *at);

	if (len == 0 || *at + len >= SKF_LIST_BYTES)
		return NULL;
	*at += len + 1;
	return name;
}

bool skf_lib_present(struct skf_lib *l, const char *name)
{
	char copy[SLOT_NAME_MAX + 1] = "";
	ULONG state = 0;

	memcpy(copy, name, strnlen(name, SLOT_NAME_MAX));
	return l->SKF_GetDevState(copy, &state) == 0 && state == SKF_STATE_PRESENT;
}

enum err skf_lib_list(struct skf_lib *l, char ret_names[SLOTS_MAX][SLOT_NAME_MAX + 1], size_t *ret_n)
{
	char list[SKF_LIST_BYTES] = "";
	ULONG size = sizeof(list) - 1;
	size_t at = 0, n = 0;
	const char *name;

	TRY(skf_result(l, NULL, "SKF_EnumDev", l->SKF_EnumDev(1, list, &size)));
	while (n < SLOTS_MAX && (name = skf_list_next(list, &at)) != NULL) {
		size_t len = strlen(name);
		if (len > SLOT_NAME_MAX || !skf_lib_present(l, name))
			continue;
		memcpy(ret_names[n++], name, len + 1);
	}
	*ret_n = n;
	return ERR_OK;
}
