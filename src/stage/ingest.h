// The sequencer's logic: admits events, gives them positions, and writes into each record all that
// its effect needs (DESIGN 2). It owns the open block, the index of ids, the labels that wait for
// their event and the chain; all of that is derived from the log and rebuilt by replay().
//
// One thread. Reads no clock: the time of admission is an argument. The host makes the records
// durable; until then they count as admitted here, and after a failed commit the whole object is
// thrown away and rebuilt from the log.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "event/event.h"
#include "stage/admitted.h"
#include "stage/id_index.h"
#include "stage/low_time.h"
#include "stage/sessions.h"

namespace quintet::stage {

inline constexpr std::size_t kIdBytes = 512;  // so that it can stand in a path [bad_id]

struct Offer {
  event::Event event;
  bool history = false;     // enters windows, gets no outcome (DESIGN 6.8)
  std::string_view trace;   // W3C traceparent; may be empty
  SessionPlace place = {};  // S1.6
};

// What became of an offer.
struct Admission {
  enum class What : std::uint8_t { admitted, repeated, refused } what = What::refused;
  Position position = kNoPosition;  // admitted: its own; repeated: that of the first
  Error error{Code::invalid, ""};   // refused: why; id() is a short reason as `too_early`
};

class Ingest {
 public:
  // `spec` is the version in force, `version` its number in the log. The first record of an empty
  // log must be found(): see start().
  Ingest(std::shared_ptr<const app::Spec> spec, AppVersion version, Epoch epoch, Sealer& sealer);

  // Admits `offer`, or says why not. The admitted record is appended to the open block and also
  // given to `out`, decoded, for infer.
  Admission offer(Offer&& offer, Micros now, Admitted& out);

  // Fetches ahead what offer() will look up of this event; changes nothing.
  void fetch(const event::Event& event);

  // Appends a control record; `activate` makes this object's own Spec the one in force. A `seal`
  // must be one that write_seal() wrote.
  void control(event::RecordKind kind, std::string body, Micros now, Admitted& out);

  // For who folds without a log: records are stamped and given out, never kept or sealed.
  void keep_no_blocks() { keeps_blocks_ = false; }
  // True when the open block has reached a limit of event::Block.
  bool block_full() const;
  bool block_empty() const { return open_.records.empty(); }
  // Closes the open block and gives its bytes; there must be one.
  event::BlockBytes seal_block();

  // Takes a record of the log into account (start, or another sequencer's); in position order.
  // `written` and `epoch` as in stage/admitted.h.
  Expected<void> replay(const Admitted& admitted, const app::Spec& written);
  // The hash of the block that replay ended with.
  void continue_after(Hash128 block_hash) { previous_ = block_hash; }

  Position last() const { return next_ - 1; }
  Position last_control() const { return control_; }
  // The position of an id, if it is in the log.
  std::optional<Position> find(std::string_view event_type, std::string_view id) const;
  std::size_t ids() const { return ids_.size(); }
  // Ordered sessions. A host passes what was refused before it was an event.
  Sessions& sessions() { return sessions_; }
  std::size_t waiting_labels() const { return waiting_.size(); }
  // The newest instant of admission; no later record is admitted before it.
  Micros last_admitted() const { return last_admitted_; }
  // The stamp that the next record would get.
  Micros low_time() { return low_time_.at(next_); }

  // --- snapshots (stage/ingest_snapshot.cc) ---
  // Ids, labelled events and waiting labels are written in pieces by position, all else is the
  // core. A core and the pieces up to its position are a snapshot.
  struct Piece {
    Position first = kNoPosition, last = kNoPosition;
  };
  void write_core(ByteWriter& out) const;
  // What is remembered of records and stands in no piece yet.
  std::size_t unwritten() const { return unwritten_.size(); }
  // The next piece, of about `most` entries; the last one ends at last(). In position order, each
  // position in one piece.
  Piece write_piece(std::string& bytes, std::size_t most);
  // As if none had been written: what write_piece() gave was lost. Takes as long as there are ids.
  void write_again();
  static Expected<Piece> piece_of(std::string_view bytes);
  // Into a new object: first the core, then the pieces in order, then finish_reading(). What is
  // below `from` or beyond the core is left out; pieces may overlap.
  Expected<void> read_core(ByteReader& in);
  // The low time that a core has.
  static Expected<LowTime> low_time_of(std::string_view core);
  Expected<void> read_piece(std::string_view bytes, Position from);
  void finish_reading();
  // SHA-256 in hex over all of it, the same however it was reached.
  std::string digest() const;

  // --- retention (S10) ---
  // The log begins behind `cut`: ids at or below it are free, their labels join nothing, and from
  // here on an event of `edge` or earlier is refused, so that a freed id cannot return. A seal
  // record does the same at its position. Takes as long as there are ids.
  void begin_after(Position cut, Micros edge);
  Position cut() const { return cut_; }
  Micros edge() const { return edge_; }

  // The subject is gone: forgets what it knows of its events' keys.
  void forget_subject(std::string_view subject);

 private:
  struct HashOfHash {
    std::size_t operator()(const Hash128& h) const { return static_cast<std::size_t>(h.low); }
  };
  using Known = KnownId;
  // Of an event that a report may still name.
  struct Labelled {
    Micros time = 0;
    std::string keys;
    std::string subject;
    std::string sealed_plain;  // before sealing: each report seals it anew
  };
  // A report that was joined to no event. All are kept: which of them counts depends on the event's
  // time.
  struct Waiting {
    Hash128 event;  // whose label it is, by its id
    Position report = kNoPosition;
    Micros report_time = 0;
    std::string value;
  };

  Admission admit(Offer&& offer, Micros now, Admitted& out);
  Expected<void> stamp(Offer& offer, Micros now, event::Record& record);
  Expected<void> seal_parts(const event::Event& event, event::Record& record);
  Expected<void> join_report(const event::Event& event, event::Record& record);
  void attach_waiting(const event::Event& event, event::Record& record) const;
  void append(Admitted& admitted);
  void remember(const Admitted& admitted, const app::Spec& written, Hash128 id_hash,
                Hash128 content);
  void remember_labelled(const event::Event& event, const event::Record& record, Hash128 id_hash);
  void remember_report(const Admitted& admitted, const app::Spec& written);
  template <class Gone>
  void drop_waiting(const Gone& gone);
  void write_chain(Admitted& admitted);
  void write_logged(ByteWriter& out) const;
  void write_known(ByteWriter& out, Hash128 id) const;
  static void write_waiting(ByteWriter& out, Hash128 key, const Waiting& waiting);

  const std::shared_ptr<const app::Spec> spec_;
  const AppVersion version_;
  const Epoch epoch_;
  Sealer& sealer_;
  std::vector<char> labelled_types_;  // by event type: some report may name it

  Position next_ = 1;
  Position control_ = kNoPosition;
  Position cut_ = kNoPosition;
  Micros edge_ = kNoTime;
  Micros last_admitted_ = kNoTime;
  Hash128 previous_;
  LowTime low_time_;
  std::vector<Position> chain_;  // by shard
  Sessions sessions_;
  IdIndex ids_;
  std::unordered_map<Hash128, Labelled, HashOfHash> labelled_;
  // By label and event id, in position order.
  std::unordered_map<Hash128, std::vector<Waiting>, HashOfHash> waiting_;
  // Keys of these maps that no piece holds, in position order; all up to written_ are in one.
  struct Unwritten {
    Hash128 key;
    Position position = kNoPosition;
    bool waits = false;  // of waiting_, not ids_
  };
  std::deque<Unwritten> unwritten_;
  Position written_ = kNoPosition;
  bool keeps_blocks_ = true;
  event::Block open_;
  std::size_t open_bytes_ = 0;
  std::string scratch_;
};

template <class Gone>
void Ingest::drop_waiting(const Gone& gone) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    std::erase_if(at->second, gone);
    at = at->second.empty() ? waiting_.erase(at) : std::next(at);
  }
}

}  // namespace quintet::stage
