// A base of the log in memory, as it came from where the log is, for a fold elsewhere that begins
// with it. What of it is sealed stays so.
//
// Lives on its owner's Scheduler.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "host/base.h"
#include "host/key_source.h"

namespace quintet::host {

class FetchedBase final : public stage::LogSource {
 public:
  using Wanted = std::function<bool(const std::string& part)>;
  using Done = std::function<void(Expected<std::shared_ptr<FetchedBase>>)>;
  // Fetches those of its sealed parts that are wanted, one after the other. `broken` if one is not
  // what the base says; any other error: ask for the base again, another may have taken its place.
  static void fetch(BaseSource& source, const OfferedBase& offered, Wanted wanted, Done done);

  const Base& base() const { return *base_; }
  // All that was fetched, the list last; nothing is left then.
  std::vector<stage::Snapshot> take_parts();

  // There is no log here.
  Expected<stage::LogEnd> end() override { return stage::LogEnd(); }
  Expected<std::vector<event::BlockBytes>> read_log(Position, std::size_t) override {
    return std::vector<event::BlockBytes>();
  }
  Expected<stage::Snapshot> base_part(std::uint64_t number, std::string_view name) override;

 private:
  struct Fetch;
  static void next(const std::shared_ptr<Fetch>& fetch);

  stage::SealBody seal_;
  std::map<std::string, stage::Snapshot, std::less<>> parts_;
  std::shared_ptr<const Base> base_;
};

}  // namespace quintet::host
