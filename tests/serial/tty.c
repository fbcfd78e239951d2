// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user of two serial ports sees that are connected to each other: `tty A B [BYTES]`. One line of
 * output for each question, the same for each driver that does as it should.
 */

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/serial.h>

/* <asm/termios.h> has them, and cannot be had beside <sys/ioctl.h>. */
#define TIOCM_OUT1 0x2000
#define TIOCM_OUT2 0x4000
#define TIOCM_LOOP 0x8000

static const char *names[2];

static const char *outcome(long status)
{
	static char text[4][64];
	static int at;

	at = (at + 1) % 4;
	if (status < 0)
		return strerrorname_np(errno);
	snprintf(text[at], sizeof(text[at]), "%ld", status);
	return text[at];
}

static int port(int i, int flags)
{
	int fd = open(names[i], O_RDWR | O_NOCTTY | flags);

	if (fd < 0) {
		printf("open %d: %s\n", i, strerror(errno));
		exit(1);
	}
	return fd;
}

static struct termios2 raw(speed_t baud)
{
	struct termios2 t = { .c_cflag = CS8 | CREAD | CLOCAL | BOTHER, .c_ispeed = baud, .c_ospeed = baud };

	t.c_cc[VMIN] = 1;
	return t;
}

static void set(int fd, struct termios2 t)
{
	if (ioctl(fd, TCSETS2, &t))
		printf("TCSETS2: %s\n", strerror(errno));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Reads `n` characters, or what there is before nothing came for `seconds`. */
static size_t get(int fd, void *to, size_t n, int seconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t got = 0;

	while (got < n && poll(&p, 1, seconds * 1000) > 0) {
		ssize_t r = read(fd, (char *)to + got, n - got);

		if (r <= 0)
			break;
		got += r;
	}
	return got;
}

/* Drops what comes until nothing has for a second. */
static void rest(int fd)
{
	char buf[64];

	while (get(fd, buf, sizeof(buf), 1) == sizeof(buf))
		;
}

static void put(int fd, const void *from, size_t n)
{
	size_t sent = 0;

	while (sent < n) {
		ssize_t w = write(fd, (const char *)from + sent, n - sent);

		if (w < 0) {
			printf("write: %s\n", strerror(errno));
			exit(1);
		}
		sent += w;
	}
}

static void pattern(uint8_t *to, size_t n, uint32_t seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		to[i] = seed >> 24;
	}
}

static void transfer(const char *what, int from, int to, size_t n, uint32_t seed)
{
	uint8_t *sent = malloc(n), *got = malloc(n);
	pid_t child;
	size_t count, same;

	pattern(sent, n, seed);
	child = fork();
	if (!child) {
		put(from, sent, n);
		_exit(0);
	}
	count = get(to, got, n, 10);
	for (same = 0; same < count && sent[same] == got[same]; same++)
		;
	if (same == n)
		printf("%s: exact\n", what);
	else
		printf("%s: %zu of %zu, as sent up to %zu\n", what, count, n, same);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	free(sent);
	free(got);
}

static void data(int a, int b, size_t n)
{
	int other[2];
	char line[64];
	ssize_t length;
	pid_t child;

	transfer("a to b", a, b, n, 1);
	transfer("b to a", b, a, n, 2);
	/* Both at once: the second line comes through a pipe, so that it is the second. */
	if (pipe(other))
		exit(1);
	fflush(stdout);
	child = fork();
	if (!child) {
		dup2(other[1], 1);
		transfer("b to a meanwhile", b, a, n, 4);
		exit(0);
	}
	close(other[1]);
	transfer("a to b meanwhile", a, b, n, 3);
	waitpid(child, NULL, 0);
	length = read(other[0], line, sizeof(line));
	printf("%.*s", (int)(length > 0 ? length : 0), line);
	close(other[0]);
}

static void settings(int a, int b)
{
	static const unsigned int sizes[] = { CS5, CS6, CS7, CS8 };
	static const unsigned int parities[] = { 0, PARENB, PARENB | PARODD, PARENB | CMSPAR,
						 PARENB | CMSPAR | PARODD };
	static const unsigned int bauds[] = { 0, 1, 50, 110, 300, 9600, 19200, 38400, 57600, 115200, 230400,
					      4000000, 12345 };
	struct termios2 t;

	for (int s = 0; s < 4; s++)
		for (int p = 0; p < 5; p++)
			for (int stop = 0; stop < 2; stop++)
				for (int flow = 0; flow < 2; flow++) {
					t = raw(115200);
					t.c_cflag &= ~CSIZE;
					t.c_cflag |= sizes[s] | parities[p] | (stop ? CSTOPB : 0) |
						     (flow ? CRTSCTS : 0);
					printf("set %x: ", t.c_cflag);
					printf("%s ", outcome(ioctl(a, TCSETS2, &t)));
					memset(&t, 0, sizeof(t));
					ioctl(a, TCGETS2, &t);
					printf("%x\n", t.c_cflag);
				}
	for (size_t i = 0; i < sizeof(bauds) / sizeof(*bauds); i++) {
		t = raw(bauds[i]);
		printf("baud %u: %s ", bauds[i], outcome(ioctl(a, TCSETS2, &t)));
		memset(&t, 0, sizeof(t));
		ioctl(a, TCGETS2, &t);
		printf("%u %x\n", t.c_ospeed, t.c_cflag);
	}
	set(a, raw(115200));
	set(b, raw(115200));
}

static void modem(int a)
{
	static const int lines[] = { TIOCM_DTR, TIOCM_RTS, TIOCM_OUT1, TIOCM_OUT2, TIOCM_DTR | TIOCM_RTS };
	int loop = TIOCM_LOOP, all = TIOCM_DTR | TIOCM_RTS | TIOCM_OUT1 | TIOCM_OUT2;
	char text[8] = "looped", got[8] = "";
	int now;

	for (int i = 0; i < 5; i++) {
		ioctl(a, TIOCMBIC, &all);
		ioctl(a, TIOCMBIS, &lines[i]);
		ioctl(a, TIOCMGET, &now);
		printf("lines %x: %x", lines[i], now);
		ioctl(a, TIOCMBIS, &loop);
		ioctl(a, TIOCMGET, &now);
		printf(", in loopback %x\n", now);
		ioctl(a, TIOCMBIC, &loop);
	}
	ioctl(a, TIOCMBIS, &loop);
	put(a, text, sizeof(text));
	printf("loopback: %zu", get(a, got, sizeof(got), 2));
	printf(" %s\n", got);
	ioctl(a, TIOCMBIC, &loop);
	all = TIOCM_DTR | TIOCM_RTS;
	ioctl(a, TIOCMSET, &all);
}

static void waiting(int a, int b)
{
	struct termios2 t = raw(115200);
	struct pollfd p = { .fd = a, .events = POLLIN | POLLOUT };
	int other = port(0, O_NONBLOCK), n = 0, i;
	char buf[16];
	double start;

	printf("nonblocking read: %s\n", outcome(read(other, buf, 1)));
	printf("poll: %d", poll(&p, 1, 0));
	printf(" %x\n", p.revents);
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 3;
	set(a, t);
	start = now();
	printf("VTIME 3: %s ", outcome(read(a, buf, 1)));
	start = now() - start;
	printf("%s\n", start > 0.25 && start < 2 ? "in time" : "not in time");
	t.c_cc[VMIN] = 5;
	t.c_cc[VTIME] = 0;
	set(a, t);
	put(b, "abcde", 5);
	printf("VMIN 5: %s\n", outcome(read(a, buf, sizeof(buf))));
	set(a, raw(115200));
	put(b, "xyz", 3);
	n = 0;
	for (i = 0; i < 30 && n < 3 && !ioctl(a, FIONREAD, &n); i++)
		usleep(100000);
	printf("FIONREAD: %s", outcome(ioctl(a, FIONREAD, &n)));
	printf(" %d\n", n);
	printf("TCFLSH: %s\n", outcome(ioctl(a, TCFLSH, TCIOFLUSH)));
	ioctl(a, FIONREAD, &n);
	printf("after it: %d\n", n);
	printf("second opener is closed: %s\n", outcome(close(other)));
	put(b, "still", 5);
	printf("still open: %zu\n", get(a, buf, 5, 2));
}

static void flow(int a, int b)
{
	struct termios2 t = raw(115200);
	char buf[16];

	printf("TCOOFF: %s\n", outcome(ioctl(a, TCXONC, TCOOFF)));
	put(a, "stop", 4);
	printf("stopped: %zu\n", get(b, buf, 4, 1));
	printf("TCOON: %s\n", outcome(ioctl(a, TCXONC, TCOON)));
	printf("started: %zu\n", get(b, buf, 4, 2));
	/* A character that goes first must not be the last one. */
	t.c_cc[VSTART] = 17;
	t.c_cc[VSTOP] = 19;
	set(a, t);
	ioctl(a, TCXONC, TCOOFF);
	put(a, "wait", 4);
	ioctl(a, TCXONC, TCIOFF);
	printf("sent while stopped: %zu", get(b, buf, 1, 1));
	printf(" %x\n", buf[0]);
	ioctl(a, TCXONC, TCION);
	get(b, buf, 1, 1);
	ioctl(a, TCXONC, TCOON);
	printf("started after it: %zu\n", get(b, buf, 4, 2));
	t.c_iflag = IXON;
	set(a, t);
	put(b, "\x13", 1);
	usleep(300000);
	put(a, "xoff", 4);
	printf("XOFF: %zu\n", get(b, buf, 4, 1));
	put(b, "\x11", 1);
	printf("XON: %zu\n", get(b, buf, 4, 2));
	set(a, t);
	printf("TCIOFF: %s", outcome(ioctl(a, TCXONC, TCIOFF)));
	printf(" %zu", get(b, buf, 1, 1));
	printf(" %x\n", buf[0]);
	printf("TCION: %s", outcome(ioctl(a, TCXONC, TCION)));
	printf(" %zu", get(b, buf, 1, 1));
	printf(" %x\n", buf[0]);
	set(a, raw(115200));
	printf("TIOCSBRK: %s\n", outcome(ioctl(a, TIOCSBRK, 0)));
	printf("TIOCCBRK: %s\n", outcome(ioctl(a, TIOCCBRK, 0)));
	printf("TCSBRK: %s\n", outcome(ioctl(a, TCSBRK, 0)));
	printf("TCSBRKP: %s\n", outcome(ioctl(a, TCSBRKP, 2)));
	printf("drain: %s\n", outcome(ioctl(a, TCSBRK, 1)));
	get(b, buf, sizeof(buf), 1);
}

static void serial(int a)
{
	struct serial_struct old, new;
	struct serial_icounter_struct count;

	printf("TIOCGSERIAL: %s", outcome(ioctl(a, TIOCGSERIAL, &old)));
	printf(" base %d fifo %d custom %d\n", old.baud_base, old.xmit_fifo_size, old.custom_divisor);
	printf("the same: %s\n", outcome(ioctl(a, TIOCSSERIAL, &old)));
	new = old;
	new.irq = 4000;
	printf("irq: %s\n", outcome(ioctl(a, TIOCSSERIAL, &new)));
	new = old;
	new.baud_base = 1;
	printf("base 1: %s\n", outcome(ioctl(a, TIOCSSERIAL, &new)));
	new = old;
	new.type = 1000;
	printf("type 1000: %s\n", outcome(ioctl(a, TIOCSSERIAL, &new)));
	new = old;
	new.flags |= ASYNC_SPD_CUST;
	new.custom_divisor = 0;
	printf("divisor 0: %s\n", outcome(ioctl(a, TIOCSSERIAL, &new)));
	{
		struct termios2 t = raw(38400);

		t.c_cflag = (t.c_cflag & ~CBAUD) | B38400;
		printf("38400 with it: %s\n", outcome(ioctl(a, TCSETS2, &t)));
	}
	printf("back: %s\n", outcome(ioctl(a, TIOCSSERIAL, &old)));
	new = old;
	new.flags |= ASYNC_LOW_LATENCY;
	printf("low latency: %s\n", outcome(ioctl(a, TIOCSSERIAL, &new)));
	ioctl(a, TIOCSSERIAL, &old);
	memset(&count, 0, sizeof(count));
	printf("TIOCGICOUNT: %s", outcome(ioctl(a, TIOCGICOUNT, &count)));
	printf(" frame %d overrun %d parity %d buf_overrun %d\n", count.frame, count.overrun, count.parity,
	       count.buf_overrun);
	set(a, raw(115200));
}

static void hostile(int a)
{
	static const unsigned long args[] = { 0, 1, ~0ul, 0xffff800000000000ul };
	struct termios2 t;

	for (unsigned int cmd = 0x5400; cmd < 0x5480; cmd++) {
		/* Those that would sleep, take the terminal, or hang it up: for reasons of their own. */
		if (cmd == TIOCMIWAIT || cmd == TIOCVHANGUP || cmd == TIOCSCTTY || cmd == TIOCSTI ||
		    cmd == TIOCSETD || cmd == TIOCCONS || cmd == 0x5409 || cmd == 0x5425)
			continue;
		printf("ioctl %x:", cmd);
		for (int i = 0; i < 4; i++) {
			fflush(stdout);
			printf(" %s", outcome(ioctl(a, cmd, args[i])));
		}
		printf("\n");
	}
	ioctl(a, TIOCNXCL, 0);
	ioctl(a, TCXONC, TCOON);
	ioctl(a, TIOCCBRK, 0);
	t = raw(115200);
	set(a, t);
}

static void hangup(int b)
{
	char buf[16];
	int a = port(0, 0), again;

	printf("TIOCVHANGUP: %s\n", outcome(ioctl(a, TIOCVHANGUP, 0)));
	printf("read after it: %s\n", outcome(read(a, buf, 1)));
	printf("write after it: %s\n", outcome(write(a, "x", 1)));
	close(a);
	again = port(0, 0);
	set(again, raw(115200));
	put(b, "again", 5);
	printf("opened again: %zu\n", get(again, buf, 5, 2));
	close(again);
	for (int i = 0; i < 50; i++)
		close(port(0, 0));
	printf("opened 50 times\n");
}

int main(int argc, char **argv)
{
	int a, b;

	if (argc < 3)
		return 2;
	names[0] = argv[1];
	names[1] = argv[2];
	setvbuf(stdout, NULL, _IOLBF, 0);
	a = port(0, 0);
	b = port(1, 0);
	set(a, raw(115200));
	set(b, raw(115200));
	/* What was under way before, such as the echo of what nobody read, is none of these data. */
	rest(a);
	rest(b);
	data(a, b, argc > 3 ? strtoul(argv[3], NULL, 0) : 4096);
	settings(a, b);
	modem(a);
	waiting(a, b);
	flow(a, b);
	serial(a);
	hostile(a);
	close(a);
	hangup(b);
	return 0;
}
