#include "store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace quintet::store {
namespace {

Error system_error(const std::string& path) {
  const int number = errno;
  const std::string what = path + ": " + std::strerror(number);
  if (number == ENOSPC || number == EDQUOT) return exhausted(what);
  if (number == ENOENT) return not_found(what);
  if (number == EIO) return broken(what);
  return invalid(what);
}

// A file descriptor that is closed when it goes.
struct File {
  int number;
  explicit File(int opened) : number(opened) {}
  File(const File&) = delete;
  ~File() {
    if (number >= 0) ::close(number);
  }
};

Expected<void> write_all(int file, const std::string& bytes, const std::string& path) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t now = ::write(file, bytes.data() + done, bytes.size() - done);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return system_error(path);
    done += static_cast<std::size_t>(now);
  }
  return {};
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Expected<DirectoryLock> DirectoryLock::take(const std::string& directory, const std::string& name) {
  const std::string path = directory + "/" + name;
  DirectoryLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.file_ < 0) return system_error(path);
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(path);
    char holder[32] = {};
    const ssize_t size = ::pread(lock.file_, holder, sizeof holder - 1, 0);
    std::string who(holder, size > 0 ? static_cast<std::size_t>(size) : 0);
    who = who.substr(0, who.find('\n'));
    return conflict(directory + " is in use by " +
                    (who.empty() ? "another process" : "process " + who));
  }
  const std::string self = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.file_, 0) != 0) return system_error(path);
  TRY_DO(write_all(lock.file_, self, path));
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) ::close(file_);
}

Expected<void> make_directory(const std::string& directory, unsigned mode) {
  std::string path = directory;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (!S_ISDIR(found.st_mode)) return invalid(path + " is not a directory");
    return {};
  }
  if (errno != ENOENT) return system_error(path);
  const std::string parent = parent_of(path);
  TRY_DO(make_directory(parent, mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return system_error(path);
  return sync_directory(parent);
}

Expected<void> sync_directory(const std::string& directory) {
  const File file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.number < 0 || ::fsync(file.number) != 0) return system_error(directory);
  return {};
}

Expected<void> make_private_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.number < 0 || ::fchmod(file.number, 0600) != 0) return system_error(path);
  return {};
}

Expected<std::string> read_small_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0) return system_error(path);
  std::string out(4096, '\0');
  const ssize_t size = ::pread(file.number, out.data(), out.size(), 0);
  if (size < 0) return system_error(path);
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Expected<void> replace_file(const std::string& path, const std::string& bytes) {
  const std::string fresh = path + ".new";
  {
    const File file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.number < 0) return system_error(fresh);
    TRY_DO(write_all(file.number, bytes, fresh));
    if (::fsync(file.number) != 0) return system_error(fresh);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return system_error(path);
  return sync_directory(parent_of(path));
}

bool append_zeros(const std::string& path, std::int64_t most) {
  constexpr std::int64_t kStep = 1 << 20;
  const File file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  struct stat found {};
  if (file.number < 0 || ::fstat(file.number, &found) != 0 || found.st_size >= most) return false;
  const std::string zeros(
      static_cast<std::size_t>(std::min<std::int64_t>(kStep, most - found.st_size)), '\0');
  return ::pwrite(file.number, zeros.data(), zeros.size(), found.st_size) > 0;
}

bool sync_file(const std::string& path) {
  const File file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.number >= 0 && ::fdatasync(file.number) == 0;
}

}  // namespace quintet::store
