/* A starter of the test's own: the real "yinxin-convert serve" at a socket in a temporary folder. */
#pragma once
#include "server/convert/convert.h"

struct starter {
	char dir[48], socket[64];
	pid_t pid; /* 0: none runs */
};
int starter_open(struct starter *s);   /* makes the folder and starts; 0, or -1 when the program is not there */
int starter_start(struct starter *s);  /* again, at the same socket */
void starter_kill(struct starter *s);  /* KILL, and waits for its end */
void starter_close(struct starter *s); /* with the folder */
