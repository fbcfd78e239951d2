// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replays cases of parameters on a module, in the virtual machine: replay MODULE.ko CASES.
 *
 * A case is a line: `load HEX` loads the module with the decoded string for options, shows its
 * parameters, and unloads it; `write NAME HEX` writes to a parameter of the module, which is loaded
 * for the first of a run of writes. For each case the output has the case, the errno, all values that
 * can be read (load) or the one (write), and what came to the log; all in one line each, escaped.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char dir[128];
static char name[64];
static int log_fd;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void escaped(const char *prefix, const char *text, size_t len)
{
	printf("%s", prefix);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (isprint(c) && c != '\\')
			putchar(c);
		else
			printf("\\x%02x", c);
	}
	putchar('\n');
}

/* Whether a message is the module's, or what the kernel says of its parameters: all else is of no case. */
static int is_of_module(const char *text)
{
	return !strncmp(text, name, strlen(name)) || !strncmp(text, "Setting dangerous option ", 25);
}

/* Shows the module's new messages, or only skips them. */
static void drain(int show)
{
	char record[8192];
	ssize_t len;

	for (;;) {
		len = read(log_fd, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;
		if (len < 0)
			break;
		record[len] = 0;
		char *text = strchr(record, ';');

		if (show && text && is_of_module(text + 1))
			escaped("  log ", text + 1, strcspn(text + 1, "\n"));
	}
	if (errno != EAGAIN)
		fail("/dev/kmsg");
}

static void show_value(const char *param)
{
	char path[256], value[8192];
	size_t len = 0;
	ssize_t more;

	snprintf(path, sizeof(path), "%s/%s", dir, param);
	int fd = open(path, O_RDONLY);

	if (fd < 0) {
		printf("  %s: open %d\n", param, errno);
		return;
	}
	while ((more = read(fd, value + len, sizeof(value) - len)) > 0)
		len += more;
	snprintf(path, sizeof(path), "  %s=", param);
	if (more < 0)
		printf("  %s: read %d\n", param, errno);
	else
		escaped(path, value, len);
	close(fd);
}

static void show_values(void)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, NULL, alphasort);

	if (count < 0)
		fail(dir);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			show_value(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static size_t decode(const char *hex, char *text)
{
	size_t len = 0;
	unsigned int byte;

	while (sscanf(hex + 2 * len, "%2x", &byte) == 1)
		text[len++] = byte;
	text[len] = 0;
	return len;
}

static int load(const char *path, const char *options)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	int err = syscall(SYS_finit_module, fd, options, 0) ? errno : 0;

	close(fd);
	return err;
}

static void unload(void)
{
	if (syscall(SYS_delete_module, name, O_NONBLOCK))
		fail("delete_module");
}

int main(int argc, char **argv)
{
	static char line[65536], text[32768], param[64], hex[32768 * 2];
	int loaded = 0, cases = 0, good = 0;

	if (argc != 3)
		return 2;
	const char *base = strrchr(argv[1], '/');

	/* What comes of stderr must not come into a line. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(name, sizeof(name), "%s", base ? base + 1 : argv[1]);
	name[strcspn(name, ".")] = 0;
	snprintf(dir, sizeof(dir), "/sys/module/%s/parameters", name);
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	FILE *file = fopen(argv[2], "r");

	if (log_fd < 0 || !file)
		fail("open");
	/* What the log has of a first load only. */
	if (load(argv[1], ""))
		fail(argv[1]);
	unload();
	drain(0);

	while (fgets(line, sizeof(line), file)) {
		int err;

		hex[0] = 0;
		if (!strncmp(line, "load", 4)) {
			sscanf(line, "load %65535s", hex);
			if (loaded)
				unload();
			loaded = 0;
			decode(hex, text);
			err = load(argv[1], text);
			printf("%d load -> %d\n", cases, err);
			if (!err) {
				show_values();
				unload();
			}
		} else if (sscanf(line, "write %63s %65535s", param, hex) >= 1) {
			char path[256];
			size_t len = decode(hex, text);

			if (!loaded && load(argv[1], ""))
				fail(argv[1]);
			loaded = 1;
			snprintf(path, sizeof(path), "%s/%s", dir, param);
			int fd = open(path, O_WRONLY);

			err = 0;
			if (fd < 0 || write(fd, text, len) < 0)
				err = errno;
			if (fd >= 0)
				close(fd);
			printf("%d write %s -> %d\n", cases, param, err);
			show_value(param);
		} else {
			fprintf(stderr, "no case: %s", line);
			return 2;
		}
		drain(1);
		cases++;
		good += !err;
	}
	if (loaded)
		unload();
	fprintf(stderr, "replayed %d cases, %d good\n", cases, good);
	return 0;
}
