// A second look at the log, beside the Store that writes it.
#include "store/log_reader.h"

#include "store/location.h"
#include "store/postgres.h"
#include "store/read_blocks.h"

namespace quintet::store {

namespace {

class Reader final : public stage::LogSource {
 public:
  explicit Reader(Database database) : database_(std::move(database)) {}
  Expected<stage::LogEnd> end() override { return read_end(database_); }
  Expected<std::vector<event::BlockBytes>> read_log(Position from,
                                                    std::size_t most_bytes) override {
    return read_blocks(database_, from, most_bytes);
  }
  Expected<stage::Snapshot> base_part(std::uint64_t number, std::string_view name) override {
    return read_base_part(database_, number, name);
  }

 private:
  Database database_;
};

}  // namespace

Expected<std::unique_ptr<stage::LogSource>> open_log_reader(const std::string& directory) {
  TRY(const Location location, location_of(directory));
  if (location.on_server()) return open_postgres_reader(options_of(location));
  TRY(Database database, Database::open({directory + "/quintet.db", {}, 5000}));
  TRY_DO(database.run("PRAGMA query_only = 1; PRAGMA cache_size = -8192"));
  TRY(const std::int64_t tables, database.number("SELECT count(*) FROM sqlite_schema"));
  if (tables == 0) return not_found("there is no store in " + directory);
  return std::unique_ptr<stage::LogSource>(std::make_unique<Reader>(std::move(database)));
}

}  // namespace quintet::store
