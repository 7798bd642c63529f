// Results and dead letters in a data directory, read without running the application. The directory
// must be free: a process that serves it holds it. One whose services are apart has a directory for
// each: what is read is then results' copy of the log with its outcomes, and the rest is ingest's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/spec.h"
#include "base/digest.h"
#include "host/base.h"
#include "stage/store.h"

namespace quintet::tool {

class StoredLog {
 public:
  // `not_found` if there is no log; `conflict` if another process has it.
  static Expected<std::unique_ptr<StoredLog>> open(const std::string& directory);

  // The log and its outcomes.
  stage::Store& store() { return *store_; }
  // Models and dead letters; mostly the same.
  stage::Store& registry() { return registry_ == nullptr ? *store_ : *registry_; }
  stage::Vault& vault() { return *vault_; }
  // All there are, by the name of the service; one without a name where nothing is apart.
  std::vector<std::pair<std::string, stage::Store*>> stores();
  // The application in force at the end of the log.
  std::shared_ptr<const app::Spec> spec() const { return versions_[active_ - 1]; }

  // What was before the first record; null if the log is whole.
  const host::Base* base() const { return base_.get(); }
  Position first() const { return base_ == nullptr ? 1 : base_->cut() + 1; }
  host::Base::From from_base() { return {registry(), *vault_, versions_}; }
  // What views were before the first result; mostly the same.
  const host::Base* views_base() const { return views_base_.get(); }
  host::Base::From from_views_base() { return {*store_, *vault_, versions_}; }

  // All versions, by AppVersion - 1.
  const std::vector<std::shared_ptr<const app::Spec>>& versions() const { return versions_; }

  // Every record in order with its block's epoch, and the Spec it was written under (null for
  // control records before any).
  using EachRecord = std::function<Expected<void>(event::Record&&, Epoch, const app::Spec*)>;
  Expected<void> records(const EachRecord& each);

  // Every result from `from` on, in order of position, as GET /v1/results gives it. `with_trace`
  // false leaves the trace id out. An error that `each` returns ends the reading.
  using EachResult = std::function<Expected<void>(Position position, const std::string& json)>;
  enum class Trace : unsigned char { shown, left_out };
  Expected<void> results(Position from, Trace trace, const EachResult& each);

 private:
  StoredLog() = default;
  Expected<void> open_apart(const std::string& directory);
  Expected<void> read_versions();

  std::unique_ptr<stage::Store> store_, registry_;                             // null: it is store_
  std::vector<std::pair<std::string, std::unique_ptr<stage::Store>>> others_;  // infer, train
  std::unique_ptr<stage::Vault> vault_;
  std::vector<std::shared_ptr<const app::Spec>> versions_;  // by AppVersion - 1
  AppVersion active_ = 0;
  std::shared_ptr<const host::Base> base_, views_base_;
};

// A digest over results in order of position, the same whether they come over HTTP or from the
// directory: of each result's JSON without its trace id, and a line feed.
class ResultsDigest {
 public:
  void add(std::string_view json);
  std::uint64_t count() const { return count_; }
  std::string finish();  // 64 hex digits

 private:
  Sha256 sha_;
  std::uint64_t count_ = 0;
};

// The result without its trace id, which is its last member.
std::string_view without_trace(std::string_view json, std::string& scratch);

}  // namespace quintet::tool
