// An encoded block, little-endian:
//
//   block  := magic "QB" version:u8 flags:u8=0 first:u64 count:u32 epoch:u64 previous:u64x2
//             base_time:i64 body crc:u32            crc covers everything before it
//   body   := record*
//   record := kind:u8 event_type:varint app_version:varint admitted:zigzag(- base_time)
//             time:zigzag(- admitted) low:low_time control:varint(position - control, 0 if none)
//             visits targets attached id:text plain:text subject:text sealed:text trace:text
//             session
//   session := 0:u8 | 1:u8 | 2:u8 name:text number:varint      1 = the next of the session that the
//             block's record with a session before this one belongs to
//   low    := 0:u8 | 1:u8 zigzag(low_time - base_time)
//   visits := count:varint (shard:varint back:varint)*    back = position - previous, 0 if none
#include "event/record.h"

namespace quintet::event {

namespace {

constexpr std::string_view kMagic = "QB";
constexpr std::uint8_t kVersion = 2;
constexpr std::uint64_t kMostVisits = 4096;
constexpr std::uint64_t kMostLabels = 1024;

void write_back(ByteWriter& out, Position position, Position earlier) {
  out.varint(earlier == kNoPosition ? 0 : position - earlier);
}

Position read_back(ByteReader& in, Position position) {
  const std::uint64_t back = in.varint();
  if (back >= position) {
    if (back != 0) in.fail();
    return kNoPosition;
  }
  return back == 0 ? kNoPosition : position - back;
}

// Differences wrap on purpose: both ends may be any int64, and the reader wraps back.
void write_difference(ByteWriter& out, Micros value, Micros base) {
  out.zigzag(
      static_cast<Micros>(static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base)));
}

Micros read_difference(ByteReader& in, Micros base) {
  return static_cast<Micros>(static_cast<std::uint64_t>(in.zigzag()) +
                             static_cast<std::uint64_t>(base));
}

void write_labels(ByteWriter& out, const Record& record) {
  out.varint(record.targets.size());
  for (const LabelTarget& target : record.targets) {
    out.varint(target.label);
    write_back(out, record.position, target.position);
    write_difference(out, target.time, record.time);
    out.varint(target.event_type);
    out.text(target.keys);
    out.text(target.subject);
    out.text(target.sealed_keys);
  }
  out.varint(record.attached.size());
  for (const AttachedLabel& label : record.attached) {
    out.varint(label.label);
    write_back(out, record.position, label.report);
    out.text(label.value);
  }
}

std::uint16_t read_index(ByteReader& in) {
  return static_cast<std::uint16_t>(in.count(0xffff));
}

void read_labels(ByteReader& in, Record& record) {
  record.targets.resize(in.count(kMostLabels));
  for (LabelTarget& target : record.targets) {
    target.label = read_index(in);
    target.position = read_back(in, record.position);
    target.time = read_difference(in, record.time);
    target.event_type = read_index(in);
    target.keys = in.text();
    target.subject = in.text();
    target.sealed_keys = in.text();
  }
  record.attached.resize(in.count(kMostLabels));
  for (AttachedLabel& label : record.attached) {
    label.label = read_index(in);
    label.report = read_back(in, record.position);
    label.value = in.text();
  }
}

// The session that the block's last record with one belongs to.
struct Sender {
  std::string session;
  std::uint64_t number = 0;
};

void write_session(ByteWriter& out, const Record& record, Sender& sender) {
  if (record.session.empty()) {
    out.u8(0);
    return;
  }
  if (record.session == sender.session && record.number == sender.number + 1) {
    out.u8(1);
  } else {
    out.u8(2);
    out.text(record.session);
    out.varint(record.number);
    sender.session = record.session;
  }
  sender.number = record.number;
}

void read_session(ByteReader& in, Record& record, Sender& sender) {
  const std::uint8_t kind = in.u8();
  if (kind == 0) return;
  const bool next = kind == 1 && !sender.session.empty();
  if (kind == 2) {
    const std::string_view name = in.text();
    const std::uint64_t number = in.varint();
    // One encoding each: what could be written as the next one must be.
    if (name.empty() || (name == sender.session && number == sender.number + 1)) in.fail();
    sender = {std::string(name), number};
  } else if (next) {
    ++sender.number;
  } else {
    in.fail();
  }
  record.session = sender.session;
  record.number = sender.number;
}

void write_record(ByteWriter& out, const Record& record, Micros base_time, Sender& sender) {
  out.u8(static_cast<std::uint8_t>(record.kind));
  out.varint(record.event_type);
  out.varint(record.app_version);
  write_difference(out, record.admitted_at, base_time);
  write_difference(out, record.time, record.admitted_at);
  out.u8(record.low_time == kNoTime ? 0 : 1);
  if (record.low_time != kNoTime) write_difference(out, record.low_time, base_time);
  write_back(out, record.position, record.control);
  out.varint(record.visits.size());
  for (const Visit& visit : record.visits) {
    out.varint(visit.shard);
    write_back(out, record.position, visit.previous);
  }
  write_labels(out, record);
  out.text(record.id);
  out.text(record.plain);
  out.text(record.subject);
  out.text(record.sealed);
  out.text(record.trace);
  write_session(out, record, sender);
}

bool known(std::uint8_t kind) {
  return (kind >= 1 && kind <= 2) || (kind >= 16 && kind <= 22);
}

Expected<Record> read_record(ByteReader& in, Position position, Micros base_time, Sender& sender) {
  Record record;
  record.position = position;
  const std::uint8_t kind = in.u8();
  if (in.ok() && !known(kind)) {
    return broken("record kind " + std::to_string(kind) +
                  " is unknown to this build; use the build that wrote the log, or a newer one");
  }
  record.kind = static_cast<RecordKind>(kind);
  record.event_type = read_index(in);
  record.app_version = static_cast<AppVersion>(in.count(0xffffffff));
  record.admitted_at = read_difference(in, base_time);
  record.time = read_difference(in, record.admitted_at);
  const std::uint8_t has_low = in.u8();
  if (has_low > 1) in.fail();
  if (has_low == 1) record.low_time = read_difference(in, base_time);
  record.control = read_back(in, position);
  record.visits.resize(in.count(kMostVisits));
  for (Visit& visit : record.visits) {
    visit.shard = static_cast<ShardId>(in.count(kShardCount - 1));
    visit.previous = read_back(in, position);
  }
  read_labels(in, record);
  record.id = in.text();
  record.plain = in.text();
  record.subject = in.text();
  record.sealed = in.text();
  record.trace = in.text();
  read_session(in, record, sender);
  if (!in.ok()) return broken("record " + std::to_string(position) + " is damaged");
  return record;
}

}  // namespace

BlockBytes encode_block(const Block& block, Hash128 previous) {
  check(!block.records.empty() && block.records.size() <= kBlockRecords, "a block's size");
  const Micros base_time = block.records.front().admitted_at;
  BlockBytes result{block.first, block.last(), block.epoch, {}};
  ByteWriter out(result.bytes);
  out.raw(kMagic);
  out.u8(kVersion);
  out.u8(0);
  out.u64(block.first);
  out.u32(static_cast<std::uint32_t>(block.records.size()));
  out.u64(block.epoch);
  out.u64(previous.high);
  out.u64(previous.low);
  out.i64(base_time);
  Position expected = block.first;
  Sender sender;
  for (const Record& record : block.records) {
    check(record.position == expected++, "a block's positions have no gaps");
    write_record(out, record, base_time, sender);
  }
  out.u32(crc32c(result.bytes));
  return result;
}

Hash128 block_hash(std::string_view bytes) {
  return hash128(bytes);
}

namespace {

Expected<void> check_bytes(std::string_view bytes) {
  if (bytes.size() < 8 || bytes.substr(0, 2) != kMagic) return broken("this is no block of a log");
  if (static_cast<std::uint8_t>(bytes[2]) != kVersion) {
    return broken("block format " + std::to_string(static_cast<std::uint8_t>(bytes[2])) +
                  " is unknown to this build");
  }
  ByteReader tail(bytes.substr(bytes.size() - 4));
  if (tail.u32() != crc32c(bytes.substr(0, bytes.size() - 4))) {
    return broken("a block of the log does not match its checksum");
  }
  return {};
}

std::string place_of(const BlockBytes& block) {
  return "the block at position " + std::to_string(block.first);
}

}  // namespace

Expected<void> check_block(const BlockBytes& block) {
  auto checked = check_bytes(block.bytes);
  if (!checked) return std::move(checked).error().during(place_of(block));
  return {};
}

Expected<DecodedBlock> decode_block(const BlockBytes& block) {
  auto decoded = decode_block(block.bytes);
  if (!decoded) return std::move(decoded).error().during(place_of(block));
  return decoded;
}

Expected<DecodedBlock> decode_block(std::string_view bytes) {
  TRY_DO(check_bytes(bytes));
  ByteReader in(bytes.substr(0, bytes.size() - 4));
  (void)in.raw(4);
  DecodedBlock result;
  result.block.first = in.u64();
  const std::uint32_t count = in.u32();
  result.block.epoch = in.u64();
  result.previous.high = in.u64();
  result.previous.low = in.u64();
  const Micros base_time = in.i64();
  if (!in.ok() || count == 0 || count > kBlockRecords || result.block.first == kNoPosition) {
    return broken("a block of the log has an impossible header");
  }
  result.block.records.reserve(count);
  Sender sender;
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY(Record record, read_record(in, result.block.first + i, base_time, sender));
    result.block.records.push_back(std::move(record));
  }
  TRY_DO(in.finish("a block of the log"));
  return result;
}

}  // namespace quintet::event
