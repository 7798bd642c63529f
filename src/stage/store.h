// What stages and hosts ask of durable storage. Two things are truth: the log, and the outcomes;
// dead letters and the model registry are kept beside them. All else (snapshots, indexes) is
// derived and may be lost. Implementations live in room store; one contract suite holds for all.
//
// A Store belongs to one writer thread, the one that calls commit() and the other methods that
// change something. Reads may come from one other thread at the same time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/record.h"

namespace quintet::stage {

// Outcomes of a contiguous run of positions, encoded by stage/outcome.h. Opaque to the store.
struct OutcomeBytes {
  Position first = kNoPosition;
  Position last = kNoPosition;
  std::string bytes;
};

// One position's outcome becomes another: failed to result, anything to erased (S7.2).
struct OutcomeChange {
  Position position = kNoPosition;
  std::string bytes;  // an OutcomeBytes::bytes of this one position
};

// An event that was refused, with what is needed to see why and to try again.
struct DeadLetter {
  std::uint64_t number = 0;  // given by the store: 1, 2, 3, ...
  Micros at = 0;
  std::string event_type;
  std::string id;    // as far as it was known
  std::string code;  // QNT-..., or a short reason as too_early
  std::string field;
  std::string message;
  std::string format;               // json, csv: how `bytes` are to be read again
  std::string bytes;                // the original, sealed by the caller
  Position replayed = kNoPosition;  // where the replay was admitted; kNoPosition until then
  bool discarded = false;
};

// What one transaction makes durable: all of it or nothing.
struct Commit {
  std::vector<event::BlockBytes> blocks;
  bool copies = false;  // the blocks are of a log kept elsewhere: their epochs are that log's
  bool anew = false;    // they follow nothing: the log that there was goes with this transaction
  std::vector<OutcomeBytes> outcomes;
  std::vector<OutcomeChange> changes;
  std::vector<DeadLetter> dead_letters;  // `number` is filled in
  struct Replayed {
    std::uint64_t number;
    Position position;
  };
  std::vector<Replayed> replayed;  // dead letters that were admitted after all
};

struct LogEnd {
  Position first = 1;  // > 1 after retention
  Position last = kNoPosition;
  Hash128 hash;  // block_hash of the last block; zero if none
};

struct Snapshot {
  std::string name;  // "shard/017", "ingest", "views/blocked"
  Position position = kNoPosition;
  std::string bytes;
};

enum class ModelState : std::uint8_t { ready, refused };

struct ModelVersion {
  std::string model;
  std::uint32_t version = 0;  // given by the store: 1, 2, ... per model
  std::string digest;
  ModelState state = ModelState::ready;
  Micros created_at = 0;
  std::string metrics;  // JSON
  std::string card;     // JSON; the Markdown is made from it
  std::string bytes;    // the model file
};

// What a fold reads: the log, and the base that stands in the place of what was removed of it
// (S10).
class LogSource {
 public:
  virtual ~LogSource() = default;

  virtual Expected<LogEnd> end() = 0;
  // Blocks from the one that holds `from`, in order, until `most_bytes` is passed; at least one
  // unless the log ends. `expired` below the first kept position.
  virtual Expected<std::vector<event::BlockBytes>> read_log(Position from,
                                                            std::size_t most_bytes) = 0;
  // `not_found` if there is no part of that name, `broken` if it does not match its checksum.
  virtual Expected<Snapshot> base_part(std::uint64_t number, std::string_view name) = 0;
};

class Store : public LogSource {
 public:
  // Takes the writer's lease: a greater epoch than any before; older ones are fenced from now on.
  virtual Expected<Epoch> open_epoch() = 0;

  // One durable transaction. Blocks must continue the log (`conflict` if its end has moved, or if
  // `epoch` is not the newest: then nothing is written). An outcome whose position has one already
  // is dropped silently: the first wins; a run of which only some positions have one is a
  // `conflict`. A dead letter that was replayed or discarded before is a `conflict` too. After any
  // other failure the caller must throw away its memory and read again from the last durable
  // position; fsync is never retried.
  virtual Expected<void> commit(Commit& commit, Epoch epoch) = 0;

  // Outcome runs that overlap [from, ...), with changes; same limits. Changes that apply to a run
  // come in `changes`, by position.
  struct OutcomeRun {
    OutcomeBytes run;
    std::vector<OutcomeChange> changes;
  };
  virtual Expected<std::vector<OutcomeRun>> read_outcomes(Position from,
                                                          std::size_t most_bytes) = 0;
  // The run that holds the position; nothing if it has no outcome.
  virtual Expected<std::optional<OutcomeRun>> outcome_run(Position position) = 0;
  // L: the greatest position up to which every outcome is durable. Records without outcome
  // (control, history) are part of a run like the others.
  virtual Expected<Position> low_mark() = 0;

  // Derived data. The newest two of a name are kept.
  virtual Expected<void> put_snapshots(const std::vector<Snapshot>& snapshots) = 0;
  // The newest of each name at or below `most`; of one name alone, if it is given.
  virtual Expected<std::vector<Snapshot>> snapshots(Position most, std::string_view name) = 0;
  Expected<std::vector<Snapshot>> snapshots(Position most) { return snapshots(most, {}); }
  // All of them, so that nothing of them can be read again from the store's files.
  virtual Expected<void> remove_snapshots() = 0;
  // All of these names.
  virtual Expected<void> remove_snapshots(const std::vector<std::string>& names) = 0;

  virtual Expected<std::uint32_t> add_model(ModelVersion model) = 0;
  virtual Expected<std::vector<ModelVersion>> models(bool with_bytes) = 0;  // bytes are large
  virtual Expected<ModelVersion> model(std::string_view name, std::uint32_t version) = 0;
  virtual Expected<void> set_alias(std::string_view model, std::string_view alias,
                                   std::uint32_t version) = 0;
  struct Alias {
    std::string model, alias;
    std::uint32_t version;
  };
  virtual Expected<std::vector<Alias>> aliases() = 0;

  struct DeadLetterQuery {
    std::uint64_t after = 0;
    std::size_t limit = 100;
    std::string code;       // empty: any
    bool open_only = true;  // neither replayed nor discarded
  };
  virtual Expected<std::vector<DeadLetter>> dead_letters(const DeadLetterQuery& query) = 0;
  virtual Expected<DeadLetter> dead_letter(std::uint64_t number) = 0;
  virtual Expected<void> discard(std::uint64_t number) = 0;

  // The base of a log whose beginning was removed (S10): truth as the log is, in parts under a
  // number. Which number counts is for the log's newest `seal` record to say. Durable when it
  // returns; a part of the same name is replaced.
  // This and the two removals below are fenced as commit() is: a `conflict` if `epoch` is not the
  // newest, and nothing is changed. An older sequencer knows another base as the one in force.
  virtual Expected<void> put_base(std::uint64_t number, const std::vector<Snapshot>& parts,
                                  Epoch epoch) = 0;
  // The numbers of which there are parts, in order.
  virtual Expected<std::vector<std::uint64_t>> bases() = 0;
  // Removes parts of a base, at most `most`; true if there are more.
  virtual Expected<bool> remove_base(std::uint64_t number, std::size_t most, Epoch epoch) = 0;

  // Removes blocks and outcomes whose last position is below `position`, the oldest first and at
  // most so many of each; true if there are more. The last block stays: the next one names it.
  virtual Expected<bool> remove_below(Position position, std::size_t most, Epoch epoch) = 0;
  // Checks every checksum and chain; the first damage found, with its position.
  virtual Expected<void> verify() = 0;
};

// Secrets, outside log and backups: the log's pseudonym key and one key a subject.
class Vault {
 public:
  virtual ~Vault() = default;
  // Made at first use, for the life of the log.
  virtual Expected<std::string> pseudonym_key() = 0;  // 32 bytes
  // As above, but makes none: `not_found` if there is none.
  virtual Expected<std::string> find_pseudonym_key() { return pseudonym_key(); }
  // Made at first use; `expired` once destroyed.
  virtual Expected<std::string> subject_key(std::string_view subject) = 0;  // 32 bytes
  // As above, but makes none: `not_found` if there is none.
  virtual Expected<std::string> find_subject_key(std::string_view subject) = 0;
  // Makes the keys made so far durable. A host calls it before it commits records that they seal:
  // a subject's key need not be durable before. Costs nothing if there are none.
  virtual Expected<void> flush() { return {}; }
  virtual Expected<void> destroy(std::string_view subject) = 0;  // durable when it returns
  // After a failed write all writing fails. This begins anew from what is durable; keys made since
  // are kept, to be written with the next flush.
  virtual Expected<void> recover() { return {}; }
  virtual Expected<std::vector<std::string>> destroyed() = 0;  // all subjects, sorted
};

}  // namespace quintet::stage
