/* Between client.c and start.c: what a job's message to the starter holds, beside two file descriptors (input, output). */
#pragma once
#include "server/convert/convert.h"

enum { JOB_NUMBERS = 8, JOB_FDS = 2 };
struct job {
	uint64_t kind;                /* enum convert_kind */
	uint64_t number[JOB_NUMBERS]; /* in the order of the program's arguments */
};
struct convert {
	char *path;
};
/* A job on its way; *ret_out is the reading end of its answer. */
enum err job_start(const struct convert *c, int fd, enum convert_kind kind, const struct convert_limits *l, int *ret_out) MUST_CHECK;
/* Waits for the answer's next octets; 0 at its end. ERR_TIMEOUT. */
enum err job_read(int fd, int64_t deadline_ms, uint8_t *bytes, size_t cap, size_t *ret_n) MUST_CHECK;
enum err job_send(int sock, const struct job *j, const int fds[JOB_FDS]) MUST_CHECK;
