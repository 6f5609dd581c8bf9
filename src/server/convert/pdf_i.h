/* Between the pdf*.c files. */
#pragma once
#include "server/convert/render.h"
#include <qpdf/qpdf-c.h>

enum { PDF_OBJECTS_MAX = 1 << 18, PDF_CHILDREN_MAX = 1 << 16 };

/* What is drawn of the pages: every font in the document, no value of a form or comment left to the viewer to draw.
 * Judged by the document's objects alone: the verdict is the same on every computer. ERR_PDF_FONTS, ERR_PDF_FORM. */
enum err pdf_drawn_check(qpdf_data q, unsigned pages) MUST_CHECK;
