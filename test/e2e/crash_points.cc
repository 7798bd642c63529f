// A library that is loaded before a program (LD_PRELOAD) and kills it, as kill -9 would, before a
// chosen step that changes a file: write, truncate, sync, unlink, rename. The program itself has no
// hook. Steps count from 1, over the files under CRASH_DIR; CRASH_AT is the step not to be taken;
// CRASH_LOG gets a line for each step that was begun. Between two such steps nothing durable
// changes, so these are all the points at which a kill can be told from another one.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> steps = 0;

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

void step(const char* what, const char* path) {
  static const char* const directory = getenv("CRASH_DIR");
  static const char* const log = getenv("CRASH_LOG");
  static const long at = getenv("CRASH_AT") ? atol(getenv("CRASH_AT")) : 0;
  if (directory == nullptr || strncmp(path, directory, strlen(directory)) != 0) return;
  const char* slash = strrchr(path, '/');
  const long now = ++steps;
  if (log != nullptr) {
    char line[512];
    const int size = snprintf(line, sizeof line, "%s %s\n", what, slash ? slash + 1 : path);
    const int file = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    static const auto write_on = real<ssize_t(int, const void*, size_t)>("write");
    if (file >= 0) {
      (void)!write_on(file, line, static_cast<size_t>(size));
      close(file);
    }
  }
  if (now == at) kill(getpid(), SIGKILL);
}

void step(const char* what, int file) {
  char name[64], path[PATH_MAX];
  snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  const ssize_t size = readlink(name, path, sizeof path - 1);
  if (size <= 0) return;
  path[size] = '\0';
  step(what, path);
}

}  // namespace

#define ON_FILE(result, name, parameters, ...)                   \
  extern "C" result name parameters {                            \
    static const auto next = real<result parameters>(#name);     \
    step(#name, file);                                           \
    return next(file __VA_OPT__(, ) __VA_ARGS__);                \
  }
ON_FILE(ssize_t, write, (int file, const void* from, size_t size), from, size)
ON_FILE(ssize_t, pwrite, (int file, const void* from, size_t size, off_t at), from, size, at)
ON_FILE(ssize_t, pwrite64, (int file, const void* from, size_t size, off64_t at), from, size, at)
ON_FILE(int, ftruncate, (int file, off_t size), size)
ON_FILE(int, ftruncate64, (int file, off64_t size), size)
ON_FILE(int, fsync, (int file))
ON_FILE(int, fdatasync, (int file))

extern "C" int unlink(const char* path) {
  static const auto next = real<int(const char*)>("unlink");
  step("unlink", path);
  return next(path);
}

extern "C" int rename(const char* from, const char* to) {
  static const auto next = real<int(const char*, const char*)>("rename");
  step("rename", to);
  return next(from, to);
}
