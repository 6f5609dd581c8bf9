/* Writes the sheet of one business at build: template SERVICES TABLES CODE FILE. */
#include "base/file.h"
#include "server/business/staff_rows.h"
#include "server/business/lists.h"
#include "server/form/sheet_template.h"
#include <stdio.h>

static enum err write_it(const char *services_dir, const char *tables_dir, const char *code, const char *to)
{
	char path[4096], file[16];
	struct businesses known;
	AUTO(tables) t = NULL;
	AUTO(lists) l = NULL;
	AUTO(services) all = NULL;
	AUTO_BUF(text, SERVICE_FILE_MAX);
	(void)snprintf(file, sizeof(file), "%.8s.json", code);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", services_dir, file) >= sizeof(path))
		return ERR(USAGE, "path is too long");
	TRY(tables_load(tables_dir, &t));
	TRY(lists_new(t, &l));
	businesses_init(&known, NULL, t);
	known.registry.next = lists_registry(l);
	TRY(file_read(path, &text));
	TRY(services_parse(file, buf_span(&text), &known.registry, &all));
	const struct service *s = services_at(all, 0);
	return s->rows_max > 0 ? sheet_template(s, to) : ERR(USAGE, "%s has no rows", code);
}

int main(int argc, char **argv)
{
	enum err e = argc == 5 ? write_it(argv[1], argv[2], argv[3], argv[4])
	                       : ERR(USAGE, "template SERVICES TABLES CODE FILE");
	if (e != ERR_OK)
		fprintf(stderr, "template: %s\n", err_detail());
	return e != ERR_OK;
}
