/* One card, several users of it: removal, sharing, locking, events, threads. */
#include "skf_fixture.h"
#include <pthread.h>

/* --- removal, sharing, locking --- */

static void removed(void **state)
{
	struct yxcard *y = *state;
	DEVHANDLE dev = NULL, again = NULL;
	ULONG n = 9;
	SKF_DEVINFO info;

	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	SAR(SKF_GetDevState(SLOT0, &n), SAR_OK);
	assert_int_equal(n, 1);
	OK(yxcard_line(y, "REMOVE blank-1"));
	SAR(SKF_GetDevState(SLOT0, &n), SAR_OK);
	assert_int_equal(n, 0);
	SAR(SKF_GetDevInfo(dev, &info), SAR_REMOVED);
	SAR(SKF_GetDevInfo(dev, &info), SAR_REMOVED);
	SAR(SKF_ConnectDev(SLOT0, &again), SAR_REMOVED);
	OK(yxcard_line(y, "INSERT blank-2 slot0"));
	SAR(SKF_GetDevInfo(dev, &info), SAR_REMOVED); /* the old handle never becomes the other card */
	SAR(SKF_ConnectDev(SLOT0, &again), SAR_OK);
	SAR(SKF_GetDevInfo(again, &info), SAR_OK);
	assert_string_equal(info.SerialNumber, "YX26000002");
	SAR(SKF_DisConnectDev(dev), SAR_OK);
	SAR(SKF_GetDevInfo(again, &info), SAR_OK);
	OK(yxcard_line(y, "REMOVE blank-2"));
	OK(yxcard_line(y, "INSERT blank-2 slot0"));
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK); /* noticed without a failing call before */
	SAR(SKF_GetDevInfo(dev, &info), SAR_OK);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
	SAR(SKF_DisConnectDev(again), SAR_OK);
}

static void shared_and_locked(void **state)
{
	DEVHANDLE a = NULL, b = NULL;
	SKF_DEVINFO info;

	(void)state;
	SAR(SKF_ConnectDev(SLOT0, &a), SAR_OK);
	SAR(SKF_ConnectDev(SLOT0, &b), SAR_OK);
	assert_ptr_not_equal(a, b);
	SAR(SKF_LockDev(a, 0xFFFFFFFF), SAR_OK);
	SAR(SKF_LockDev(a, 0xFFFFFFFF), SAR_OK); /* re-entrant: GmSSL locks twice and unlocks once */
	SAR(SKF_LockDev(b, 0), SAR_TIMEOUT);
	SAR(SKF_UnlockDev(b), SAR_FAIL);
	SAR(SKF_DisConnectDev(a), SAR_OK); /* drops its locks */
	SAR(SKF_LockDev(b, 0), SAR_OK);
	SAR(SKF_UnlockDev(b), SAR_OK);
	SAR(SKF_UnlockDev(b), SAR_FAIL);
	SAR(SKF_GetDevInfo(a, &info), SAR_HANDLE);
	SAR(SKF_GetDevInfo(b, &info), SAR_OK);
	SAR(SKF_DisConnectDev(b), SAR_OK);
}

/* Handles run out with an error, and come back. */
static void exhausted(void **state)
{
	DEVHANDLE h[300] = {NULL};
	size_t n = 0;
	ULONG sar = 0;

	(void)state;
	while (n < COUNT_OF(h) && sar == 0) {
		sar = SKF_ConnectDev(SLOT0, &h[n]);
		n += sar == 0;
	}
	assert_int_equal(sar, 0x0A00000E);
	assert_int_equal(n, 256);
	for (size_t i = 0; i < n; i++)
		SAR(SKF_DisConnectDev(h[i]), SAR_OK);
	SAR(SKF_ConnectDev(SLOT0, &h[0]), SAR_OK);
	SAR(SKF_DisConnectDev(h[0]), SAR_OK);
}

/* --- events and threads --- */

struct wait {
	ULONG sar, event;
	char name[16];
};
static void *waiter(void *arg)
{
	struct wait *w = arg;
	ULONG len = sizeof(w->name);

	w->sar = SKF_WaitForDevEvent(w->name, &len, &w->event);
	return NULL;
}

static void run_wait(struct yxcard *y, const char *line, struct wait *w)
{
	const struct timespec pause = {.tv_nsec = 400000000};
	pthread_t t;

	*w = (struct wait){.sar = 99};
	assert_int_equal(pthread_create(&t, NULL, waiter, w), 0);
	(void)nanosleep(&pause, NULL);
	if (line != NULL)
		OK(yxcard_line(y, line));
	else
		SAR(SKF_CancelWaitForDevEvent(), SAR_OK);
	assert_int_equal(pthread_join(t, NULL), 0);
}

static void events(void **state)
{
	struct wait w;

	run_wait(*state, "INSERT blank-2", &w);
	SAR(w.sar, SAR_OK);
	assert_string_equal(w.name, "slot1");
	assert_int_equal(w.event, 1);
	run_wait(*state, "REMOVE blank-1", &w);
	SAR(w.sar, SAR_OK);
	assert_string_equal(w.name, "slot0");
	assert_int_equal(w.event, 2);
	run_wait(*state, NULL, &w);
	SAR(w.sar, SAR_FAIL);
}

static void *hammer(void *arg)
{
	ULONG *bad = arg;

	for (int i = 0; i < 40; i++) {
		DEVHANDLE dev = NULL;
		SKF_DEVINFO info;
		BYTE r[32];
		char list[64];
		ULONG n = sizeof(list);
		*bad |= SKF_EnumDev(1, list, &n);
		*bad |= SKF_ConnectDev(SLOT0, &dev);
		*bad |= SKF_GetDevInfo(dev, &info);
		*bad |= SKF_GenRandom(dev, r, sizeof(r));
		*bad |= SKF_DisConnectDev(dev);
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t t[6];
	ULONG bad[6] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer, &bad[i]), 0);
	for (size_t i = 0; i < COUNT_OF(t); i++) {
		assert_int_equal(pthread_join(t[i], NULL), 0);
		assert_int_equal(bad[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CARD(removed), WITH_CARD(shared_and_locked), WITH_CARD(exhausted),
		WITH_CARD(events),  WITH_CARD(threads),
	};
	return skf_run(tests, COUNT_OF(tests));
}
