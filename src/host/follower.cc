#include "host/follower.h"

#include <algorithm>

#include "stage/control.h"

namespace quintet::host {

Expected<std::string> FollowerVault::pseudonym_key() {
  return unavailable("the pseudonym key is where the log is");
}

Expected<std::string> FollowerVault::subject_key(std::string_view subject) {
  return find_subject_key(subject);
}

Expected<std::string> FollowerVault::find_subject_key(std::string_view subject) {
  if (destroyed_.contains(subject)) return expired("the subject was erased");
  const auto found = keys_.find(std::string(subject));
  if (found == keys_.end()) return unavailable("a key that was not asked for");
  if (!found->second.key) return expired("the subject was erased, or never had a key");
  found->second.used = true;
  return *found->second.key;
}

Expected<void> FollowerVault::destroy(std::string_view subject) {
  destroyed_.emplace(subject);
  keys_.erase(std::string(subject));
  return {};
}

Expected<std::vector<std::string>> FollowerVault::destroyed() {
  return std::vector<std::string>(destroyed_.begin(), destroyed_.end());
}

bool FollowerVault::knows(const std::string& subject) const {
  return keys_.contains(subject) || destroyed_.contains(subject);
}

void FollowerVault::make_room(std::size_t more) {
  if (keys_.size() + more <= kFollowerKeys) return;
  keys_.clear();
  forgot_some_ = true;
}

bool FollowerVault::may_have_used(const std::string& subject) const {
  if (forgot_some_) return true;
  const auto found = keys_.find(subject);
  return found != keys_.end() && found->second.used;
}

void FollowerVault::begin_anew() {
  for (auto& [subject, known] : keys_) known.used = false;
  forgot_some_ = false;
}

Expected<void> Follower::prepare(const event::Record& record) {
  TRY(const auto body, stage::read_application(record.plain));
  if (body.version <= versions_.size()) return {};
  if (body.version != versions_.size() + 1) {
    return broken("position " + std::to_string(record.position) + " prepares application version " +
                  std::to_string(body.version) + ", and the one before is not known here");
  }
  return add_version(versions_, body.text);
}

Expected<void> Follower::forget(const std::string& subject) {
  sealer_.forget(subject);
  return vault_.destroy(subject);
}

void Follower::call_off() {
  ++calls_;
  waits_ = false;
  done_ = nullptr;
  again_.reset();
}

void Follower::need(std::vector<std::string> names, std::function<void()> done) {
  call_off();
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  vault_.make_room(names.size());
  std::erase_if(names, [&](const std::string& name) { return vault_.knows(name); });
  if (names.empty()) return done();
  waits_ = true;
  done_ = std::move(done);
  go_on(std::move(names));
}

void Follower::go_on(std::vector<std::string> names) {
  if (!names.empty()) return ask(std::move(names));
  waits_ = false;
  std::exchange(done_, nullptr)();
}

void Follower::ask(std::vector<std::string> names) {
  const std::size_t count = std::min(names.size(), kKeysAtOnce);
  std::vector<std::string> now(names.end() - static_cast<std::ptrdiff_t>(count), names.end());
  source_.keys(now,
               [this, call = calls_, names = std::move(names), now,
                here = std::weak_ptr<int>(alive_)](Expected<std::vector<FoundKey>> found) mutable {
                 if (here.expired()) return;
                 if (call != calls_) return;
                 if (!found || found->size() != now.size()) {
                   again_ = loop_.after(kAskAgain, [this, names] { ask(names); });
                   return;
                 }
                 for (std::size_t i = 0; i < now.size(); ++i)
                   vault_.put(now[i], std::move((*found)[i]));
                 names.resize(names.size() - now.size());
                 go_on(std::move(names));
               });
}

}  // namespace quintet::host
