/* Pictures and documents made for the tests, good and bad ones. */
#pragma once
#include "server/convert/render.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum png_kind { PNG_PLAIN, PNG_GREY16, PNG_RGBA16, PNG_INTERLACED, PNG_PALETTE, PNG_KINDS };
enum jpeg_kind { JPG_PLAIN, JPG_GREY, JPG_CMYK, JPG_PROGRESSIVE, JPG_KINDS };
/* Left half red, right half blue, upper third brighter: which way is up can be told. Transparent ones are wholly so
 * below. */
void file_png(unsigned w, unsigned h, enum png_kind kind, struct buf *out);
void file_jpeg(unsigned w, unsigned h, enum jpeg_kind kind, unsigned orientation, struct buf *out); /* 0: no Exif */
/* catalog: into the catalog's dictionary; page: into each page's; content: of each page's stream; more: whole objects
 * from number 100 on. */
struct pdf_parts {
	unsigned pages;
	const char *catalog, *page, *content, *trailer;
	const char *more[4];
};
void file_pdf(const struct pdf_parts *p, struct buf *out);
/* The document encrypted, owner password "owner": kind 0 RC4 128, 1 AES 128, 2 AES 256. */
void file_lock(struct span pdf, int kind, const char *user, struct buf *out);
