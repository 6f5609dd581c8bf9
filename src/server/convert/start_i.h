/* Between client.c and start.c: what a job's message to the starter holds, beside two file descriptors (input, output).
 */
#pragma once
#include "server/convert/convert.h"

enum { JOB_NUMBERS = 8, JOB_FDS = 2 };
struct job {
	uint64_t kind;                /* enum convert_kind */
	uint64_t number[JOB_NUMBERS]; /* in the order of the program's arguments */
};
/* A message of this one octet and no descriptor asks whether the starter is there. The answer to it, and to a job that
 * was started, is 8 octets: which starter it is, a number of its own for each. */
enum { STARTER_ASK = '?' };
struct convert {
	char *path;
};
/* A job that was started; ERR_UNAVAILABLE when the starter does not say so. */
struct started {
	int out; /* the reading end of its answer */
	uint64_t starter;
};
enum err job_start(const struct convert *c, int fd, enum convert_kind kind, const struct convert_limits *l,
                   struct started *ret_s) MUST_CHECK;
/* Closes it. An end without a good answer (ERR_CONVERT, ERR_TIMEOUT) is the file's only if the starter still stands:
 * with it the jobs are killed, and that is ERR_UNAVAILABLE. */
enum err job_end(const struct convert *c, const struct started *s, enum err e) MUST_CHECK;
/* Waits for the answer's next octets; 0 at its end. ERR_TIMEOUT. */
enum err job_read(int fd, int64_t deadline_ms, uint8_t *bytes, size_t cap, size_t *ret_n) MUST_CHECK;
enum err job_send(int sock, const struct job *j, const int fds[JOB_FDS]) MUST_CHECK;
