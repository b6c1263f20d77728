/*
 * A disk that fails when it is told to. Loaded before the C library (LD_PRELOAD) into a server under test, it stands
 * between the process and every file under CONCORD_FAULT_DIR, and does what the control file CONCORD_FAULT_CONTROL says
 * at that moment: "mode number". Each fault that it makes is one more byte in "<control>.hits", so that a test knows
 * that its fault was met.
 *
 *   none            nothing
 *   full N          files may grow by N more bytes in all, then ENOSPC; what is there may be overwritten
 *   readonly        EROFS for all that writes
 *   eio-write N     every Nth write fails with EIO
 *   eio-fsync       every fsync fails with EIO
 *   short           every write takes half of what it is given, as POSIX allows
 *   slow N          every fsync takes N milliseconds
 *   stall           an fsync that begins now ends when the mode is another
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct order {
  char mode[32];
  long number;
};

static long grown, writes;
static char last_order[64];

static const char *control(void) { return getenv("CONCORD_FAULT_CONTROL"); }

static int order_now(struct order *order) {
  const char *path = control();
  char text[64] = {0};
  if (!path) return 0;
  int file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (file < 0) return 0;
  long length = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  if (length <= 0) return 0;
  if (strcmp(text, last_order)) {
    strcpy(last_order, text);
    grown = writes = 0;
  }
  order->number = 0;
  if (sscanf(text, "%31s %ld", order->mode, &order->number) < 1) return 0;
  return strcmp(order->mode, "none") != 0;
}

static int is(const struct order *order, const char *mode) { return !strcmp(order->mode, mode); }

static int inside(const char *path) {
  const char *dir = getenv("CONCORD_FAULT_DIR");
  return dir && *dir && !strncmp(path, dir, strlen(dir));
}

static int ours(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return inside(path);
}

static void hit(void) {
  char path[4096];
  snprintf(path, sizeof path, "%s.hits", control());
  int file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  syscall(SYS_write, file, "x", 1);
  syscall(SYS_close, file);
}

static int fails(int with) {
  hit();
  errno = with;
  return -1;
}

/* How many bytes of a write may be written: `count`, fewer, or -1 with errno. `end` is where the write would end. */
static long allowed(int fd, size_t count, off_t end) {
  struct order order;
  if (count == 0 || !order_now(&order) || !ours(fd)) return count;
  if (is(&order, "readonly")) return fails(EROFS);
  if (is(&order, "eio-write") && ++writes % (order.number > 0 ? order.number : 1) == 0) return fails(EIO);
  if (is(&order, "short") && count > 1) {
    hit();
    return (count + 1) / 2;
  }
  if (is(&order, "full")) {
    struct stat now;
    if (fstat(fd, &now) || end <= now.st_size) return count;
    long more = end - (now.st_size > end - (off_t)count ? now.st_size : end - (off_t)count);
    if (grown + more > order.number) return fails(ENOSPC);
    grown += more;
  }
  return count;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) {
  off_t at = lseek(fd, 0, SEEK_CUR);
  long most = at < 0 ? (long)count : allowed(fd, count, at + count);
  return most < 0 ? -1 : NEXT(write)(fd, bytes, most);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  long most = allowed(fd, count, at + count);
  return most < 0 ? -1 : NEXT(pwrite)(fd, bytes, most, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  long most = allowed(fd, count, at + count);
  return most < 0 ? -1 : NEXT(pwrite64)(fd, bytes, most, at);
}

static int sync_fails(int fd) {
  struct order order;
  if (!order_now(&order) || !ours(fd)) return 0;
  if (is(&order, "eio-fsync")) return fails(EIO);
  if (is(&order, "slow")) {
    hit();
    usleep(order.number * 1000);
  }
  if (is(&order, "stall")) {
    hit();
    while (order_now(&order) && is(&order, "stall")) usleep(5000);
  }
  return 0;
}

int fsync(int fd) { return sync_fails(fd) ? -1 : NEXT(fsync)(fd); }

int fdatasync(int fd) { return sync_fails(fd) ? -1 : NEXT(fdatasync)(fd); }

static int cut_fails(int fd) {
  struct order order;
  return order_now(&order) && is(&order, "readonly") && ours(fd) && fails(EROFS);
}

int ftruncate(int fd, off_t length) { return cut_fails(fd) ? -1 : NEXT(ftruncate)(fd, length); }

int ftruncate64(int fd, off64_t length) { return cut_fails(fd) ? -1 : NEXT(ftruncate64)(fd, length); }

static int open_fails(const char *path, int flags) {
  struct order order;
  return (flags & (O_WRONLY | O_RDWR | O_CREAT)) && order_now(&order) && is(&order, "readonly") && inside(path) &&
         fails(EROFS);
}

#define OPEN(name)                                   \
  int name(const char *path, int flags, ...) {       \
    va_list rest;                                    \
    va_start(rest, flags);                           \
    mode_t mode = va_arg(rest, mode_t);              \
    va_end(rest);                                    \
    if (open_fails(path, flags)) return -1;          \
    return NEXT(name)(path, flags, mode);            \
  }
OPEN(open)
OPEN(open64)
