/* The schema that the ipc tests speak. */
#pragma once
#include "ipc/frame.h"

enum { T_ECHO = 0x0101, T_SECRET = 0x0102, T_EMPTY = 0x0103, T_FAIL = 0x0104, T_LATER = 0x0105, T_BIG = 0x0106 };
enum { TAG_TEXT = 1, TAG_LIST = 2, TAG_NUMBER = 300 };

static const struct ipc_field echo_fields[] = {
	{TAG_TEXT, 1, 8, true, false},
	{TAG_LIST, 0, 4, false, true},
	{TAG_NUMBER, 8, 8, false, false},
	{0},
};
static const struct ipc_field big_fields[] = {{TAG_TEXT, 0, IPC_BODY_MAX, false, false}, {0}};
static const struct ipc_type types[] = {
	{T_ECHO, "echo", echo_fields, false}, {T_SECRET, "secret", NULL, true}, {T_EMPTY, "empty", NULL, false},
	{T_FAIL, "fail", NULL, false},        {T_LATER, "later", NULL, false},  {T_BIG, "big", big_fields, false},
};
static const struct ipc_type answer_type = {IPC_ANSWER_OK, "answer", echo_fields, true};
