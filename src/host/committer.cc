#include "host/committer.h"

#include <deque>
#include <mutex>
#include <variant>

#include "host/loop.h"

namespace quintet::host {

namespace {

struct Group {
  stage::Commit commit;
  Committer::Done done;
};

struct Other {
  std::function<Expected<void>(stage::Store&)> job;
  Committer::Done done;
};

using Task = std::variant<Group, Other>;

// Groups become one transaction up to about this much; more would only delay the first of them.
constexpr std::size_t kMostGroups = 64;

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void merge(stage::Commit& into, stage::Commit& from) {
  append(into.blocks, from.blocks);
  into.copies = into.copies || from.copies;
  append(into.outcomes, from.outcomes);
  append(into.changes, from.changes);
  append(into.dead_letters, from.dead_letters);
  append(into.replayed, from.replayed);
}

}  // namespace

// Shared with the turns on their way, so that one that comes after the end finds nothing to do.
struct Committer::Impl : std::enable_shared_from_this<Impl> {
  Impl(const Parts& p, Epoch e) : parts(p), epoch(e) {}

  const Parts parts;
  const Epoch epoch;
  std::optional<Error> failed;  // the writer's

  mutable std::mutex mutex;  // guards all that follows
  std::deque<Task> tasks;
  std::size_t under_way = 0;
  bool turn_posted = false;
  bool stopping = false;
  Figures figures;

  std::unique_ptr<Loop> thread;
  Scheduler* writer = nullptr;

  // Takes the next job, or as many groups as make one transaction. Empty: there is none.
  std::vector<Task> next() {
    const std::lock_guard lock(mutex);
    turn_posted = false;
    std::vector<Task> taken;
    while (!tasks.empty() && taken.size() < kMostGroups) {
      const bool other = std::holds_alternative<Other>(tasks.front());
      if (other && !taken.empty()) break;
      taken.push_back(std::move(tasks.front()));
      tasks.pop_front();
      if (other) break;
    }
    return taken;
  }

  Expected<void> perform(std::vector<Task>& taken) {
    if (failed) return *failed;
    if (auto* other = std::get_if<Other>(&taken.front())) return other->job(parts.store);
    stage::Commit all = std::move(std::get<Group>(taken.front()).commit);
    for (std::size_t i = 1; i < taken.size(); ++i) merge(all, std::get<Group>(taken[i]).commit);
    SystemClock clock;
    const Micros begin = clock.steady();
    auto result = parts.vault == nullptr ? Expected<void>() : parts.vault->flush();
    if (result) result = parts.store.commit(all, epoch);
    const std::lock_guard lock(mutex);
    figures.busy += clock.steady() - begin;
    figures.transactions += 1;
    figures.groups += taken.size();
    figures.blocks += all.blocks.size();
    if (!result) failed = result.error();
    return result;
  }

  // One turn of the writer. False if there was nothing to do.
  bool work() {
    auto taken = next();
    if (taken.empty()) return false;
    auto result = std::make_shared<Expected<void>>(perform(taken));
    auto done = std::make_shared<std::vector<Done>>();
    for (Task& task : taken) {
      std::visit([&](auto& one) { done->push_back(std::move(one.done)); }, task);
    }
    {
      const std::lock_guard lock(mutex);
      under_way -= taken.size();
      if (stopping) return true;
      if (!tasks.empty()) post_turn();
    }
    parts.owner.post([result, done] {
      for (Done& one : *done) {
        if (one) one(*result);
      }
    });
    return true;
  }

  // With the mutex held.
  void post_turn() {
    if (turn_posted) return;
    turn_posted = true;
    writer->post([self = shared_from_this()] { self->work(); });
  }

  void push(Task task) {
    const std::lock_guard lock(mutex);
    tasks.push_back(std::move(task));
    ++under_way;
    post_turn();
  }
};

Committer::Committer(const Parts& parts, Epoch epoch)
    : impl_(std::make_shared<Impl>(parts, epoch)) {
  impl_->writer = parts.writer;
  if (impl_->writer != nullptr) return;
  impl_->thread = std::make_unique<Loop>();
  impl_->thread->start("commit");
  impl_->writer = impl_->thread.get();
}

Committer::~Committer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  if (impl_->thread) {
    impl_->thread->stop();
    impl_->thread->join();
  }
  // What no turn took is done here: the writer is at rest.
  while (impl_->work()) {
  }
  impl_->thread.reset();
}

void Committer::submit(stage::Commit group, Done done) {
  impl_->push(Group{std::move(group), std::move(done)});
}

void Committer::run(std::function<Expected<void>(stage::Store&)> job, Done done) {
  impl_->push(Other{std::move(job), std::move(done)});
}

std::size_t Committer::under_way() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->under_way;
}

Committer::Figures Committer::figures() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->figures;
}

}  // namespace quintet::host
