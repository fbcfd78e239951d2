// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks the port of tests/serial/module what it has seen as a console, if the argument says so, and for RS-485 and
 * flow control. Each line is an answer: tests/vm/console.rs knows them.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define GET_RECORDS 0x5480
#define PRINT_LOCKED 0x5481
#define IS_CONSOLE 0x5482
#define AUTO_FLOW 0x5483
#define RECEIVE 0x5484
#define CTS 0x5485
#define GET_THROTTLED 0x5486
#define IS_LOW_LATENCY 0x5487

static void set(int fd, const char *what, unsigned int flags, unsigned int delay)
{
	struct serial_rs485 rs485 = { .flags = flags, .delay_rts_after_send = delay };
	int error = ioctl(fd, TIOCSRS485, &rs485) ? errno : 0;

	printf("rs485 %s: %s, flags %x, delay %u", what, error ? strerror(error) : "done", rs485.flags,
	       rs485.delay_rts_after_send);
	memset(&rs485, 0xff, sizeof(rs485));
	error = ioctl(fd, TIOCGRS485, &rs485) ? errno : 0;
	printf("; now flags %x, delay %u%s\n", rs485.flags, rs485.delay_rts_after_send,
	       error ? strerror(error) : "");
}

static int count(int fd, int *lines, int *sent)
{
	struct serial_icounter_struct icount;

	ioctl(fd, TIOCMGET, lines);
	ioctl(fd, TIOCGICOUNT, &icount);
	*sent = icount.tx;
	return ioctl(fd, GET_THROTTLED);
}

/* What becomes of RTS, and of XOFF and XON, and how often the driver is called, when nobody reads and when all is read. */
static void flow(int fd, const char *what, int automatic)
{
	int before, after, lines, sent, sent_before, i;
	struct termios settings;

	tcgetattr(fd, &settings);
	cfmakeraw(&settings);
	settings.c_iflag |= IXOFF;
	ioctl(fd, AUTO_FLOW, automatic);
	/* C tells the driver of what changes. */
	settings.c_cflag &= ~CRTSCTS;
	tcsetattr(fd, TCSANOW, &settings);
	settings.c_cflag |= CRTSCTS;
	tcsetattr(fd, TCSANOW, &settings);

	before = count(fd, &lines, &sent_before);
	ioctl(fd, RECEIVE, 4000);
	for (i = 0; i < 100 && count(fd, &lines, &sent) == before; i++)
		usleep(20000);
	/* C calls the driver first. */
	usleep(100000);
	after = count(fd, &lines, &sent);
	printf("flow %s: throttled %d, RTS %d, sent %d; ", what, (after - before) & 0xff,
	       !!(lines & TIOCM_RTS), sent - sent_before);
	tcflush(fd, TCIFLUSH);
	after = count(fd, &lines, &sent);
	printf("unthrottled %d, RTS %d, sent %d; ", (after - before) >> 8, !!(lines & TIOCM_RTS),
	       sent - sent_before);
	printf("without CTS stopped %d, with %d\n", ioctl(fd, CTS, 0), ioctl(fd, CTS, 1));
}

static void low_latency(int fd)
{
	struct serial_struct serial;
	int before = ioctl(fd, IS_LOW_LATENCY);

	ioctl(fd, TIOCGSERIAL, &serial);
	serial.flags |= ASYNC_LOW_LATENCY;
	ioctl(fd, TIOCSSERIAL, &serial);
	printf("low latency: %d, then %d\n", before, ioctl(fd, IS_LOW_LATENCY));
}

static void console(int fd)
{
	int before, after;

	printf("console: %d\n", ioctl(fd, IS_CONSOLE));
	before = ioctl(fd, GET_RECORDS);
	ioctl(fd, PRINT_LOCKED);
	if (write(fd, "hello", 5) != 5)
		perror("write");
	sleep(2);
	after = ioctl(fd, GET_RECORDS);
	printf("records: %s\n", after - before >= 3 ? "all" : "lost");
}

int main(int argc, char **argv)
{
	int fd = open("/dev/ttyTS0", O_RDWR | O_NOCTTY);

	if (fd < 0) {
		perror("open");
		return 1;
	}

	if (argc > 1 && !strcmp(argv[1], "console"))
		console(fd);
	set(fd, "on", SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND, 20);
	set(fd, "what it has not", SER_RS485_ENABLED | SER_RS485_RTS_AFTER_SEND | SER_RS485_TERMINATE_BUS, 0);
	set(fd, "what it changes", SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND | SER_RS485_RX_DURING_TX, 1);
	set(fd, "what it refuses", SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND, 90);
	set(fd, "too long", SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND, 1000000);
	set(fd, "off", 0, 0);
	printf("rs485 bad pointer: %s\n", ioctl(fd, TIOCSRS485, 8) ? strerror(errno) : "done");

	flow(fd, "by C", 0);
	flow(fd, "by the port", 1);
	low_latency(fd);
	return 0;
}
