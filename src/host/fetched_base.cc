#include "host/fetched_base.h"

#include <deque>

namespace quintet::host {

namespace {

constexpr const char* kList = "list";
constexpr const char* kControls = "controls";

}  // namespace

struct FetchedBase::Fetch {
  BaseSource& source;
  Wanted wanted;
  Done done;
  std::shared_ptr<FetchedBase> base;
  std::deque<std::string> names;
};

void FetchedBase::fetch(BaseSource& source, const OfferedBase& offered, Wanted wanted, Done done) {
  auto base = std::make_shared<FetchedBase>();
  base->seal_ = offered.seal;
  next(std::make_shared<Fetch>(
      Fetch{source, std::move(wanted), std::move(done), std::move(base), {kControls, kList}}));
}

// Once list and controls are there, the list says what else there is.
void FetchedBase::next(const std::shared_ptr<Fetch>& fetch) {
  FetchedBase& into = *fetch->base;
  if (fetch->names.empty() && into.base_ == nullptr) {
    auto base = Base::of(into, into.seal_);
    if (!base) return fetch->done(std::move(base).error());
    into.base_ = *std::move(base);
    for (std::string& name : into.base_->sealed_parts()) {
      if (fetch->wanted(name)) fetch->names.push_back(std::move(name));
    }
  }
  if (fetch->names.empty()) return fetch->done(fetch->base);
  const std::string name = fetch->names.front();
  fetch->names.pop_front();
  fetch->source.part(into.seal_.base, name, [fetch, name](Expected<stage::Snapshot> part) {
    if (!part) return fetch->done(std::move(part).error());
    part->name = name;
    fetch->base->parts_[name] = *std::move(part);
    next(fetch);
  });
}

std::vector<stage::Snapshot> FetchedBase::take_parts() {
  std::vector<stage::Snapshot> parts;
  for (auto& [name, part] : parts_) {
    if (name != kList) parts.push_back(std::move(part));
  }
  parts.push_back(std::move(parts_.at(kList)));
  parts_.clear();
  return parts;
}

Expected<stage::Snapshot> FetchedBase::base_part(std::uint64_t number, std::string_view name) {
  const auto part = parts_.find(name);
  if (number != seal_.base || part == parts_.end()) {
    return not_found("part " + std::string(name) + " of base " + std::to_string(number) +
                     " was not fetched");
  }
  return part->second;
}

}  // namespace quintet::host
