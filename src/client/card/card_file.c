/* Card memory in a file: the one part of this folder that touches the system. */
#include "base/file.h"
#include "client/card/card.h"
#include "gm/rand.h"
#include <stdlib.h>
#include <string.h>

struct card_file {
	char *path;
	struct card *card;
};

static enum err store(void *ctx, struct span image)
{
	const struct card_file *f = ctx;
	return file_replace(f->path, image, 0600);
}

static enum err random_bytes(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	return rand_bytes(out, len);
}

void card_file_free(struct card_file *f)
{
	if (f == NULL)
		return;
	card_free(f->card);
	free(f->path);
	free(f);
}

static enum err new_file(const char *path, struct card_file **ret_f, struct card_io *ret_io)
{
	AUTO(card_file) f = calloc(1, sizeof(*f));

	if (f == NULL)
		return ERR(NOMEM, "card file");
	f->path = strdup(path);
	if (f->path == NULL)
		return ERR(NOMEM, "card file");
	*ret_io = (struct card_io){.store = store, .random = random_bytes, .ctx = f};
	*ret_f = STEAL(f);
	return ERR_OK;
}

enum err card_file_make(const char *path, const char *serial, struct card_file **ret_f)
{
	AUTO(card_file) f = NULL;
	struct card_io io;

	if (file_exists(path))
		return ERR(EXISTS, "%s", path);
	TRY(new_file(path, &f, &io));
	TRY(card_make(serial, &io, &f->card));
	*ret_f = STEAL(f);
	return ERR_OK;
}

enum err card_file_open(const char *path, struct card_file **ret_f)
{
	AUTO(card_file) f = NULL;
	AUTO(secret) image = NULL;
	struct card_io io;

	TRY(new_file(path, &f, &io));
	TRY(file_read_secret(path, CARD_IMAGE_MAX, &image));
	TRY(card_open(secret_span(image), &io, &f->card));
	*ret_f = STEAL(f);
	return ERR_OK;
}

struct card *card_file_card(struct card_file *f)
{
	return f->card;
}
