#include "store/played_disk.h"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>

namespace quintet::store {
namespace {

struct OpenFile {
  sqlite3_file base;
  PlayedDisk* disk;
  std::string* path;
  bool is_log;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

OpenFile* self(sqlite3_file* file) {
  return reinterpret_cast<OpenFile*>(file);
}

sqlite3_vfs* real_vfs(sqlite3_vfs*) {
  static sqlite3_vfs* const system = sqlite3_vfs_find("unix");
  return system;
}

PlayedDisk* disk_of(sqlite3_vfs* vfs) {
  return static_cast<PlayedDisk*>(vfs->pAppData);
}

// A call that only goes on to the system's file.
#define PASS(name, parameters, ...)                               \
  int name parameters {                                           \
    sqlite3_file* real = self(file)->real();                      \
    return real->pMethods->name(real __VA_OPT__(, ) __VA_ARGS__); \
  }
PASS(xRead, (sqlite3_file * file, void* to, int size, sqlite3_int64 at), to, size, at)
PASS(xFileSize, (sqlite3_file * file, sqlite3_int64* size), size)
PASS(xLock, (sqlite3_file * file, int level), level)
PASS(xUnlock, (sqlite3_file * file, int level), level)
PASS(xCheckReservedLock, (sqlite3_file * file, int* out), out)
PASS(xSectorSize, (sqlite3_file * file))
PASS(xDeviceCharacteristics, (sqlite3_file * file))
PASS(xShmMap, (sqlite3_file * file, int page, int size, int extend, void volatile** out), page,
     size, extend, out)
PASS(xShmLock, (sqlite3_file * file, int offset, int n, int flags), offset, n, flags)
PASS(xShmUnmap, (sqlite3_file * file, int remove), remove)
#undef PASS

void xShmBarrier(sqlite3_file* file) {
  self(file)->real()->pMethods->xShmBarrier(self(file)->real());
}

// No hints of size: they would grow files behind our back.
int xFileControl(sqlite3_file* file, int what, void* argument) {
  if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
  return self(file)->real()->pMethods->xFileControl(self(file)->real(), what, argument);
}

int xClose(sqlite3_file* file) {
  delete self(file)->path;
  return self(file)->real()->pMethods->xClose(self(file)->real());
}

int xWrite(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  OpenFile* open = self(file);
  const std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
  const int result = open->disk->write(open->disk->file(*open->path, false), at, bytes);
  if (result != SQLITE_OK) return result;
  return open->real()->pMethods->xWrite(open->real(), from, size, at);
}

int xTruncate(sqlite3_file* file, sqlite3_int64 size) {
  OpenFile* open = self(file);
  const int result = open->disk->truncate(open->disk->file(*open->path, false), size);
  if (result != SQLITE_OK) return result;
  return open->real()->pMethods->xTruncate(open->real(), size);
}

int xSync(sqlite3_file* file, int) {
  OpenFile* open = self(file);
  return open->disk->sync(open->disk->file(*open->path, false), *open->path, open->is_log);
}

const sqlite3_io_methods kMethods = {2,
                                     xClose,
                                     xRead,
                                     xWrite,
                                     xTruncate,
                                     xSync,
                                     xFileSize,
                                     xLock,
                                     xUnlock,
                                     xCheckReservedLock,
                                     xFileControl,
                                     xSectorSize,
                                     xDeviceCharacteristics,
                                     xShmMap,
                                     xShmLock,
                                     xShmBarrier,
                                     xShmUnmap,
                                     nullptr,
                                     nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  OpenFile* open = self(file);
  open->base.pMethods = nullptr;
  const bool is_new = name != nullptr && !std::filesystem::exists(name);
  sqlite3_vfs* system = real_vfs(vfs);
  const int result = system->xOpen(system, name, open->real(), flags, out);
  if (result != SQLITE_OK) return result;
  open->base.pMethods = &kMethods;
  open->disk = disk_of(vfs);
  open->path = new std::string(name == nullptr ? "" : name);
  open->is_log = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  open->disk->file(*open->path, is_new);
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  const int result = disk_of(vfs)->remove(name, sync_directory != 0);
  if (result != SQLITE_OK) return result;
  return real_vfs(vfs)->xDelete(real_vfs(vfs), name, 0);
}

std::string parent_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

}  // namespace

PlayedDisk::PlayedDisk() : vfs_(std::make_unique<sqlite3_vfs>(*sqlite3_vfs_find("unix"))) {
  static int made = 0;
  name_ = "played-" + std::to_string(++made);
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->szOsFile += static_cast<int>(sizeof(OpenFile));
  vfs_->pNext = nullptr;
  vfs_->xOpen = open_file;
  vfs_->xDelete = delete_file;
  sqlite3_vfs_register(vfs_.get(), 0);
}

PlayedDisk::~PlayedDisk() {
  sqlite3_vfs_unregister(vfs_.get());
}

PlayedDisk::File& PlayedDisk::file(const std::string& path, bool is_new) {
  const auto [it, added] = files_.try_emplace(path);
  File& file = it->second;
  if (is_new) {
    if (file.removed) file.pending.push_back({0, {}, true});
    file.removed = false;
    file.size = 0;
  } else if (added) {
    std::ifstream in(path, std::ios::binary);
    file.durable.assign(std::istreambuf_iterator<char>(in), {});
    file.size = static_cast<std::int64_t>(file.durable.size());
    file.entry_durable = true;
  }
  return file;
}

bool PlayedDisk::next_fails() {
  if (before_operation) before_operation();
  return ++operations_ == failing_;
}

int PlayedDisk::write(File& file, std::int64_t at, std::string bytes) {
  if (next_fails()) return SQLITE_IOERR_WRITE;
  const std::int64_t end = at + static_cast<std::int64_t>(bytes.size());
  if (end > file.size) {
    if (space_ < end - file.size) return SQLITE_FULL;
    space_ -= end - file.size;
    file.size = end;
  }
  file.pending.push_back({at, std::move(bytes), false});
  return SQLITE_OK;
}

int PlayedDisk::truncate(File& file, std::int64_t size) {
  if (next_fails()) return SQLITE_IOERR_TRUNCATE;
  file.size = size;
  file.pending.push_back({size, {}, true});
  return SQLITE_OK;
}

namespace {

void apply(std::string& content, std::int64_t at, std::string_view bytes) {
  const auto end = static_cast<std::size_t>(at) + bytes.size();
  if (content.size() < end) content.resize(end, '\0');
  content.replace(static_cast<std::size_t>(at), bytes.size(), bytes);
}

}  // namespace

int PlayedDisk::sync(File& file, const std::string& path, bool is_log) {
  if (next_fails()) {
    file.pending.clear();
    return SQLITE_IOERR_FSYNC;
  }
  for (const Write& write : file.pending) {
    if (write.truncate) {
      file.durable.resize(static_cast<std::size_t>(write.at), '\0');
    } else {
      apply(file.durable, write.at, write.bytes);
    }
  }
  file.pending.clear();
  // SQLite syncs the directory together with a new journal, but not with a new database.
  if (is_log && !file.entry_durable) sync_directory(parent_of(path));
  return SQLITE_OK;
}

int PlayedDisk::remove(const std::string& path, bool sync_directory) {
  const auto it = files_.find(path);
  if (it != files_.end()) {
    it->second.removed = true;
    it->second.size = 0;
  }
  if (sync_directory) this->sync_directory(parent_of(path));
  return SQLITE_OK;
}

void PlayedDisk::sync_directory(const std::string& directory) {
  for (auto it = files_.begin(); it != files_.end();) {
    if (parent_of(it->first) == directory && it->second.removed) {
      it = files_.erase(it);
      continue;
    }
    if (parent_of(it->first) == directory) it->second.entry_durable = true;
    ++it;
  }
}

void PlayedDisk::forget(const std::string& directory) {
  std::erase_if(files_, [&](const auto& entry) { return parent_of(entry.first) == directory; });
}

void PlayedDisk::lose_power(const std::string& from, const std::string& to,
                            std::mt19937& random) const {
  constexpr std::int64_t kSector = 512;
  // From nothing to all, so that neat and torn losses both come up.
  const std::uint32_t kept_of_8 = random() % 9;
  const auto kept = [&] { return random() % 8 < kept_of_8; };
  std::filesystem::create_directories(to);
  for (const auto& [path, file] : files_) {
    if (parent_of(path) != from) continue;
    if (!file.entry_durable && !kept()) continue;
    if (file.removed && kept()) continue;
    std::string content = file.durable;
    for (const Write& write : file.pending) {
      if (write.truncate) {
        if (kept()) content.resize(static_cast<std::size_t>(write.at), '\0');
        continue;
      }
      const auto size = static_cast<std::int64_t>(write.bytes.size());
      for (std::int64_t at = 0; at < size;) {
        const std::int64_t next =
            std::min(size, (write.at + at) / kSector * kSector + kSector - write.at);
        if (kept()) {
          apply(content, write.at + at,
                std::string_view(write.bytes)
                    .substr(static_cast<std::size_t>(at), static_cast<std::size_t>(next - at)));
        }
        at = next;
      }
    }
    const std::string name = std::filesystem::path(path).filename().string();
    std::ofstream(to + "/" + name, std::ios::binary) << content;
  }
}

namespace {

TEST(PlayedDisk, LosesWhatWasNotSyncedAndKeepsTheRest) {
  PlayedDisk disk;
  PlayedDisk::File& file = disk.file("/nowhere/a-wal", true);
  EXPECT_EQ(disk.write(file, 0, std::string(1024, 'a')), SQLITE_OK);
  EXPECT_EQ(disk.sync(file, "/nowhere/a-wal", true), SQLITE_OK);
  EXPECT_EQ(disk.write(file, 512, std::string(512, 'b')), SQLITE_OK);
  disk.fail_operation(1);
  EXPECT_EQ(disk.sync(file, "/nowhere/a-wal", true), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(disk.sync(file, "/nowhere/a-wal", true), SQLITE_OK);
  EXPECT_EQ(file.durable, std::string(1024, 'a'));
}

}  // namespace
}  // namespace quintet::store
