#include "store/vault.h"

#include <filesystem>
#include <map>
#include <mutex>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/seal.h"
#include "store/lock.h"
#include "store/sql.h"

namespace quintet::store {
namespace {

constexpr int kVaultFormat = 1;
constexpr std::string_view kProof = "quintet vault";
// Keys kept in memory; beyond that they are read again.
constexpr std::size_t kCachedKeys = 65536;

constexpr const char* kSchema = R"(
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys(subject TEXT PRIMARY KEY, sealed BLOB) WITHOUT ROWID;
COMMIT;
)";

// A key under the key-encryption key: the place, which is random, and what was sealed there.
std::string wrap(std::string_view outer, std::string_view name, std::string_view key) {
  const std::string place = random_bytes(16);
  ByteReader in(place);
  const std::uint64_t number = in.u64();
  const SealPlace at{number, in.u64()};
  return place + seal(outer, at, key, name);
}

Expected<std::string> unwrap(std::string_view outer, std::string_view name,
                             std::string_view wrapped) {
  ByteReader in(wrapped);
  const std::uint64_t number = in.u64();
  const SealPlace at{number, in.u64()};
  auto key = open_sealed(outer, at, in.raw(in.rest()), name);
  if (!key) return broken("the vault's key of " + std::string(name) + " is damaged");
  return key;
}

// The key file: the key-encryption key in hex; during a rotation a second one, the one before.
Expected<std::vector<std::string>> read_keys(const std::string& path) {
  TRY(const std::string text, read_small_file(path));
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    auto read = from_hex(text.substr(at, end - at));
    std::string key = read ? *std::move(read) : std::string();
    if (key.size() != kSealKeyBytes) return broken(path + " does not hold keys of 64 hex digits");
    out.push_back(std::move(key));
    at = end + 1;
  }
  if (out.empty()) return broken(path + " is empty");
  return out;
}

class Vault final : public SqliteVault {
 public:
  Vault(DirectoryLock lock, std::string path, std::string vfs, std::string key_file)
      : lock_(std::move(lock)),
        path_(std::move(path)),
        vfs_(std::move(vfs)),
        key_file_(std::move(key_file)) {}
  // Keys that no flush() made durable seal nothing that is durable.
  ~Vault() override { (void)database_.run("PRAGMA wal_checkpoint(TRUNCATE)"); }

  Expected<void> connect();
  Expected<void> start();
  Expected<std::string> pseudonym_key() override;
  Expected<std::string> find_pseudonym_key() override;
  Expected<std::string> subject_key(std::string_view subject) override;
  Expected<std::string> find_subject_key(std::string_view subject) override;
  Expected<void> flush() override;
  Expected<void> destroy(std::string_view subject) override;
  Expected<std::vector<std::string>> destroyed() override;
  Expected<void> rotate() override;
  Expected<void> take_pseudonym_key(std::string_view key) override;
  Expected<void> recover() override;

 private:
  Expected<std::optional<std::string>> meta(std::string_view name);
  Expected<void> set_meta(std::string_view name, std::string_view value);
  Expected<std::string> read_pseudonym_key();
  Expected<std::string> look_up(const std::string& subject);
  Expected<void> write_pending();
  Expected<void> reseal(const std::string& fresh);
  template <class Change>
  Expected<void> transact(Change change);

  DirectoryLock lock_;
  const std::string path_, vfs_;
  // Writing takes `writing_mutex_`; what a lookup needs is under `mutex_`, which flush() does not
  // hold while it waits for the disk. Who needs both takes them in this order.
  std::mutex writing_mutex_;
  std::mutex mutex_;
  Database database_;
  Database read_;
  std::string key_file_;
  std::string outer_;      // the key-encryption key
  std::string pseudonym_;  // once asked for
  std::map<std::string, std::string> cache_;
  std::map<std::string, std::string> pending_;  // made, not yet durable
  std::map<std::string, std::string> writing_;  // on their way to the disk
  std::optional<Error> failure_;                // after which nothing is written any more
};

template <class Change>
Expected<void> Vault::transact(Change change) {
  if (failure_) return *failure_;
  TRY_DO(database_.run("BEGIN IMMEDIATE"));
  auto done = change();
  if (done) done = database_.run("COMMIT");
  if (!done) {
    (void)database_.run("ROLLBACK");
    failure_ = done.error();
  }
  return done;
}

Expected<std::optional<std::string>> Vault::meta(std::string_view name) {
  TRY(Statement statement, database_.prepare("SELECT value FROM meta WHERE name = ?1"));
  Run run = statement.with(name);
  TRY(const bool any, run.next());
  if (!any) return std::optional<std::string>();
  return std::optional(run.text(0));
}

Expected<void> Vault::set_meta(std::string_view name, std::string_view value) {
  TRY(Statement statement, database_.prepare("INSERT OR REPLACE INTO meta VALUES(?1, ?2)"));
  return statement.with(name, Blob{value}).finish();
}

Expected<void> Vault::connect() {
  TRY_DO(write_again(path_ + "-wal", vfs_));
  TRY(database_, Database::open({path_, vfs_}));
  TRY_DO(database_.run("PRAGMA secure_delete = 1; PRAGMA synchronous = EXTRA"));
  TRY_DO(database_.run(kSchema));
  TRY_DO(database_.run("PRAGMA journal_mode = WAL"));
  TRY_DO(sync_directory(std::filesystem::path(path_).parent_path().string()));
  TRY_DO(database_.run("PRAGMA synchronous = FULL"));
  TRY(read_, Database::open({path_, vfs_}));
  return read_.run("PRAGMA query_only = 1");
}

Expected<void> Vault::recover() {
  const std::scoped_lock lock(writing_mutex_, mutex_);
  if (!failure_) return {};
  read_ = {};
  database_ = {};
  TRY_DO(connect());
  failure_.reset();
  return {};
}

// Finds the key in the key file that fits, or makes both.
Expected<void> Vault::start() {
  TRY(const auto format, meta("format"));
  if (format && *format != std::to_string(kVaultFormat)) {
    return conflict("the vault has format " + *format + "; this build knows format " +
                    std::to_string(kVaultFormat) + ", use a newer one");
  }
  TRY(const auto proof, meta("proof"));
  auto keys = read_keys(key_file_);
  if (!keys && keys.error().code() != Code::not_found) return std::move(keys).error();
  if (!proof) {
    if (!keys) {
      outer_ = random_bytes(kSealKeyBytes);
      TRY_DO(replace_file(key_file_, to_hex(outer_) + "\n"));
    } else {
      outer_ = keys->front();
    }
    return transact([&]() -> Expected<void> {
      TRY_DO(set_meta("format", std::to_string(kVaultFormat)));
      return set_meta("proof", wrap(outer_, "proof", kProof));
    });
  }
  if (!keys) return broken(key_file_ + " is missing; without it the vault cannot be read");
  for (const std::string& key : *keys) {
    const auto opened = unwrap(key, "proof", *proof);
    if (!opened || *opened != kProof) continue;
    outer_ = key;
    // A rotation was cut off: what fits stays, the other goes.
    if (keys->size() > 1) return replace_file(key_file_, to_hex(outer_) + "\n");
    return {};
  }
  return broken(key_file_ + " does not fit this vault");
}

// With both locks.
Expected<std::string> Vault::read_pseudonym_key() {
  if (!pseudonym_.empty()) return pseudonym_;
  TRY(const auto wrapped, meta("pseudonym"));
  if (!wrapped) return not_found("the vault has no pseudonym key yet");
  TRY(pseudonym_, unwrap(outer_, "pseudonym", *wrapped));
  return pseudonym_;
}

Expected<std::string> Vault::find_pseudonym_key() {
  const std::scoped_lock lock(writing_mutex_, mutex_);
  return read_pseudonym_key();
}

Expected<std::string> Vault::pseudonym_key() {
  const std::scoped_lock lock(writing_mutex_, mutex_);
  auto found = read_pseudonym_key();
  if (found || found.error().code() != Code::not_found) return found;
  const std::string fresh = random_bytes(kSealKeyBytes);
  TRY_DO(transact([&] { return set_meta("pseudonym", wrap(outer_, "pseudonym", fresh)); }));
  pseudonym_ = fresh;
  return pseudonym_;
}

Expected<void> Vault::take_pseudonym_key(std::string_view key) {
  if (key.size() != kSealKeyBytes) {
    return invalid("a pseudonym key has " + std::to_string(kSealKeyBytes) + " bytes");
  }
  const std::scoped_lock lock(writing_mutex_, mutex_);
  const auto found = read_pseudonym_key();
  if (found)
    return *found == key ? Expected<void>() : conflict("the log has another pseudonym key");
  if (found.error().code() != Code::not_found) return found.error();
  TRY_DO(transact([&] { return set_meta("pseudonym", wrap(outer_, "pseudonym", key)); }));
  pseudonym_ = key;
  return {};
}

// `not_found` if there is none, `expired` if it was destroyed.
Expected<std::string> Vault::look_up(const std::string& subject) {
  if (const auto it = pending_.find(subject); it != pending_.end()) return it->second;
  if (const auto it = writing_.find(subject); it != writing_.end()) return it->second;
  if (const auto it = cache_.find(subject); it != cache_.end()) return it->second;
  TRY(Statement statement,
      read_.prepare("SELECT sealed IS NULL, sealed FROM keys WHERE subject = ?1"));
  Run run = statement.with(std::string_view(subject));
  TRY(const bool any, run.next());
  if (!any) return not_found("subject " + subject + " has no key");
  if (run.i64(0) != 0) return expired("the key of subject " + subject + " was destroyed");
  TRY(const std::string key, unwrap(outer_, subject, run.bytes(1)));
  if (cache_.size() >= kCachedKeys) cache_.clear();
  cache_[subject] = key;
  return key;
}

Expected<std::string> Vault::find_subject_key(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  return look_up(std::string(subject));
}

Expected<std::string> Vault::subject_key(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  auto found = look_up(std::string(subject));
  if (found || found.error().code() != Code::not_found) return found;
  return pending_[std::string(subject)] = random_bytes(kSealKeyBytes);
}

Expected<void> Vault::flush() {
  const std::lock_guard writing(writing_mutex_);
  return write_pending();
}

// With `writing_mutex_` held and `mutex_` free.
Expected<void> Vault::write_pending() {
  {
    const std::lock_guard lock(mutex_);
    if (pending_.empty()) return {};
    writing_.swap(pending_);
  }
  auto done = transact([&]() -> Expected<void> {
    // A write that seemed to fail may have been durable: then it was of the same keys.
    TRY(Statement add, database_.prepare("INSERT OR IGNORE INTO keys VALUES(?1, ?2)"));
    for (const auto& [subject, key] : writing_) {
      const std::string wrapped = wrap(outer_, subject, key);
      TRY_DO(add.with(std::string_view(subject), Blob{wrapped}).finish());
    }
    return {};
  });
  const std::lock_guard lock(mutex_);
  if (cache_.size() >= kCachedKeys) cache_.clear();
  (done ? cache_ : pending_).merge(writing_);
  writing_.clear();
  return done;
}

Expected<void> Vault::destroy(std::string_view subject) {
  const std::scoped_lock lock(writing_mutex_, mutex_);
  TRY_DO(transact([&]() -> Expected<void> {
    TRY(Statement gone, database_.prepare("INSERT OR REPLACE INTO keys VALUES(?1, NULL)"));
    return gone.with(subject).finish();
  }));
  pending_.erase(std::string(subject));
  cache_.erase(std::string(subject));
  // Only now is the old page gone from the write-ahead log too.
  return database_.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Expected<std::vector<std::string>> Vault::destroyed() {
  const std::lock_guard lock(mutex_);
  TRY(Statement statement,
      read_.prepare("SELECT subject FROM keys WHERE sealed IS NULL ORDER BY subject"));
  Run run = statement.with();
  std::vector<std::string> out;
  while (true) {
    TRY(const bool more, run.next());
    if (!more) return out;
    out.push_back(run.text(0));
  }
}

Expected<void> Vault::reseal(const std::string& fresh) {
  TRY(const auto pseudonym, meta("pseudonym"));
  if (pseudonym) {
    TRY(const std::string key, unwrap(outer_, "pseudonym", *pseudonym));
    TRY_DO(set_meta("pseudonym", wrap(fresh, "pseudonym", key)));
  }
  TRY_DO(set_meta("proof", wrap(fresh, "proof", kProof)));
  TRY(Statement next,
      database_.prepare(
          "SELECT subject, sealed FROM keys WHERE subject > ?1 AND sealed IS NOT NULL "
          "ORDER BY subject LIMIT 1"));
  TRY(Statement update, database_.prepare("UPDATE keys SET sealed = ?2 WHERE subject = ?1"));
  std::string subject;
  while (true) {
    std::string found;
    std::string key;
    {
      Run run = next.with(std::string_view(subject));
      TRY(const bool more, run.next());
      if (!more) return {};
      // The bound text must live as long as the run.
      found = run.text(0);
      TRY(key, unwrap(outer_, found, run.bytes(1)));
    }
    subject = std::move(found);
    const std::string wrapped = wrap(fresh, subject, key);
    TRY_DO(update.with(std::string_view(subject), Blob{wrapped}).finish());
  }
}

Expected<void> Vault::rotate() {
  const std::lock_guard writing(writing_mutex_);
  TRY_DO(write_pending());
  const std::lock_guard lock(mutex_);
  const std::string fresh = random_bytes(kSealKeyBytes);
  // Both keys lie in the file while either may be the one that fits.
  TRY_DO(replace_file(key_file_, to_hex(fresh) + "\n" + to_hex(outer_) + "\n"));
  TRY_DO(transact([&] { return reseal(fresh); }));
  outer_ = fresh;
  TRY_DO(database_.run("PRAGMA wal_checkpoint(TRUNCATE)"));
  return replace_file(key_file_, to_hex(fresh) + "\n");
}

}  // namespace

Expected<std::unique_ptr<SqliteVault>> open_vault(const std::string& directory,
                                                  const VaultOptions& options) {
  TRY_DO(make_directory(directory, 0700));
  TRY(DirectoryLock lock, DirectoryLock::take(directory, "vault.lock"));
  const std::string path = directory + "/vault.db";
  // SQLite gives a new file the rights of the process; this one is for its owner alone.
  TRY_DO(make_private_file(path));
  const std::string key_file =
      options.key_file.empty() ? directory + "/vault.key" : options.key_file;
  auto vault = std::make_unique<Vault>(std::move(lock), path, options.vfs, key_file);
  TRY_DO(vault->connect());
  TRY_DO(vault->start());
  return std::unique_ptr<SqliteVault>(std::move(vault));
}

}  // namespace quintet::store
