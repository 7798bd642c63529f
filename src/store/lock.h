// Who has a directory open. The kernel drops the lock when its holder dies, however it dies.
#pragma once

#include <cstdint>
#include <string>

#include "base/expected.h"

namespace quintet::store {

class DirectoryLock {
 public:
  // Locks DIRECTORY/NAME (mode 0600) without waiting; `conflict` names the process that has it.
  static Expected<DirectoryLock> take(const std::string& directory, const std::string& name);

  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_;
};

// Makes the directory and those above it, with this mode, each durable in its parent.
Expected<void> make_directory(const std::string& directory, unsigned mode);
// Makes new names in the directory durable.
Expected<void> sync_directory(const std::string& directory);
// Makes the file, empty, if it is not there, and gives it mode 0600.
Expected<void> make_private_file(const std::string& path);
// The file's first 4 KiB; `not_found` without it.
Expected<std::string> read_small_file(const std::string& path);
// Replaces the file by these bytes at once (mode 0600): a crash leaves the old or the new.
Expected<void> replace_file(const std::string& path, const std::string& bytes);

// Appends a step of at most 1 MiB of zeros to a file that is there and shorter than `most` bytes.
// False if nothing was appended, for whatever reason.
bool append_zeros(const std::string& path, std::int64_t most);
// False if it is not there or the sync failed.
bool sync_file(const std::string& path);

}  // namespace quintet::store
