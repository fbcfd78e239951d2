// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a byte through a serial port costs: `bench PORT...`. One line for each port and way of use: the
 * least of several runs, in ticks of the TSC for each byte, interrupts for each MiB, and kB in a second. In
 * a guest whose clock counts instructions the ticks are instructions, of the kernel and of this.
 */

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/serial.h>

#define TIOCM_LOOP 0x8000
#define RUNS 5

static char buffer[4096];

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void check(long status, const char *what)
{
	if (status < 0) {
		printf("%s: %s\n", what, strerror(errno));
		exit(1);
	}
}

/* Sends `total` bytes by writes of `size`, until all are in the hardware. */
static void send(int fd, size_t size, size_t total)
{
	int left;

	for (size_t sent = 0; sent < total;) {
		ssize_t n = write(fd, buffer, size);

		check(n, "write");
		sent += n;
	}
	do {
		check(ioctl(fd, TIOCOUTQ, &left), "TIOCOUTQ");
	} while (left);
}

/* Sends what comes back, by 1024 bytes. */
static void loop(int fd, size_t total)
{
	for (size_t sent = 0; sent < total; sent += 1024) {
		check(write(fd, buffer, 1024), "write");
		for (size_t got = 0; got < 1024;) {
			ssize_t n = read(fd, buffer, 1024 - got);

			check(n, "read");
			got += n;
		}
	}
}

static long interrupts(int fd, const char *name)
{
	/* Of a line that no other device uses. */
	struct serial_struct serial;
	char line[512], *end;
	long sum = 0;
	FILE *file = fopen("/proc/interrupts", "r");

	check(ioctl(fd, TIOCGSERIAL, &serial), name);
	while (file && fgets(line, sizeof(line), file))
		if (strtol(line, &end, 10) == serial.irq && end != line && *end == ':')
			sum = strtol(end + 1, NULL, 10);
	if (file)
		fclose(file);
	return sum;
}

static void measure(const char *name, int fd, const char *way, size_t size, size_t total)
{
	uint64_t least = UINT64_MAX;
	double fastest = 0;
	long before = interrupts(fd, name);

	for (int run = 0; run < RUNS; run++) {
		double rate, begin = now();
		uint64_t start = ticks();

		if (size)
			send(fd, size, total);
		else
			loop(fd, total);
		start = ticks() - start;
		least = start < least ? start : least;
		rate = total / (now() - begin) / 1000;
		fastest = rate > fastest ? rate : fastest;
	}
	printf("%s %s %.2f %ld %.1f\n", name, way, (double)least / total,
	       (long)((interrupts(fd, name) - before) * (1024.0 * 1024 / RUNS / total)), fastest);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		struct termios2 t = { .c_cflag = CS8 | CREAD | CLOCAL | BOTHER,
				      .c_ispeed = 115200, .c_ospeed = 115200 };
		int lines = TIOCM_LOOP;
		int fd = open(argv[i], O_RDWR | O_NOCTTY);

		check(fd, argv[i]);
		t.c_cc[VMIN] = 1;
		check(ioctl(fd, TCSETS2, &t), "TCSETS2");
		measure(argv[i], fd, "tx-4096", 4096, 1 << 20);
		measure(argv[i], fd, "tx-256", 256, 1 << 18);
		measure(argv[i], fd, "tx-64", 64, 1 << 17);
		measure(argv[i], fd, "tx-16", 16, 1 << 15);
		measure(argv[i], fd, "tx-1", 1, 1 << 12);
		check(ioctl(fd, TIOCMBIS, &lines), "TIOCMBIS");
		measure(argv[i], fd, "loopback", 0, 1 << 18);
		close(fd);
	}
	return 0;
}
