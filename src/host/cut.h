// Finding how much of a log may go, and making what stands in its place (S10.1, S10.2). All of it
// is reading and folding beside the place that serves: look() and step() run on any thread that may
// read the store, one after the other.
//
// The work folds the log from the old base, or its first record, to the cut, writes the state there
// down as the new base, and goes on until it has met every part of the place's newest snapshot.
// Only if each of them is what the fold came to is the base verified. It takes about as much memory
// again as the place's own state, and the base's bytes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base.h"
#include "host/snapshot_seal.h"
#include "host/vault_sealer.h"
#include "stage/outcome_reader.h"
#include "stage/views.h"

namespace quintet::host {

// Records up to a time, and how far that reaches.
struct CutEdges {
  Micros edge = kNoTime;        // every record up to the cut has this time or less
  std::vector<Micros> of_type;  // by event type: and this; INT64_MAX if nothing else holds it
};

class Cut {
 public:
  struct Order {  // all as of the moment when it is given
    stage::Store* store = nullptr;
    stage::Vault* vault = nullptr;
    Versions versions;
    AppVersion version = 0;  // in force
    Position erased = kNoPosition;
    Position durable = kNoPosition;
    CutEdges edges;
    Micros least = 0;  // a look that finds less time than this between log and edge goes no further
    // Shards and results are elsewhere: the base is without views, and it is verified with these
    // and the snapshot of ingest.
    bool apart = false;
    std::vector<PartDigest> shards;
  };
  explicit Cut(Order order) : order_(std::move(order)), sealer_(*order_.vault) {}

  struct Found {
    Position begin = 1;          // of the log
    Position cut = kNoPosition;  // begin - 1 if nothing may go
    Micros oldest = kNoTime;     // time of the log's first event
    Micros newest = kNoTime;     // greatest time of what may go
    Position positions() const { return cut + 1 - begin; }
  };
  // The greatest position up to which every record may go, at the end of a block.
  Expected<Found> look();
  const Found& found() const { return found_; }

  // Makes the base of this number, or the next that was not used before: call it until it says
  // false. A snapshot was taken since the look. `broken` with id base_differs if a part of it is
  // not the fold of the log, `unavailable` if it is not whole.
  Expected<bool> step(std::uint64_t number);
  // After the last step.
  std::vector<stage::Snapshot>& parts() { return base_->parts(); }
  std::size_t bytes() const { return bytes_; }
  const stage::SealBody& seal() const { return seal_; }
  // Snapshots of ids that lie below the cut altogether.
  const std::vector<std::string>& stale() const { return stale_; }

 private:
  bool may_go(const event::Record& record) const;
  Expected<void> begin(std::uint64_t number);
  Expected<void> read_snapshots();
  std::size_t want_shards();
  Expected<void> read_view(const stage::Snapshot& part, const std::string& body);
  Expected<void> read_ingest(const std::vector<stage::Snapshot>& parts,
                             const std::map<std::string, std::string>& bodies, Position at);
  Expected<void> fold(event::Record&& record, Epoch epoch);
  Expected<void> write_base();
  Expected<void> compare(Position position);
  Expected<std::string> digest_of(const std::string& name);
  Expected<void> differs(const std::string& name, Position position) const;

  Order order_;
  Found found_;
  VaultSealer sealer_;
  std::size_t bytes_ = 0;
  std::shared_ptr<const app::Spec> spec_;
  std::unique_ptr<stage::Ingest> ingest_;
  std::unique_ptr<stage::Fold> fold_;
  std::unique_ptr<stage::Views> views_;
  std::unique_ptr<stage::OutcomeReader> outcomes_;
  std::vector<event::Record> controls_;
  Position next_ = kNoPosition, last_ = kNoPosition;
  // Of each part of the snapshot, what it has to be: a digest, by position and name.
  std::map<Position, std::map<std::string, std::string>> wanted_;
  std::map<std::string, std::pair<std::size_t, stage::ViewPiece>> view_parts_;  // by name
  std::vector<std::string> stale_;
  BaseParts::Head head_;
  std::string key_;
  std::optional<BaseParts> base_;
  stage::SealBody seal_;
  stage::Admitted admitted_;
  stage::Part part_;
};

}  // namespace quintet::host
