// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two ports of rust_nullmodem whose settings differ, and what is sent during a break: `formats A B` expects what two
 * UARTs on a cable do, `formats A B forgiving` that all is received as it was sent. One line for each question; the
 * status says whether all was as it should.
 */

#include <asm/termbits.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/serial.h>

#define MARK (PARENB | CMSPAR | PARODD)
#define SPACE (PARENB | CMSPAR)
#define EVEN PARENB
#define ODD (PARENB | PARODD)

static int a, b, failures;

static void check(int ok, const char *what)
{
	printf("%s: %s\n", what, ok ? "yes" : "no");
	failures += !ok;
}

static int port(const char *name)
{
	int fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		perror(name);
		exit(1);
	}
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static void set(int fd, unsigned int baud, tcflag_t cflag, tcflag_t iflag)
{
	struct termios2 t = {
		.c_cflag = CREAD | CLOCAL | BOTHER | cflag, .c_iflag = iflag, .c_ispeed = baud, .c_ospeed = baud,
	};

	t.c_cc[VMIN] = 1;
	if (ioctl(fd, TCSETS2, &t))
		check(0, "TCSETS2");
}

/* What comes within a while, as hexadecimal digits. */
static const char *get(void)
{
	static char text[256];
	struct pollfd p = { .fd = b, .events = POLLIN };
	uint8_t bytes[64];
	ssize_t n;

	text[0] = 0;
	while (strlen(text) < 128 && poll(&p, 1, 300) > 0) {
		n = read(b, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			sprintf(text + strlen(text), "%02x", bytes[i]);
	}
	return text;
}

static void put(const char *chars, size_t n)
{
	if (write(a, chars, n) != (ssize_t)n)
		check(0, "write");
	/* Drains it. */
	ioctl(a, TCSBRK, 1);
}

/* A sender with one setting, a receiver with another that marks errors: what comes of a character. */
static const struct {
	const char *what;
	unsigned int baud, other_baud;
	tcflag_t cflag, other_cflag;
	const char *chars, *expected, *forgiving;
} questions[] = {
	{ "the same", 9600, 9600, CS8, CS8, "a", "61", "61" },
	{ "mark to mark", 9600, 9600, CS8 | MARK, CS8 | MARK, "a", "61", "61" },
	{ "mark to space", 9600, 9600, CS8 | MARK, CS8 | SPACE, "a", "ff0061", "61" },
	{ "space to mark", 9600, 9600, CS8 | SPACE, CS8 | MARK, "a", "ff0061", "61" },
	{ "space to space", 9600, 9600, CS8 | SPACE, CS8 | SPACE, "a", "61", "61" },
	{ "even to odd", 9600, 9600, CS8 | EVEN, CS8 | ODD, "a", "ff0061", "61" },
	{ "even to mark, an odd number of ones", 9600, 9600, CS8 | EVEN, CS8 | MARK, "a", "61", "61" },
	{ "even to mark, an even one", 9600, 9600, CS8 | EVEN, CS8 | MARK, "c", "ff0063", "63" },
	{ "seven bits and even parity to eight bits", 9600, 9600, CS7 | EVEN, CS8, "a", "e1", "61" },
	{ "seven bits to eight", 9600, 9600, CS7, CS8, "a", "e1", "61" },
	/* The eighth bit is where the stop bit should be, and then the next start bit. */
	{ "eight bits to seven", 9600, 9600, CS8, CS7, "a", "ff00617f", "61" },
	{ "two stop bits to one", 9600, 9600, CS8 | CSTOPB, CS8, "ab", "6162", "6162" },
	{ "3 % faster", 9600, 9888, CS8, CS8, "ab", "6162", "6162" },
	{ "a bit at a much lower rate", 115200, 300, CS8, CS8, "\x7f", "", "7f" },
	/* Low for longer than a character. */
	{ "a bit at a much higher rate", 300, 115200, CS8, CS8, "\x7f", "ff0000ff0000", "7f" },
};

static void formats(int is_forgiving)
{
	struct serial_icounter_struct old = {}, new = {};

	ioctl(b, TIOCGICOUNT, &old);
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		const char *expected = is_forgiving ? questions[i].forgiving : questions[i].expected;
		const char *got;
		char text[128];

		set(a, questions[i].baud, questions[i].cflag, 0);
		set(b, questions[i].other_baud, questions[i].other_cflag, INPCK | PARMRK);
		put(questions[i].chars, strlen(questions[i].chars));
		got = get();
		snprintf(text, sizeof(text), "%s: %s comes as %s", questions[i].what, questions[i].chars, got);
		check(!strcmp(got, expected), text);
	}
	ioctl(b, TIOCGICOUNT, &new);
	check(new.parity - old.parity == (is_forgiving ? 0 : 4), "errors of parity are counted");
	check(new.frame - old.frame == (is_forgiving ? 0 : 1), "and one of framing");
	check(new.brk - old.brk == (is_forgiving ? 0 : 2), "and two breaks");
}

static void breaks(int is_forgiving)
{
	set(a, 115200, CS8, 0);
	set(b, 115200, CS8, PARMRK);
	ioctl(a, TIOCSBRK, 0);
	check(!strcmp(get(), "ff0000"), "a break has begun");
	put("abc", 3);
	check(!strcmp(get(), is_forgiving ? "616263" : ""), is_forgiving ? "a break is no obstacle" :
	      "what is sent during a break is lost");
	ioctl(a, TIOCCBRK, 0);
	check(!strcmp(get(), ""), "it ends silently");
	put("abc", 3);
	check(!strcmp(get(), "616263"), "what is sent after it comes");
	/* There it comes after what is being sent. */
	if (is_forgiving)
		return;
	ioctl(a, TIOCSBRK, 0);
	ioctl(a, TIOCCBRK, 0);
	put("abc", 3);
	check(!strcmp(get(), "ff0000616263"), "a short one comes before what is sent after it");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	a = port(argv[1]);
	b = port(argv[2]);
	formats(argc > 3);
	breaks(argc > 3);
	return failures != 0;
}
