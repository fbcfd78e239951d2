// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets the kernel's first allocation of a system call fail, then the second, and so on until there is no
 * further one: each time the call must say so with an errno or do without, and work when it is repeated.
 *
 *	fail ACTION PATH [ARGUMENT]
 *
 * Needs CONFIG_FAULT_INJECTION, and failslab and fail_page_alloc set to look at all allocations.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define MOST 10000

static const char *path, *argument = "";
static int device = -1, image = -1;

static void die(const char *what, int n)
{
	fprintf(stderr, "%s with failure %d: %s\n", what, n, strerror(errno));
	exit(1);
}

/* What the failure is not meant for is opened before. */
static int bind_fd = -1, unbind_fd = -1;

static int open_in(const char *dir, const char *file)
{
	char name[256];
	int fd;

	snprintf(name, sizeof(name), "%s/%s", dir, file);
	fd = open(name, O_WRONLY);
	if (fd < 0)
		die(name, 0);
	return fd;
}

static void open_driver(void)
{
	bind_fd = open_in(path, "bind");
	unbind_fd = open_in(path, "unbind");
}

static void open_image(void)
{
	image = open(path, O_RDONLY);
	if (image < 0)
		die(path, 0);
}

static int do_bind(void) { return pwrite(bind_fd, argument, strlen(argument), 0); }
static int do_unbind(void) { return pwrite(unbind_fd, argument, strlen(argument), 0); }

static int do_open(void)
{
	device = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	return device;
}

static int do_close(void) { return close(device); }

static int do_write(void) { return write(device, "x", 1); }

static int do_termios(void)
{
	static bool other;
	struct termios t = { .c_lflag = ICANON };

	other = !other;
	t.c_cflag = CREAD | CLOCAL | (other ? CS7 | PARENB | CRTSCTS : CS8 | CSTOPB);
	cfsetspeed(&t, other ? B9600 : B115200);
	return tcsetattr(device, TCSADRAIN, &t);
}

static int do_load(void)
{
	lseek(image, 0, SEEK_SET);
	return syscall(SYS_finit_module, image, "", 0);
}

static int do_unload(void) { return syscall(SYS_delete_module, argument, O_NONBLOCK); }

static int nothing(void) { return 0; }

static void no_file(void) { }

static const struct sweep {
	const char *name;
	void (*open)(void);
	int (*before)(void), (*action)(void), (*after)(void);
} sweeps[] = {
	{ "bind", open_driver, nothing, do_bind, do_unbind },
	{ "unbind", open_driver, do_bind, do_unbind, nothing },
	{ "open", no_file, nothing, do_open, do_close },
	{ "close", no_file, do_open, do_close, nothing },
	{ "write", no_file, do_open, do_write, do_close },
	{ "termios", no_file, do_open, do_termios, do_close },
	{ "load", open_image, nothing, do_load, do_unload },
	{ "unload", open_image, do_load, do_unload, nothing },
};

static int fail_fd;

/* The kernel reads and writes this buffer too, which can be what fails: then nothing else will. */
static void arm(int n)
{
	char text[16];
	int length = sprintf(text, "%d", n);

	while (pwrite(fail_fd, text, length, 0) < 0)
		if (errno != EFAULT)
			die("fail-nth", n);
}

/* Whether the failure that was asked for has happened; none is asked for any more. */
static bool fired(int n)
{
	char text[16] = "";
	bool seen;

	if (pread(fail_fd, text, sizeof(text) - 1, 0) < 0 && errno != EFAULT)
		die("fail-nth", n);
	seen = text[0] && atoi(text) == 0;
	arm(0);
	return seen;
}

static int sweep(const struct sweep *s)
{
	int refused[256] = {}, done_without = 0, n;

	for (n = 1; n < MOST; n++) {
		int ret, error;
		bool failed;

		if (s->before() < 0)
			die("before", n);
		arm(n);
		ret = s->action();
		error = errno;
		failed = fired(n);
		if (ret < 0) {
			errno = error;
			if (!failed)
				die(s->name, 0);
			if (error < 1 || error > 133) {
				printf("%s: failure %d gave errno %d\n", s->name, n, error);
				return 1;
			}
			refused[error]++;
			/* close() has closed, whatever it says. */
			if (s->action != do_close && s->action() < 0)
				die("the next try", n);
		} else if (failed) {
			done_without++;
		}
		if (s->after() < 0)
			die("after", n);
		if (!failed)
			break;
	}
	printf("%s: %d failures, done without %d", s->name, n - 1, done_without);
	for (int e = 1; e < 256; e++)
		if (refused[e])
			printf(", %s %d", strerrorname_np(e), refused[e]);
	printf("\n");
	return n == MOST;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	path = argv[2];
	if (argc > 3)
		argument = argv[3];
	fail_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_fd < 0)
		die("fail-nth", 0);
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(*sweeps); i++) {
		if (strcmp(sweeps[i].name, argv[1]))
			continue;
		sweeps[i].open();
		return sweep(&sweeps[i]);
	}
	fprintf(stderr, "no action %s\n", argv[1]);
	return 2;
}
