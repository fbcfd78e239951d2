// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a UART in an emulator cannot show: `cable A B DEBUGFS` asks two ports of rust_nullmodem what happens when
 * modem lines change, and when characters come with errors; `cable A B pps`, whether carrier detect counts as pulses.
 * One line for each question; the status says whether all was as it should.
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
#include <linux/tty.h>

static const char *names[2], *debugfs;
static int failures;

static void check(int ok, const char *what)
{
	printf("%s: %s\n", what, ok ? "yes" : "no");
	failures += !ok;
}

static int port(int i)
{
	int fd = open(names[i], O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		perror(names[i]);
		exit(1);
	}
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static void set(int fd, tcflag_t cflag, tcflag_t iflag)
{
	struct termios2 t = {
		.c_cflag = CS8 | CREAD | BOTHER | cflag, .c_iflag = iflag, .c_ispeed = 115200, .c_ospeed = 115200,
	};

	t.c_cc[VMIN] = 1;
	if (ioctl(fd, TCSETS2, &t))
		check(0, "TCSETS2");
}

static void drive(int fd, int lines)
{
	ioctl(fd, TIOCMSET, &lines);
}

static int lines(int fd)
{
	int now = 0;

	ioctl(fd, TIOCMGET, &now);
	return now & (TIOCM_CTS | TIOCM_DSR | TIOCM_CAR | TIOCM_RNG);
}

static struct serial_icounter_struct counts(int fd)
{
	struct serial_icounter_struct count = {};

	ioctl(fd, TIOCGICOUNT, &count);
	return count;
}

/* Changes of lines are reported soon, not at once: waits until so many of CTS are counted. */
static void settle(int fd, int cts)
{
	for (int i = 0; i < 100 && counts(fd).cts != cts; i++)
		usleep(20000);
}

/* What comes within a while, as hexadecimal digits. */
static const char *get(int fd)
{
	static char text[256];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t bytes[64];
	ssize_t n;

	text[0] = 0;
	while (strlen(text) < 128 && poll(&p, 1, 300) > 0) {
		n = read(fd, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			sprintf(text + strlen(text), "%02x", bytes[i]);
	}
	return text;
}

static void inject(const char *what, int n)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", debugfs, strrchr(names[1], '/') + 1, what);
	file = fopen(path, "w");
	if (!file || fprintf(file, "%d\n", n) < 0 || fclose(file))
		check(0, path);
}

/* Sends `abc` from `a` to `b` with these settings of `b`, after an error was injected. */
static void error(int a, int b, const char *what, tcflag_t iflag, const char *expected)
{
	char text[80];
	const char *got;

	set(b, CLOCAL, iflag);
	inject(what, 1);
	if (write(a, "abc", 3) != 3)
		check(0, "write");
	got = get(b);
	snprintf(text, sizeof(text), "%s with %x comes as %s", what, iflag, got);
	check(!strcmp(got, expected), text);
}

static void errors(int a, int b)
{
	struct serial_icounter_struct old = counts(b), new;

	set(a, CLOCAL, 0);
	error(a, b, "parity", 0, "616263");
	error(a, b, "parity", INPCK, "006263");
	error(a, b, "parity", INPCK | IGNPAR, "6263");
	error(a, b, "parity", INPCK | PARMRK, "ff00616263");
	error(a, b, "frame", 0, "616263");
	error(a, b, "frame", INPCK | PARMRK, "ff00616263");
	error(a, b, "frame", INPCK | IGNPAR, "6263");
	error(a, b, "overrun", 0, "61006263");
	error(a, b, "overrun", IGNBRK | IGNPAR, "616263");
	new = counts(b);
	check(new.parity - old.parity == 4, "4 errors of parity are counted");
	check(new.frame - old.frame == 3, "3 of framing");
	check(new.overrun - old.overrun == 2, "2 overruns");
}

static volatile int signals;

static void on_signal(int signal)
{
	signals |= 1 << signal;
}

static void breaks(int a, int b)
{
	struct serial_icounter_struct old = counts(b);

	set(b, CLOCAL, 0);
	ioctl(a, TCSBRK, 0);
	check(!strcmp(get(b), "00"), "a break is a NUL");
	set(b, CLOCAL, IGNBRK);
	ioctl(a, TCSBRK, 0);
	check(!strcmp(get(b), ""), "or nothing");
	set(b, CLOCAL, PARMRK);
	ioctl(a, TCSBRK, 0);
	check(!strcmp(get(b), "ff0000"), "or marked");
	/* It is no error of framing, which IGNPAR would drop. */
	set(b, CLOCAL, INPCK | IGNPAR | BRKINT);
	ioctl(a, TCSBRK, 0);
	check(!strcmp(get(b), ""), "or a signal");
	set(b, CLOCAL, INPCK | IGNPAR);
	ioctl(a, TCSBRK, 0);
	check(!strcmp(get(b), "00"), "and no error of framing");
	check(counts(b).brk - old.brk == 5, "5 breaks are counted");
	check(counts(b).frame == old.frame, "none as another error");
}

static void modem(int a, int b)
{
	struct serial_icounter_struct old;
	int seen = 0;

	set(a, CLOCAL, 0);
	/* Without CLOCAL it would be hung up. */
	set(b, CLOCAL | CRTSCTS, 0);
	drive(a, 0);
	usleep(500000);
	check(lines(b) == 0, "no lines, no lines");
	old = counts(b);
	drive(a, TIOCM_RTS);
	check(lines(b) == TIOCM_CTS, "RTS is CTS");
	settle(b, old.cts + 1);
	drive(a, TIOCM_DTR);
	settle(b, old.cts + 2);
	check(lines(b) == (TIOCM_DSR | TIOCM_CAR), "DTR is DSR and CD");
	check(counts(b).dsr - old.dsr == 1, "a change of DSR is counted");
	check(counts(b).dcd - old.dcd == 1, "one of CD");
	check(counts(b).cts - old.cts == 2, "two of CTS");
	for (int i = 0; i < 20; i++) {
		int cts = counts(b).cts;

		drive(a, TIOCM_DTR | TIOCM_RTS);
		drive(a, TIOCM_DTR);
		for (int j = 0; j < 50 && counts(b).cts == cts; j++)
			usleep(20000);
		seen += counts(b).cts > cts;
	}
	check(seen == 20, "CTS that is gone at once is counted");
}

/* Who waits for a change of a line sees it. */
static void waiting(int a, int b)
{
	int status = -1;
	pid_t child;

	drive(a, TIOCM_DTR);
	child = fork();
	if (!child) {
		alarm(10);
		_exit(ioctl(b, TIOCMIWAIT, TIOCM_CTS) ? 1 : 0);
	}
	usleep(300000);
	check(waitpid(child, &status, WNOHANG) == 0, "who waits for CTS waits");
	drive(a, TIOCM_DTR | TIOCM_RTS);
	waitpid(child, &status, 0);
	check(status == 0, "until it changes");
}

static void flow(int a, int b)
{
	struct termios2 t;

	set(a, CLOCAL | CRTSCTS, 0);
	set(b, CLOCAL, 0);
	drive(b, TIOCM_DTR);
	usleep(100000);
	if (write(a, "abc", 3) != 3)
		check(0, "write");
	check(!strcmp(get(b), ""), "without CTS nothing is sent");
	drive(b, TIOCM_DTR | TIOCM_RTS);
	check(!strcmp(get(b), "616263"), "with it all");
	/* A reader that does not read: its port drops RTS, and nothing is lost. */
	set(b, CLOCAL | CRTSCTS, 0);
	ioctl(a, TCGETS2, &t);
	fcntl(a, F_SETFL, O_NONBLOCK);
	{
		static uint8_t block[4096];
		long sent = 0, got = 0;
		struct pollfd p = { .fd = b, .events = POLLIN };

		for (int i = 0; i < 100; i++) {
			ssize_t n = write(a, block, sizeof(block));

			if (n > 0)
				sent += n;
			else
				usleep(5000);
		}
		check(sent > 4096, "a writer has to wait");
		check(!(lines(a) & TIOCM_CTS), "a reader that does not read drops RTS");
		while (poll(&p, 1, 500) > 0) {
			ssize_t n = read(b, block, sizeof(block));

			if (n <= 0)
				break;
			got += n;
		}
		check(sent == got, "and loses nothing");
	}
	fcntl(a, F_SETFL, 0);
}

/* A port whose carrier goes is hung up. */
static void carrier(int a, int b)
{
	int status = -1;
	pid_t child;

	set(a, CLOCAL, 0);
	drive(a, TIOCM_DTR | TIOCM_RTS);
	usleep(100000);
	set(b, HUPCL, 0);
	fflush(stdout);
	child = fork();
	if (!child) {
		struct sigaction act = { .sa_handler = on_signal };
		char byte;

		setsid();
		sigaction(SIGHUP, &act, NULL);
		if (ioctl(b, TIOCSCTTY, 0))
			_exit(2);
		alarm(10);
		_exit(read(b, &byte, 1) <= 0 && signals & 1 << SIGHUP ? 0 : 1);
	}
	usleep(300000);
	drive(a, 0);
	waitpid(child, &status, 0);
	check(status == 0, "who reads a port whose carrier goes is hung up");
}

static unsigned int pulses(void)
{
	char text[64] = "";
	int fd = open("/sys/class/pps/pps0/assert", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *count = n < 0 ? NULL : strchr(text, '#');

	close(fd);
	return count ? strtoul(count + 1, NULL, 10) : -1U;
}

/* A port whose line discipline is that for pulses reports its carrier, which nobody has asked for otherwise. */
static void pps(int a, int b)
{
	int n_pps = N_PPS, n_tty = N_TTY;

	set(a, CLOCAL, 0);
	set(b, CLOCAL, 0);
	drive(a, 0);
	usleep(100000);
	check(!ioctl(b, TIOCSETD, &n_pps), "a port takes the line discipline for pulses");
	check(pulses() == 0, "there was none yet");
	for (int i = 0; i < 5; i++) {
		drive(a, TIOCM_DTR);
		usleep(50000);
		drive(a, 0);
		usleep(50000);
	}
	check(pulses() == 5, "each time the carrier comes is a pulse");
	check(!ioctl(b, TIOCSETD, &n_tty), "and gives it back");
}

int main(int argc, char **argv)
{
	int a, b;

	if (argc < 4)
		return 2;
	names[0] = argv[1];
	names[1] = argv[2];
	debugfs = argv[3];
	setvbuf(stdout, NULL, _IOLBF, 0);
	a = port(0);
	b = port(1);
	if (!strcmp(debugfs, "pps")) {
		pps(a, b);
		return failures != 0;
	}
	errors(a, b);
	breaks(a, b);
	modem(a, b);
	waiting(a, b);
	flow(a, b);
	carrier(a, b);
	return failures != 0;
}
