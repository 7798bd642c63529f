// The log's unit of meaning (Record) and its unit of append, commit, replay and watermark (Block).
// A record carries all that its effect needs (DESIGN 2): a shard, wherever it runs, applies it
// without asking anyone. Values; immutable once a block is sealed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "event/types.h"
#include "event/value.h"

namespace quintet::event {

// The numbers are part of the wire form. A reader refuses a kind that it does not know.
enum class RecordKind : std::uint8_t {
  event = 1,
  history = 2,
  application = 16,  // an application version, prepared: Record::plain is the file
  activate = 17,     // that version is in force from here on
  promote = 18,      // a model version is in force from here on
  erase = 19,        // a subject's key is gone
  exclude = 20,      // positions taken out of the fold by an operator
  train = 21,        // a training run was asked for: range, as of, seed
  seal = 22,         // closes a segment of the log
};

inline bool is_control(RecordKind kind) { return kind >= RecordKind::application; }

// One shard that a record visits, and the record that visited it before (the chain).
struct Visit {
  ShardId shard = 0;
  Position previous = kNoPosition;
};

// A label report names the event that it is about (S5.2): resolved once, at admission.
struct LabelTarget {
  std::uint16_t label = 0;  // Spec::labels of the record's application version
  Position position = kNoPosition;
  Micros time = 0;
  std::uint16_t event_type = 0;
  std::string keys;         // encode_part(plain) of the labelled event, only its key fields set
  std::string subject;      // as Record::subject, of the labelled event
  std::string sealed_keys;  // as Record::sealed: its sealed key fields
};

// A report that came before its event rides on the event's record.
struct AttachedLabel {
  std::uint16_t label = 0;
  Position report = kNoPosition;
  std::string value;  // write_value() of the label's type
};

struct Record {
  Position position = kNoPosition;
  RecordKind kind = RecordKind::event;
  std::uint16_t event_type = 0;  // Spec::events of app_version; 0 in control records
  AppVersion app_version = 0;
  Micros admitted_at = 0;
  Micros time = 0;
  Micros low_time = kNoTime;         // S2.2
  Position control = kNoPosition;    // of the last control record before this one
  std::vector<Visit> visits;         // by shard
  std::vector<LabelTarget> targets;
  std::vector<AttachedLabel> attached;
  std::string id;
  std::string plain;          // encode_part(plain), or the body of a control record
  std::string subject;        // pseudonym of the subject whose key seals `sealed`; empty if none
  std::string sealed;         // ciphertext of encode_part(sealed)
  std::string trace;          // W3C traceparent of the request; empty if none
  std::string session;        // the sender's ordered session (S1.6); empty if none
  std::uint64_t number = 0;   // in that session
};

// Most records of one block, and most bytes of one encoded block.
inline constexpr std::size_t kBlockRecords = 1024;
inline constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

// A contiguous run of records under one epoch.
struct Block {
  Position first = kNoPosition;
  Epoch epoch = 0;
  std::vector<Record> records;
  Position last() const { return first + records.size() - 1; }
};

// An encoded block, as stores and links carry it. `hash` chains blocks: it covers the bytes, which
// hold the hash of the block before.
struct BlockBytes {
  Position first = kNoPosition;
  Position last = kNoPosition;
  Epoch epoch = 0;
  std::string bytes;
};

// Positions must be first, first + 1, ... (checked). `previous` is the hash of the block before.
BlockBytes encode_block(const Block& block, Hash128 previous);
// What the next block names as its predecessor.
Hash128 block_hash(std::string_view bytes);

struct DecodedBlock {
  Block block;
  Hash128 previous;
};
// Refuses damaged bytes (CRC-32C), unknown versions and unknown kinds; hostile-safe.
Expected<DecodedBlock> decode_block(std::string_view bytes);
// The same of a block from a store; the error names its position.
Expected<DecodedBlock> decode_block(const BlockBytes& block);
// Whether the bytes are those that were written: their checksum alone.
Expected<void> check_block(const BlockBytes& block);

}  // namespace quintet::event
