/* Between client.c and start.c: what a job's message to the starter holds, beside two file descriptors (input, output). */
#pragma once
#include "server/convert/convert.h"

enum { JOB_NUMBERS = 8, JOB_FDS = 2 };
struct job {
	uint64_t number[JOB_NUMBERS]; /* in the order of the program's arguments */
};
struct convert {
	int sock;
};
enum err job_send(int sock, const struct job *j, const int fds[JOB_FDS]) MUST_CHECK;
