// rooms: store
//
// The store alone: events made durable a second, in commits of 1, 32 and 1,024 events (a record of
// about 300 bytes and an outcome of about 100 each), beside one fdatasync an event into a growing
// file and beside a bare group committer: the same bytes in the same groups into a preallocated
// file. Rounds are interleaved because the disk's pace drifts; each line is median (min .. max)
// over the rounds. Further lines: when the write-ahead log is copied back, and compression.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/hash.h"
#include "store/sqlite.h"

namespace {

using namespace quintet;

constexpr std::size_t kOutcomeBytes = 100;

void fail(const std::string& why) {
  std::fprintf(stderr, "store_bench: %s\n", why.c_str());
  std::exit(1);
}

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

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Events a second, and the time of each commit in microseconds.
struct Pace {
  double rate = 0;
  std::vector<double> micros;
};

template <class Write>
Pace pace_of(std::vector<stage::Commit>& commits, std::size_t group, Write write) {
  Pace pace;
  const Stopwatch all;
  for (stage::Commit& commit : commits) {
    const Stopwatch one;
    write(commit);
    pace.micros.push_back(one.seconds() * 1e6);
  }
  pace.rate = static_cast<double>(commits.size() * group) / all.seconds();
  return pace;
}

struct Place {
  std::string path;
  explicit Place(const char* name)
      : path((std::filesystem::current_path() / "store_bench.tmp").string() + "." + name) {
    std::filesystem::remove_all(path);
  }
  ~Place() { std::filesystem::remove_all(path); }
};

Pace store_pace(std::size_t count, std::size_t group, const store::SqliteOptions& options) {
  const Place place("store");
  const auto store = value_of(store::open_sqlite(place.path, options));
  const Epoch epoch = value_of(store->open_epoch());
  auto commits = make_commits(count, group, epoch);
  return pace_of(commits, group, [&](stage::Commit& commit) {
    const auto result = store->commit(commit, epoch);
    if (!result) fail(result.error().message());
  });
}

void write_all(int file, const std::string& bytes) {
  done(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
}

Pace bare_pace(std::size_t count, std::size_t group) {
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
  const Pace pace = pace_of(commits, group, [&](stage::Commit& commit) {
    write_all(file, commit.blocks[0].bytes);
    write_all(file, commit.outcomes[0].bytes);
    done(::fdatasync(file) == 0, "fdatasync");
  });
  ::close(file);
  return pace;
}

Pace single_pace(std::size_t events) {
  const Place place("single");
  auto commits = make_commits(events, 1, 1);
  const int file = ::open(place.path.c_str(), O_RDWR | O_CREAT | O_APPEND, 0600);
  const Pace pace = pace_of(commits, 1, [&](stage::Commit& commit) {
    write_all(file, commit.blocks[0].bytes + commit.outcomes[0].bytes);
    done(::fdatasync(file) == 0, "fdatasync");
  });
  ::close(file);
  return pace;
}

struct Line {
  std::string name;
  std::vector<double> rates;
  std::vector<double> micros;

  void add(Pace pace) {
    rates.push_back(pace.rate);
    micros.insert(micros.end(), pace.micros.begin(), pace.micros.end());
  }
  double median() {
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
  }
  void print(double single) {
    std::sort(micros.begin(), micros.end());
    const double rate = median();
    std::printf("%-44s %9.0f (%7.0f .. %8.0f)  %7.1fx  p50 %7.0f us  p99 %7.0f us\n", name.c_str(),
                rate, rates.front(), rates.back(), rate / single, micros[micros.size() / 2],
                micros[micros.size() * 99 / 100]);
  }
};

store::SqliteOptions with(int checkpoint_pages, std::size_t compress_from) {
  store::SqliteOptions options;
  options.checkpoint_pages = checkpoint_pages;
  options.compress_from = compress_from;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const int normal = store::SqliteOptions().checkpoint_pages;
  Line single{"one fdatasync an event, growing file", {}, {}};
  Line bare[] = {{"bare group committer, 1,024 a group", {}, {}},
                 {"bare group committer, 32 a group", {}, {}},
                 {"bare group committer, 1 a group", {}, {}}};
  Line full[] = {{"store, 1,024 a commit", {}, {}},
                 {"store, 32 a commit", {}, {}},
                 {"store, 1 a commit", {}, {}}};
  Line other[] = {{"store, 1,024, copied back at 1,000 pages", {}, {}},
                  {"store, 1,024, copied back at 16,000 pages", {}, {}},
                  {"store, 1,024, copied between commits", {}, {}},
                  {"store, 1,024, zstd", {}, {}}};
  constexpr std::size_t kGroups[] = {1024, 32, 1};
  constexpr std::size_t kCounts[] = {200, 600, 600};
  for (int round = 0; round < rounds; ++round) {
    single.add(single_pace(400));
    for (std::size_t i = 0; i < 3; ++i) {
      bare[i].add(bare_pace(kCounts[i], kGroups[i]));
      full[i].add(store_pace(kCounts[i], kGroups[i], with(normal, 0)));
    }
    other[0].add(store_pace(kCounts[0], 1024, with(1000, 0)));
    other[1].add(store_pace(kCounts[0], 1024, with(16'000, 0)));
    store::SqliteOptions between;
    between.copy_between_commits = true;
    other[2].add(store_pace(kCounts[0], 1024, between));
    other[3].add(store_pace(kCounts[0], 1024, with(normal, 512)));
  }
  const double base = single.median();
  std::printf(
      "events a second, median (min .. max) of %d rounds; times one fdatasync an event; "
      "time of a commit\n",
      rounds);
  single.print(base);
  for (Line& line : bare) line.print(base);
  for (Line& line : full) line.print(base);
  for (Line& line : other) line.print(base);
  std::printf("goal: store at 1,024 a commit at least 100x one fdatasync an event: %s\n",
              full[0].median() >= 100 * base ? "met" : "missed");
  return 0;
}
