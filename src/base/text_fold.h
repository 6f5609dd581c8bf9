/* What people type, made one form: once, at intake, before it is checked and shown. Nothing that was signed is folded
 * again.
 *
 * Every kind: invisible marks (zero width, direction, variation selectors) dropped, blanks of all kinds made one space
 * and dropped at the ends, line breaks too; combining marks at the start, which would join what is written before,
 * dropped; full-width letters and digits made ASCII; radicals and compatibility ideographs replaced by the character
 * they look like; private-use characters of old GBK fonts by GB 18030-2022 (U+E863 is 䶮); then normalization form C.
 * A private-use character without a place in that table stays: text_has_private() tells it, no line takes it.
 * FOLD_NAME besides: the dots between the parts of a name are U+00B7, without blanks around and not at the ends; a full
 * stop stays after a Latin letter; blanks inside a name of characters are dropped; a note in brackets at the end,
 * 测试甲（小）, is dropped. FOLD_DATE besides: all full-width forms are ASCII, all hyphens "-". FOLD_NUMBER too, and no
 * blanks at all. Folding twice is folding once. Other controls, characters of other scripts and signs stay as they are.
 * Pure. */
#pragma once
#include "base/buf.h"

enum fold_as { FOLD_TEXT, FOLD_NAME, FOLD_DATE, FOLD_NUMBER };
enum fold_what { /* what was changed: a set of these */
	         FOLD_MARK = 1,
	         FOLD_BLANK = 2,
	         FOLD_WIDTH = 4,
	         FOLD_SHAPE = 8,
	         FOLD_PRIVATE = 16,
	         FOLD_JOIN = 32,
	         FOLD_DOT = 64,
	         FOLD_NOTE = 128,
	         FOLD_LOOSE = 256,
	         FOLD_WHATS = 9
};
/* Appends the folded text; ret_what may be NULL. ERR_UTF8, ERR_NOMEM, the buffer's error. */
enum err text_fold(enum fold_as as, struct span in, struct buf *out, unsigned *ret_what) MUST_CHECK;
/* more than four combining marks on one character: no writing of names needs them */
bool text_is_stacked(struct span s);
bool text_has_private(struct span s); /* private-use characters: 自造字 */
/* May stand in a folded name: letters with their marks, 〇, U+00B7, a space, . - '; no digit, no sign. */
bool text_cp_in_name(uint32_t cp);
/* Appends s as it may be shown: a blank that is not a plain space as ␣, what nobody sees as its number, "张<U+200B>三".
 */
void text_fold_show(struct span s, struct buf *out);
