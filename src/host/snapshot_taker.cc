#include "host/snapshot_taker.h"

namespace quintet::host {

namespace {

constexpr Micros kTurn = 1000;          // work until the loop gets its turn
constexpr std::size_t kTurnParts = 32;  // the same where the clock stands still
constexpr std::size_t kPutParts = 64;   // of one transaction
constexpr std::size_t kPutBytes = std::size_t{1} << 20;

}  // namespace

void SnapshotTaker::add(std::string name, Position position, std::string_view body) {
  figures_.bytes += body.size();
  ++figures_.parts;
  std::string bytes = seal_snapshot(key_, head_, name, position, body);
  sealed_.push_back({std::move(name), position, std::move(bytes)});
}

void SnapshotTaker::add_core(std::string name, Position position, std::string_view body) {
  figures_.position = position;
  add(std::move(name), position, body);
}

// One under way is of an earlier position: another follows it.
void SnapshotTaker::ask(Done done) {
  asked_.push_back(std::move(done));
  start();
}

void SnapshotTaker::take_due() {
  const Position every = parts_.every;
  const bool due = every > 0 && subject_.durable_for_snapshot() >= last_ + every;
  if (due || !asked_.empty()) start();
}

void SnapshotTaker::start() {
  if (running_ || committer_ == nullptr || subject_.holds_snapshots()) return;
  auto key = subject_.snapshot_key();
  head_ = subject_.snapshot_head();
  running_ = true;
  subject_.begin_snapshot();
  error_.reset();
  figures_ = {};
  begin_ = parts_.clock.steady();
  waiting_ = std::exchange(asked_, {});
  if (!key) {
    error_ = std::move(key).error();
  } else {
    key_ = *std::move(key);
  }
  parts_.loop.post([this, here = std::weak_ptr<int>(alive_)] {
    if (!here.expired()) turn();
  });
}

void SnapshotTaker::turn() {
  if (!running_) return;
  const Micros begin = parts_.clock.steady();
  bool more = !error_;
  for (std::size_t i = 0; more && i < kTurnParts; ++i) {
    more = subject_.add_next_part();
    if (parts_.clock.steady() - begin >= kTurn) break;
  }
  put();
  if (more) {
    parts_.loop.post([this, here = std::weak_ptr<int>(alive_)] {
      if (!here.expired()) turn();
    });
  } else {
    written_ = true;
    end();
  }
}

// Gives to the writing thread what is durable by now.
void SnapshotTaker::put() {
  const Position durable = subject_.durable_for_snapshot();
  while (!sealed_.empty() && sealed_.front().position <= durable) {
    auto batch = std::make_shared<std::vector<stage::Snapshot>>();
    for (std::size_t bytes = 0; !sealed_.empty() && batch->size() < kPutParts &&
                                bytes < kPutBytes && sealed_.front().position <= durable;) {
      bytes += sealed_.front().bytes.size();
      batch->push_back(std::move(sealed_.front()));
      sealed_.pop_front();
    }
    ++puts_;
    committer_->run([batch](stage::Store& store) { return store.put_snapshots(*batch); },
                    [this, here = std::weak_ptr<int>(alive_)](const Expected<void>& result) {
                      if (here.expired()) return;
                      --puts_;
                      if (!result && !error_) error_ = result.error();
                      end();
                    });
  }
}

// Ends the snapshot if nothing of it is left to do.
void SnapshotTaker::end() {
  if (puts_ > 0) return;
  if (error_) sealed_.clear();
  if (running_ && written_ && sealed_.empty()) {
    running_ = written_ = false;
    figures_.took = parts_.clock.steady() - begin_;
    if (!error_) newest_ = figures_.position;
    // One that failed is tried again after as many positions more, with all that it held.
    last_ = error_ ? subject_.durable_for_snapshot() : newest_;
    if (error_) subject_.give_again();
    const Expected<void> result = error_ ? Expected<void>(*error_) : Expected<void>();
    subject_.snapshot_ended(figures_, result);
    for (auto& done : std::exchange(waiting_, {})) {
      if (done) done(result);
    }
    if (!dropping_) take_due();
  }
  subject_.snapshots_at_rest();
}

void SnapshotTaker::drop(const Error& why) {
  sealed_.clear();
  if (!running_) return;
  error_ = why;
  written_ = true;
  dropping_ = true;
  end();
  dropping_ = false;
  // What was asked for meanwhile begins once the owner's state is whole again.
  parts_.loop.post([this, here = std::weak_ptr<int>(alive_)] {
    if (!here.expired()) take_due();
  });
}

void SnapshotTaker::fail(const Error& why) {
  sealed_.clear();
  running_ = false;
  auto told = std::exchange(asked_, {});
  for (auto& done : std::exchange(waiting_, {})) told.push_back(std::move(done));
  for (auto& done : told) {
    if (done) done(why);
  }
}

}  // namespace quintet::host
