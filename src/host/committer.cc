#include "host/committer.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <variant>

#include "base/clock.h"

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
  append(into.outcomes, from.outcomes);
  append(into.changes, from.changes);
  append(into.dead_letters, from.dead_letters);
  append(into.replayed, from.replayed);
}

}  // namespace

struct Committer::Impl {
  stage::Store& store;
  const Epoch epoch;
  Loop& loop;
  stage::Vault* const vault;

  mutable std::mutex mutex;  // guards all that follows
  std::condition_variable ready;
  std::deque<Task> tasks;
  std::size_t under_way = 0;
  bool stopping = false;
  Figures figures;
  std::optional<Error> failed;

  std::thread thread;

  // Takes the next job, or as many groups as make one transaction. Empty: stop.
  std::vector<Task> next() {
    std::unique_lock lock(mutex);
    ready.wait(lock, [this] { return stopping || !tasks.empty(); });
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
    if (auto* other = std::get_if<Other>(&taken.front())) return other->job(store);
    stage::Commit all = std::move(std::get<Group>(taken.front()).commit);
    for (std::size_t i = 1; i < taken.size(); ++i) merge(all, std::get<Group>(taken[i]).commit);
    SystemClock clock;
    const Micros begin = clock.steady();
    auto result = vault == nullptr ? Expected<void>() : vault->flush();
    if (result) result = store.commit(all, epoch);
    const std::lock_guard lock(mutex);
    figures.busy += clock.steady() - begin;
    figures.transactions += 1;
    figures.groups += taken.size();
    figures.blocks += all.blocks.size();
    if (!result) failed = result.error();
    return result;
  }

  void work() {
    for (;;) {
      auto taken = next();
      if (taken.empty()) return;
      auto result = std::make_shared<Expected<void>>(perform(taken));
      auto done = std::make_shared<std::vector<Done>>();
      for (Task& task : taken) {
        std::visit([&](auto& one) { done->push_back(std::move(one.done)); }, task);
      }
      {
        const std::lock_guard lock(mutex);
        under_way -= taken.size();
        if (stopping) continue;
      }
      loop.post([result, done] {
        for (Done& one : *done) {
          if (one) one(*result);
        }
      });
    }
  }

  void push(Task task) {
    {
      const std::lock_guard lock(mutex);
      tasks.push_back(std::move(task));
      ++under_way;
    }
    ready.notify_one();
  }
};

Committer::Committer(stage::Store& store, Epoch epoch, Loop& loop, stage::Vault* vault)
    : impl_(new Impl{store, epoch, loop, vault, {}, {}, {}, 0, false, {}, {}, {}}) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
}

Committer::~Committer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->ready.notify_one();
  impl_->thread.join();
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
