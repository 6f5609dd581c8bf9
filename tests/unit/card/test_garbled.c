/* Every command truncated and garbled, and random sequences of commands: through the fuzz target, with a printed seed.
 */
#include "card_fixture.h"
#include "client/card/u1.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Well-formed commands of every kind; PIN and key material need not be right. */
static const char *const commands[] = {
	"00A4040008F059494E58494E01",
	"80CA0001",
	"80CA0002",
	"80CA0040",
	"80840000020020",
	"80200001084B70372332302D78",
	"80210000",
	"8024000111084B70372332302D784B70372332302D79",
	"802A000020000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
	"802C000004300201FF",
	"80DE00000A000230000002300030003000",
	"80E40000",
	"80D0000003414243",
	"80E000000810100010414243AA",
	"80E0000008FF10001041424344",
	"80B0000006001041424344",
	"80D60000080441424344010203",
	"804601002800000000000000000000000000000000000000000000000000000000000000003133353739312D61",
	"80DA00030430020500",
	"80C200000400000000",
	"80FF0000",
	"00CA000000",
};

static uint64_t seed;
static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static struct buf unhex(const char *hex)
{
	struct buf b = buf_make(U1_APDU_MAX);
	AUTO_BUF(text, 2 * U1_APDU_MAX);

	buf_str(&text, hex);
	buf_cut(&text, text.len & ~(size_t)1);
	for (size_t i = 0; i + 1 < text.len; i += 2) {
		char two[3] = {(char)text.ptr[i], (char)text.ptr[i + 1], '\0'};
		buf_u8(&b, (uint8_t)strtoul(two, NULL, 16));
	}
	return b;
}

static void put(struct buf *input, struct span command)
{
	buf_u16(input, (uint16_t)command.len);
	buf_put(input, command);
}

static void begin(struct buf *input, unsigned mode)
{
	buf_clear(input);
	buf_u8(input, (uint8_t)mode);
	if (mode & 1)
		return;
	struct buf b = unhex(commands[0]);
	put(input, buf_span(&b));
	buf_done(&b);
}

static void run(const struct buf *input)
{
	OK(buf_err(input));
	assert_int_equal(LLVMFuzzerTestOneInput(input->ptr, input->len), 0);
}

static void truncated_and_extended(void **state)
{
	AUTO_BUF(input, 1 << 20);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		struct buf c = unhex(commands[i]);
		for (unsigned mode = 0; mode < 4; mode++) {
			begin(&input, mode);
			for (size_t len = 0; len <= c.len; len++)
				put(&input, span_sub(buf_span(&c), 0, len));
			buf_u8(&c, 0);
			put(&input, buf_span(&c));
			buf_u8(&c, 0);
			put(&input, buf_span(&c));
			buf_cut(&c, c.len - 2);
			run(&input);
		}
		buf_done(&c);
	}
}

static void garble(struct buf *c)
{
	unsigned flips = draw(4);

	for (unsigned i = 0; i < flips && c->len > 0; i++)
		c->ptr[draw((unsigned)c->len)] ^= (uint8_t)(1u << draw(8));
}

static void random_sequences(void **state)
{
	const char *set = getenv("SEED"), *rounds = getenv("ROUNDS");
	AUTO_BUF(input, 1 << 20);

	(void)state;
	seed = set != NULL ? strtoull(set, NULL, 10) : (uint64_t)time(NULL);
	printf("# SEED=%llu\n", (unsigned long long)seed);
	for (unsigned n = 0; n < (rounds != NULL ? (unsigned)strtoul(rounds, NULL, 10) : 200); n++) {
		begin(&input, draw(4));
		for (unsigned i = 0; i < 40; i++) {
			struct buf c = unhex(commands[draw(COUNT_OF(commands))]);
			garble(&c);
			put(&input, buf_span(&c));
			buf_done(&c);
		}
		run(&input);
	}
}

/* Longest, longer, and lengths that lie. */
static void sizes(void **state)
{
	static const size_t lens[] = {4, 255, 256, 261, 4089, 4096, 4097, 5000, 65535};
	static const uint8_t heads[][7] = {{0x80, 0xC2, 0, 0, 0, 0xFF, 0xFF},
	                                   {0x80, 0xDE, 0, 0, 0, 0x0F, 0xF9},
	                                   {0x80, 0xD6, 0, 0, 0, 0x04, 0x20},
	                                   {0x00, 0xA4, 4, 0, 0, 0, 0}};
	AUTO_BUF(input, 1 << 20);

	(void)state;
	for (unsigned mode = 0; mode < 4; mode++) {
		begin(&input, mode);
		for (size_t i = 0; i < COUNT_OF(lens) * COUNT_OF(heads); i++) {
			AUTO_BUF(c, 65535);
			uint8_t *room = buf_room(&c, lens[i % COUNT_OF(lens)]);
			memset(room, 0x41, c.len);
			memcpy(room, heads[i / COUNT_OF(lens)], c.len < 7 ? c.len : 7);
			put(&input, buf_span(&c));
		}
		run(&input);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncated_and_extended),
		cmocka_unit_test(random_sequences),
		cmocka_unit_test(sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
