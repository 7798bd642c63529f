#include "tool/stored.h"

#include <algorithm>
#include <filesystem>

#include "host/control_chain.h"
#include "host/log_reading.h"
#include "host/run_services.h"
#include "host/versions.h"
#include "stage/control.h"
#include "stage/outcome_reader.h"
#include "stage/render.h"
#include "store/location.h"
#include "store/store.h"

namespace quintet::tool {

namespace {

constexpr std::size_t kTraceDigits = 32;

// Who has the directory open may let go of it.
Error held_elsewhere(Error error) {
  if (error.code() != Code::conflict) return error;
  return unavailable(error.message() + "; a running application is asked by its URL");
}

}  // namespace

Expected<std::unique_ptr<StoredLog>> StoredLog::open(const std::string& directory) {
  std::unique_ptr<StoredLog> log(new StoredLog);
  if (store::has_store(directory + "/ingest") && store::has_store(directory + "/results")) {
    TRY_DO(log->open_apart(directory));
  } else {
    if (!store::has_store(directory)) return host::no_log_in(directory);
    auto opened = store::open_storage(directory);
    if (!opened) return held_elsewhere(std::move(opened).error());
    log->store_ = std::move(opened->store);
    log->vault_ = std::move(opened->vault);
  }
  TRY_DO(log->read_versions());
  return log;
}

Expected<void> StoredLog::open_apart(const std::string& directory) {
  auto ingest = store::open_storage(directory + "/ingest");
  if (!ingest) return held_elsewhere(std::move(ingest).error());
  registry_ = std::move(ingest->store);
  vault_ = std::move(ingest->vault);
  auto results = store::open_store(directory + "/results");
  if (!results) return held_elsewhere(std::move(results).error());
  store_ = *std::move(results);
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    const std::string name = entry.path().filename().string();
    const bool other = name.starts_with("infer") || name.starts_with("train");
    if (other && store::has_store(entry.path().string())) names.push_back(name);
  }
  if (failed) return unavailable(directory + ": " + failed.message());
  std::sort(names.begin(), names.end());
  for (std::string& name : names) {
    auto opened = store::open_store(directory + "/" + name);
    if (!opened) return held_elsewhere(std::move(opened).error());
    others_.emplace_back(std::move(name), *std::move(opened));
  }
  return {};
}

std::vector<std::pair<std::string, stage::Store*>> StoredLog::stores() {
  if (registry_ == nullptr) return {{"", store_.get()}};
  std::vector<std::pair<std::string, stage::Store*>> all = {{"ingest", registry_.get()},
                                                            {"results", store_.get()}};
  for (const auto& [name, store] : others_) all.emplace_back(name, store.get());
  return all;
}

Expected<void> StoredLog::read_versions() {
  TRY(base_, host::Base::find(registry()));
  views_base_ = base_;
  if (registry_ != nullptr) {
    TRY(views_base_, host::Base::newest(*store_));
  }
  TRY(const host::Controls controls, host::read_controls(registry(), kNoPosition));
  active_ = controls.active;
  for (const stage::ApplicationBody& body : controls.applications) {
    TRY_DO(host::add_version(versions_, body.text));
  }
  if (active_ == 0 || active_ > versions_.size()) return not_found("the log is empty");
  return {};
}

Expected<void> StoredLog::records(const EachRecord& each) {
  return host::each_record(*store_, first(), [&](event::Record&& record, Epoch epoch) {
    const AppVersion version = record.app_version;
    const bool known = version != 0 && version <= versions_.size();
    return each(std::move(record), epoch, known ? versions_[version - 1].get() : nullptr);
  });
}

Expected<void> StoredLog::results(Position from, Trace trace, const EachResult& each) {
  if (from != kNoPosition && from < first()) {
    return expired("position " + std::to_string(from) + " is older than what the log keeps: it " +
                   "begins at " + std::to_string(first()));
  }
  stage::OutcomeReader outcomes(*store_);
  std::string json;
  return records([&](event::Record&& record, Epoch, const app::Spec* written) -> Expected<void> {
    if (record.position < from || written == nullptr) return {};
    TRY(const stage::OutcomeView* view, outcomes.at(record.position));
    if (view == nullptr || view->status == stage::OutcomeStatus::none) return {};
    if (view->app_version == 0 || view->app_version > versions_.size()) {
      return broken("the outcome of position " + std::to_string(record.position) +
                    " names an application version that the log lacks");
    }
    const app::Spec& spec = *versions_[view->app_version - 1];
    ByteReader in(view->bytes);
    TRY(const stage::Outcome outcome, stage::read_outcome(in, spec, record.position));
    stage::EventFacts facts = stage::facts_of(*written, record);
    if (trace == Trace::left_out) facts.trace = {};
    json.clear();
    stage::append_result(json, spec, facts, outcome);
    return each(record.position, json);
  });
}

std::string_view without_trace(std::string_view json, std::string& scratch) {
  constexpr std::string_view kName = ",\"trace_id\":\"";
  const std::size_t size = kName.size() + kTraceDigits + 2;  // and "}
  if (json.size() < size || json.substr(json.size() - size, kName.size()) != kName) return json;
  scratch.assign(json.substr(0, json.size() - size));
  scratch += '}';
  return scratch;
}

void ResultsDigest::add(std::string_view json) {
  std::string scratch;
  sha_.add(without_trace(json, scratch));
  sha_.add("\n");
  ++count_;
}

std::string ResultsDigest::finish() {
  return to_hex(bytes_of(sha_.finish()));
}

}  // namespace quintet::tool
