// rooms: store
//
// The store alone: events made durable a second, in commits of 1, 32 and 1,024 events (a record of
// about 300 bytes and an outcome of about 100 each), beside one fdatasync an event into a growing
// file and a bare group committer: the same bytes in the same groups into a preallocated file.
// Variants: when the write-ahead log is copied back, and compression. With a URL (store_bench
// ROUNDS URL, as postgres_bench.py runs it): the store on PostgreSQL, beside SQLite and the same
// floor.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "base/hash.h"
#include "bench/figure.h"
#include "store/postgres.h"
#include "store/sqlite.h"

namespace {

using namespace quintet;
using namespace quintet::bench;

constexpr std::size_t kOutcomeBytes = 100;

template <class T>
T value_of(Expected<T> expected) {
  if (!expected) fail(expected.error().message());
  return *std::move(expected);
}

void done(bool good, const char* what) {
  if (!good) fail(what);
}

// Bytes that compress about as well as encoded fields do: half of them digits.
std::string some_bytes(std::uint64_t seed, std::size_t size) {
  std::string out;
  while (out.size() < size) {
    const std::uint64_t bits = hash64({reinterpret_cast<const char*>(&seed), sizeof seed});
    out += std::to_string(bits % 100'000);
    out.append(reinterpret_cast<const char*>(&bits), 5);
    ++seed;
  }
  out.resize(size);
  return out;
}

// Commits of `group` events, ready to be written.
std::vector<stage::Commit> make_commits(std::size_t count, std::size_t group, Epoch epoch) {
  std::vector<stage::Commit> out(count);
  Position next = 1;
  Hash128 hash;
  for (stage::Commit& commit : out) {
    event::Block block;
    block.first = next;
    block.epoch = epoch;
    for (std::size_t i = 0; i < group; ++i) {
      event::Record record;
      record.position = next++;
      record.app_version = 1;
      record.admitted_at = 1'700'000'000'000'000 + static_cast<Micros>(record.position);
      record.time = record.admitted_at;
      record.id = "T" + std::to_string(record.position);
      record.visits = {{7, 0}, {99, 0}};
      record.plain = some_bytes(record.position, 270);
      block.records.push_back(std::move(record));
    }
    commit.blocks.push_back(event::encode_block(block, hash));
    hash = event::block_hash(commit.blocks[0].bytes);
    commit.outcomes.push_back(
        {block.first, block.last(), some_bytes(block.first, kOutcomeBytes * group)});
  }
  return out;
}

// Events a second.
template <class Write>
double rate_of(std::vector<stage::Commit>& commits, std::size_t group, Write write) {
  const double begin = seconds_on(CLOCK_MONOTONIC);
  for (stage::Commit& commit : commits) write(commit);
  const double took = seconds_on(CLOCK_MONOTONIC) - begin;
  return static_cast<double>(commits.size() * group) / took;
}

const char* scratch() {
  const char* given = std::getenv("QUINTET_SCRATCH");
  return given == nullptr ? "." : given;
}

struct Place {
  std::string path;
  explicit Place(const char* name) : path(std::string(scratch()) + "/store_bench." + name) {
    std::filesystem::remove_all(path);
  }
  ~Place() { std::filesystem::remove_all(path); }
};

double rate_on(stage::Store& store, std::size_t count, std::size_t group) {
  const Epoch epoch = value_of(store.open_epoch());
  auto commits = make_commits(count, group, epoch);
  return rate_of(commits, group, [&](stage::Commit& commit) {
    const auto result = store.commit(commit, epoch);
    if (!result) fail(result.error().message());
  });
}

double store_rate(std::size_t count, std::size_t group, const store::SqliteOptions& options) {
  const Place place("store");
  return rate_on(*value_of(store::open_sqlite(place.path, options)), count, group);
}

// Each in a schema of its own.
double postgres_rate(std::size_t count, std::size_t group, const std::string& url,
                     std::size_t compress_from) {
  static int schemas = 0;
  store::PostgresOptions options;
  options.url = url;
  options.schema = "bench_" + std::to_string(++schemas);
  options.compress_from = compress_from;
  return rate_on(*value_of(store::open_postgres(options)), count, group);
}

void write_all(int file, const std::string& bytes) {
  done(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
}

double bare_rate(std::size_t count, std::size_t group) {
  const Place place("bare");
  auto commits = make_commits(count, group, 1);
  std::size_t bytes = 0;
  for (const auto& commit : commits) {
    bytes += commit.blocks[0].bytes.size() + commit.outcomes[0].bytes.size();
  }
  const int file = ::open(place.path.c_str(), O_RDWR | O_CREAT, 0600);
  // Written, not only reserved: else the first write to each part still changes metadata.
  const std::string zeros(std::size_t{1} << 20, '\0');
  for (std::size_t at = 0; at < bytes; at += zeros.size()) write_all(file, zeros);
  done(::fsync(file) == 0 && ::lseek(file, 0, SEEK_SET) == 0, "preallocation");
  const double rate = rate_of(commits, group, [&](stage::Commit& commit) {
    write_all(file, commit.blocks[0].bytes);
    write_all(file, commit.outcomes[0].bytes);
    done(::fdatasync(file) == 0, "fdatasync");
  });
  ::close(file);
  return rate;
}

double single_rate(std::size_t events) {
  const Place place("single");
  auto commits = make_commits(events, 1, 1);
  const int file = ::open(place.path.c_str(), O_RDWR | O_CREAT | O_APPEND, 0600);
  const double rate = rate_of(commits, 1, [&](stage::Commit& commit) {
    write_all(file, commit.blocks[0].bytes + commit.outcomes[0].bytes);
    done(::fdatasync(file) == 0, "fdatasync");
  });
  ::close(file);
  return rate;
}

store::SqliteOptions with(int checkpoint_pages, std::size_t compress_from) {
  store::SqliteOptions options;
  options.checkpoint_pages = checkpoint_pages;
  options.compress_from = compress_from;
  return options;
}

int beside_sqlite(int rounds, const std::string& url) {
  struct Group {
    const char* name;
    std::size_t count, events;
  };
  for (const Group& group : {Group{"on PostgreSQL, 1,024 events a commit", 100, 1024},
                             Group{"on PostgreSQL, 32 events a commit", 300, 32},
                             Group{"on PostgreSQL, 1 event a commit", 300, 1}}) {
    Figure figure(group.name, "events/s", "one fdatasync an event");
    for (int i = 0; i < rounds; ++i) {
      Round round;
      round.first = single_rate(400);
      round.ours = {postgres_rate(group.count, group.events, url, 0)};
      round.peers = {{"zstd", postgres_rate(group.count, group.events, url, 512)},
                     {"SQLite", store_rate(group.count, group.events, {})}};
      round.last = single_rate(400);
      figure.add(std::move(round));
    }
    figure.print();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  if (argc > 2) return beside_sqlite(rounds, argv[2]);
  const int normal = store::SqliteOptions().checkpoint_pages;
  store::SqliteOptions between;
  between.copy_between_commits = true;
  const char* single = "one fdatasync an event";
  Figure large("store alone, 1,024 events a commit", "events/s", single,
               {{"ours/floor", "at_least", 100}});
  Figure medium("store alone, 32 events a commit", "events/s", single);
  Figure small("store alone, 1 event a commit", "events/s", single);
  for (int round = 0; round < rounds; ++round) {
    double ends[4];
    Round a, b, c;
    ends[0] = single_rate(400);
    a.ours = {store_rate(200, 1024, with(normal, 0)), store_rate(200, 1024, with(normal, 0))};
    a.peers = {{"bare group committer", bare_rate(200, 1024)},
               {"copied back at 1,000 pages", store_rate(200, 1024, with(1000, 0))},
               {"copied back between commits", store_rate(200, 1024, between)},
               {"zstd", store_rate(200, 1024, with(normal, 512))}};
    ends[1] = single_rate(400);
    b.ours = {store_rate(600, 32, with(normal, 0))};
    b.peers = {{"bare group committer", bare_rate(600, 32)}};
    ends[2] = single_rate(400);
    c.ours = {store_rate(600, 1, with(normal, 0))};
    c.peers = {{"bare group committer", bare_rate(600, 1)}};
    ends[3] = single_rate(400);
    a.first = ends[0], a.last = b.first = ends[1], b.last = c.first = ends[2], c.last = ends[3];
    large.add(std::move(a));
    medium.add(std::move(b));
    small.add(std::move(c));
  }
  for (const Figure* figure : {&large, &medium, &small}) figure->print();
  return 0;
}
