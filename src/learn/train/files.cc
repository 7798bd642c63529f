#include "learn/train/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace quintet::learn {
namespace {

Error failed(std::string_view doing, const std::string& path) {
  return unavailable(std::string(doing) + " " + path + ": " + std::strerror(errno));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Expected<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return not_found("there is no file " + path);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (in.bad()) return failed("reading", path);
  return bytes;
}

Expected<void> write_file(const std::string& path, std::string_view bytes) {
  const std::string beside = path + ".new";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed("writing", beside);
  const bool written = write_all(file, bytes) && ::fsync(file) == 0;
  if (::close(file) != 0 || !written) return failed("writing", beside);
  if (std::rename(beside.c_str(), path.c_str()) != 0) return failed("renaming", beside);
  return {};
}

}  // namespace quintet::learn
