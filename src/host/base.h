// The base of a log whose beginning was removed (S10.2): what all records up to a cut came to, so
// that every fold begins there. It was verified before the log's newest `seal` record named it;
// from then on it is truth. In the store it lies in parts:
//
//   list      what it was folded under, and of each other part the SHA-256 of its bytes; the seal
//             record carries the SHA-256 of the list
//   controls  control records up to the cut that still say something; not sealed, as in the log
//   ingest, shard/NNN, views   as in a snapshot, sealed under a key of the vault that all bases
//             between two erases share: an erase makes every older one unreadable, wherever copies
//             of the log lie, and nothing else does
//
// Immutable; any thread that may read the source.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/versions.h"
#include "stage/control.h"
#include "stage/infer.h"
#include "stage/ingest.h"
#include "stage/store.h"
#include "stage/views.h"

namespace quintet::host {

// Of the vault's key; its number is that of the first base that it sealed. Of key 0: it seals bases
// in which nothing is of a subject, and no erase destroys it.
std::string base_subject(std::uint64_t key);

class Base {
 public:
  // That of the newest seal record; null if the log is whole. `broken` if it is not what the record
  // says, or if a log without its beginning has none.
  static Expected<std::shared_ptr<const Base>> find(stage::LogSource& source);
  // The one that this record names.
  static Expected<std::shared_ptr<const Base>> of(stage::LogSource& source,
                                                  const stage::SealBody& seal);
  // The newest whole one of a store that makes its own and writes no seal records; null if there
  // is none. It has no edge.
  static Expected<std::shared_ptr<const Base>> newest(stage::Store& store);

  const stage::SealBody& seal() const { return seal_; }
  Position cut() const { return seal_.cut; }
  AppVersion version() const { return version_; }  // that it was folded under
  Position erased() const { return erased_; }      // last erase record up to the cut
  std::uint64_t key() const { return key_; }       // base_subject()
  // Oldest first; of kinds application, activate and promote.
  const std::vector<event::Record>& controls() const { return controls_; }

  // Each puts what the base holds in the place of an empty object. `broken` for a part that is
  // damaged or not there: nothing takes its place.
  struct From {
    stage::LogSource& source;
    stage::Vault& vault;
    const Versions& versions;
  };
  Expected<void> into(const From& from, stage::Ingest& ingest) const;
  // What the object's application does not share with the base's begins empty: cold_columns().
  Expected<void> into(const From& from, stage::Fold& fold) const;
  Expected<void> into(const From& from, ShardId shard, stage::Fold& fold) const;
  // The models in force at the cut; installed before.
  Expected<void> into(stage::Score& score) const;
  Expected<void> into(const From& from, stage::Ingest& ingest, stage::Infer& infer) const;
  Expected<void> into(const From& from, stage::Views& views) const;
  // The pieces of a view of `spec`, as of the cut; none if the base has no view that is the same.
  Expected<std::vector<std::string>> view(const From& from, const app::Spec& spec,
                                          std::size_t view) const;
  // The body of a sealed part; nothing if the base has none of that name.
  Expected<std::optional<std::string>> part(const From& from, const std::string& name) const;
  // Their names, in order.
  std::vector<std::string> sealed_parts() const;
  // Columns of `spec`, as "transaction.customer_count", that know nothing from before the cut, or
  // less than they should. `low_time` is that of the log's end.
  std::vector<std::string> cold_columns(const Versions& versions, const app::Spec& spec,
                                        Micros low_time) const;

 private:
  std::string name() const;
  Expected<void> read_list(stage::LogSource& source, const stage::Snapshot& list);
  Expected<stage::Snapshot> read(stage::LogSource& source, const std::string& name) const;
  Expected<std::string> open(const From& from, const std::string& name) const;

  stage::SealBody seal_;
  AppVersion version_ = 0;
  Position erased_ = kNoPosition;
  std::uint64_t key_ = 0;
  std::string digest_;                         // of that version's Spec
  std::map<std::string, std::string> listed_;  // SHA-256 in hex, by name
  std::vector<event::Record> controls_;
};

// A base in the making: all its parts in memory, sealed.
class BaseParts {
 public:
  struct Head {
    std::uint64_t number = 0;
    Position cut = kNoPosition;
    AppVersion version = 0;
    std::string digest;  // Spec::digest
    Position erased = kNoPosition;
    std::uint64_t key = 0;
  };
  // `key` is that of base_subject(head.key).
  BaseParts(Head head, std::string key) : head_(std::move(head)), key_(std::move(key)) {}

  void add_controls(const std::vector<event::Record>& controls);
  void add(const std::string& name, std::string_view body);
  // Adds the list; what the seal record has to say, but for the edge.
  stage::SealBody finish();
  std::vector<stage::Snapshot>& parts() { return parts_; }

 private:
  void put(const std::string& name, std::string bytes);

  Head head_;
  std::string key_;
  std::vector<stage::Snapshot> parts_;
};

// True for the kinds that Base::controls() keeps.
bool outlives_a_cut(event::RecordKind kind);

}  // namespace quintet::host
