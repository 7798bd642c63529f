#include "store/postgres.h"

#include "base/hash.h"
#include "store/postgres_store.h"
#include "store/verify.h"

namespace quintet::store {
namespace {

// PostgreSQL cuts longer names without a word.
constexpr std::size_t kLongestName = 63;
// So that a service's name fits behind it.
constexpr std::size_t kLongestGiven = 50;

class Reader final : public stage::LogSource {
 public:
  explicit Reader(const PostgresOptions& options) : options_(options) {}
  Expected<stage::LogEnd> end() override {
    return session_.run([](PgSession& session) { return read_end(session); });
  }
  Expected<std::vector<event::BlockBytes>> read_log(Position from,
                                                    std::size_t most_bytes) override {
    return session_.run([&](PgSession& session) { return read_blocks(session, from, most_bytes); });
  }
  Expected<stage::Snapshot> base_part(std::uint64_t number, std::string_view name) override {
    return session_.run([&](PgSession& session) { return read_base_part(session, number, name); });
  }
  Expected<bool> is_there() {
    return session_.run([&](PgSession& session) { return has_store(session, options_.schema); });
  }

 private:
  const PostgresOptions options_;
  SharedSession session_{options_, "read"};
};

Error no_store(const PostgresOptions& options) {
  return not_found("there is no store in the schema " + options.schema);
}

}  // namespace

std::string schema_of(std::string_view application, std::string_view service) {
  return named_schema("quintet_" + std::string(application), service);
}

Expected<void> check_schema_name(std::string_view name) {
  const bool begins = !name.empty() && name.front() >= 'a' && name.front() <= 'z';
  if (begins && name.size() <= kLongestGiven && !name.starts_with("pg_") &&
      named_schema(name) == name) {
    return {};
  }
  return invalid("write at most " + std::to_string(kLongestGiven) +
                 " small letters, digits and _, a letter first and not pg_");
}

std::string named_schema(std::string_view name_given, std::string_view service) {
  std::string whole(name_given);
  if (!service.empty()) whole += "_" + std::string(service);
  std::string name;
  for (const char c : whole) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool large = c >= 'A' && c <= 'Z';
    name.push_back(kept ? c : large ? static_cast<char>(c - 'A' + 'a') : '_');
  }
  if (name.size() <= kLongestName) return name;
  std::string hash;
  for (std::uint64_t rest = hash64(whole), i = 0; i < 16; ++i, rest >>= 4) {
    hash.push_back("0123456789abcdef"[rest & 15]);
  }
  return name.substr(0, kLongestName - 1 - hash.size()) + "_" + hash;
}

Expected<std::unique_ptr<stage::Store>> open_postgres(const PostgresOptions& options) {
  return PostgresStore::open(options);
}

Expected<std::unique_ptr<stage::LogSource>> open_postgres_reader(const PostgresOptions& options) {
  auto reader = std::make_unique<Reader>(options);
  TRY(const bool there, reader->is_there());
  if (!there) return no_store(options);
  return std::unique_ptr<stage::LogSource>(std::move(reader));
}

Expected<std::unique_ptr<stage::Store>> PostgresStore::open(const PostgresOptions& options) {
  TRY(PgSession write, open_session(options, "write"));
  TRY(const auto shortfall, check_promises(write));
  if (options.must_exist) {
    TRY(const bool there, has_store(write, options.schema));
    if (!there) return no_store(options);
  }
  TRY_DO(lock_schema(write, options));
  TRY_DO(prepare_schema(write, options));
  std::unique_ptr<PostgresStore> store(new PostgresStore(std::move(write), options));
  TRY_DO(store->read_state());
  if (options.tell) {
    for (const std::string& less : shortfall) options.tell(less);
  }
  return std::unique_ptr<stage::Store>(std::move(store));
}

PostgresStore::PostgresStore(PgSession write, const PostgresOptions& options)
    : options_(options), write_(std::move(write)) {}

// All that the writer has to know. The lock is held, so nobody changes it meanwhile.
Expected<void> PostgresStore::read_state() {
  TRY(const PgResult meta, write_.query("SELECT low FROM meta"));
  if (meta.rows() != 1) return broken("the table meta of " + options_.schema + " has no row");
  runs_ = OutcomeRuns(meta.u64(0, 0));
  TRY(const PgResult later, write_.query("SELECT first, last FROM outcomes WHERE first > $1 "
                                         "ORDER BY first",
                                         runs_.low()));
  for (int row = 0; row < later.rows(); ++row) {
    TRY_DO(runs_.take(later.u64(row, 0), later.u64(row, 1)));
  }
  low_ = runs_.low();
  TRY(const PgResult log, write_.query("SELECT last FROM log ORDER BY first DESC LIMIT 1"));
  if (log.rows() > 0) last_ = log.u64(0, 0);
  TRY(const PgResult letters, write_.query("SELECT coalesce(max(number), 0) FROM dead_letters"));
  letters_ = letters.u64(0, 0);
  return {};
}

Expected<void> PostgresStore::verify() {
  TRY(const Position first, read_.run([](PgSession& session) -> Expected<Position> {
    TRY(const PgResult kept, session.query("SELECT kept_from FROM meta"));
    return kept.u64(0, 0);
  }));
  TRY_DO(verify_log(*this));
  return verify_outcomes(*this, first);
}

}  // namespace quintet::store
