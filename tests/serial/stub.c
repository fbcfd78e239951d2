// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks the port of tests/serial/module what it has seen as a console, and for RS-485. Each line is an answer:
 * tests/vm/console.rs knows them.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GET_RECORDS 0x5480
#define PRINT_LOCKED 0x5481
#define IS_CONSOLE 0x5482

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

int main(int argc, char **argv)
{
	int fd = open(argc > 1 ? argv[1] : "/dev/ttyTS0", O_RDWR | O_NOCTTY);
	int before, after;

	if (fd < 0) {
		perror("open");
		return 1;
	}

	printf("console: %d\n", ioctl(fd, IS_CONSOLE));
	before = ioctl(fd, GET_RECORDS);
	ioctl(fd, PRINT_LOCKED);
	if (write(fd, "hello", 5) != 5)
		perror("write");
	sleep(2);
	after = ioctl(fd, GET_RECORDS);
	printf("records: %s\n", after - before >= 3 ? "all" : "lost");

	set(fd, "on", SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND, 20);
	set(fd, "what it has not", SER_RS485_ENABLED | SER_RS485_RTS_AFTER_SEND | SER_RS485_TERMINATE_BUS, 0);
	set(fd, "what it changes", SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND | SER_RS485_RX_DURING_TX, 1);
	set(fd, "what it refuses", SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND, 90);
	set(fd, "too long", SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND, 1000000);
	set(fd, "off", 0, 0);
	printf("rs485 bad pointer: %s\n", ioctl(fd, TIOCSRS485, 8) ? strerror(errno) : "done");
	return 0;
}
