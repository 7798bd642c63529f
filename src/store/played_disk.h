// A disk for tests: a SQLite VFS that passes everything on to the system's, skips the syncs, and
// keeps account of what a real disk would have kept. From that it builds what is left after a loss
// of power, and it fails on demand. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace quintet::store {

class PlayedDisk {
 public:
  PlayedDisk();
  ~PlayedDisk();
  PlayedDisk(const PlayedDisk&) = delete;

  // For SqliteOptions::vfs.
  const std::string& vfs() const { return name_; }

  // Writes, truncations and syncs so far.
  std::uint64_t operations() const { return operations_; }
  // Called before each of them.
  std::function<void()> before_operation;
  // The operation with this number, counted from now as 1, fails with EIO; once. A sync that fails
  // drops what it should have made durable, and no later sync does it.
  void fail_operation(std::uint64_t number) { failing_ = operations_ + number; }
  bool failed() const { return failing_ != 0 && operations_ >= failing_; }
  // Files may grow by so many bytes more; then the disk is full.
  void leave_space(std::int64_t bytes) { space_ = bytes; }

  // Makes in directory `to` what is left of directory `from` if power fails now: all that was
  // synced, and of the rest any part, in sectors of 512 bytes.
  void lose_power(const std::string& from, const std::string& to, std::mt19937& random) const;
  // Starts to keep account anew, with the files as they are now all durable.
  void forget(const std::string& directory);

  // Below: for the VFS itself.
  struct Write {
    std::int64_t at = 0;
    std::string bytes;
    bool truncate = false;  // to the size `at`
  };
  struct File {
    std::string durable;
    std::vector<Write> pending;
    bool entry_durable = false;  // the name in its directory
    bool removed = false;
    std::int64_t size = 0;
  };
  File& file(const std::string& path, bool is_new);
  // What the operation gives: an SQLite result code.
  int write(File& file, std::int64_t at, std::string bytes);
  int truncate(File& file, std::int64_t size);
  int sync(File& file, const std::string& path, bool is_log);
  int remove(const std::string& path, bool sync_directory);

 private:
  bool next_fails();
  void sync_directory(const std::string& directory);

  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::map<std::string, File> files_;
  std::uint64_t operations_ = 0;
  std::uint64_t failing_ = 0;
  std::int64_t space_ = INT64_MAX;
};

}  // namespace quintet::store
