#include "sim/archive.h"

#include "host/base.h"

namespace quintet::sim {

void Archive::committed(const stage::Commit& commit) {
  for (const event::BlockBytes& bytes : commit.blocks) {
    const auto decoded = event::decode_block(bytes);
    check(decoded.has_value(), "a block that was committed decodes");
    for (const event::Record& record : decoded->block.records) {
      if (record.kind == event::RecordKind::seal) keep_base(record);
    }
  }
}

void Archive::keep_base(const event::Record& record) {
  const auto found = host::Base::find(store_);
  if (!found || *found == nullptr) {
    faults_.push_back("a base came into force that is not there: " +
                      (found ? std::string("no seal record") : found.error().message()));
    return;
  }
  Base base{record.position, (*found)->seal(), {}};
  std::vector<std::string> names = (*found)->sealed_parts();
  names.insert(names.end(), {"list", "controls"});
  for (const std::string& name : names) {
    auto part = store_.base_part(base.seal.base, name);
    if (part) {
      base.parts.emplace(name, *std::move(part));
    } else {
      faults_.push_back("a base came into force without its part " + name);
    }
  }
  bases_.push_back(std::move(base));
}

void Archive::log_goes(Position position) {
  const auto base = host::Base::find(store_);
  const Position cut = base && *base != nullptr ? (*base)->cut() : kNoPosition;
  if (position > cut + 1) {
    faults_.push_back("log below position " + std::to_string(position) +
                      " goes, and the base in force stands for all up to " + std::to_string(cut));
  }
  const Position kept = blocks_.empty() ? kNoPosition : blocks_.back().last;
  const auto blocks = store_.read_log(kept + 1, SIZE_MAX);
  check(blocks.has_value(), "what was not removed yet can be read");
  for (const event::BlockBytes& block : *blocks) {
    if (block.last < position) blocks_.push_back(block);
  }
  const Position answered = runs_.empty() ? kNoPosition : runs_.back().run.last;
  const auto runs = store_.read_outcomes(answered + 1, SIZE_MAX);
  check(runs.has_value(), "what was not removed yet can be read");
  for (const auto& run : *runs) {
    if (run.run.last < position) runs_.push_back(run);
  }
}

void Archive::base_goes(std::uint64_t number) {
  const auto base = host::Base::find(store_);
  if (base && *base != nullptr && (*base)->seal().base != number) return;
  // Of a log that is whole any base is what a crash left.
  if (base && *base == nullptr) return;
  faults_.push_back("the base in force goes");
}

Expected<std::vector<event::BlockBytes>> Archive::blocks() const {
  std::vector<event::BlockBytes> all = blocks_;
  TRY(auto rest, store_.read_log(all.empty() ? 1 : all.back().last + 1, SIZE_MAX));
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

Expected<std::vector<stage::Store::OutcomeRun>> Archive::outcomes() const {
  std::vector<stage::Store::OutcomeRun> all = runs_;
  TRY(auto rest, store_.read_outcomes(all.empty() ? 1 : all.back().run.last + 1, SIZE_MAX));
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

}  // namespace quintet::sim
