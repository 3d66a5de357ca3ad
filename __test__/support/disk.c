/*
 * Preloaded, stands in for a disk that a test rules by files in the folder KEY_STORE_DISK: each sync adds a
 * byte to `syncs`; while `fails` is there they fail, and while `hangs` is there they do not end.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *of_test(const char *name) {
  static __thread char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("KEY_STORE_DISK"), name);
  return path;
}

static int has(const char *name) { return access(of_test(name), F_OK) == 0; }

static int count(void) {
  int file = open(of_test("syncs"), O_WRONLY | O_CREAT | O_APPEND, 0644);
  int is_counted = write(file, "s", 1) == 1;
  close(file);
  while (has("hangs")) usleep(1000);
  if (is_counted && !has("fails")) return 0;
  errno = EIO;
  return -1;
}

/* The disk below is the test's own, and no power will be cut. */
int fsync(int file) { return (void)file, count(); }
int fdatasync(int file) { return (void)file, count(); }
