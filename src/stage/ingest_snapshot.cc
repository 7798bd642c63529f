// What ingest derives from the log, written down and read again. What grows with the log is cut in
// pieces by position: a piece never changes, so a snapshot costs what came since the last one.
#include <tuple>

#include "base/digest.h"
#include "stage/ingest.h"

namespace quintet::stage {

namespace {

void put(ByteWriter& out, const Hash128& hash) {
  out.u64(hash.high);
  out.u64(hash.low);
}

Hash128 take_hash(ByteReader& in) {
  Hash128 hash;
  hash.high = in.u64();
  hash.low = in.u64();
  return hash;
}

// What an entry of a piece holds.
enum Holds : std::uint8_t { kId = 0, kLabelledId = 1, kWaiting = 2 };

}  // namespace

void Ingest::write_core(ByteWriter& out) const {
  write_logged(out);
  // Not a part of the digest: a refused event moves its session on, and leaves no record.
  sessions_.write(out);
}

void Ingest::write_logged(ByteWriter& out) const {
  out.varint(last());
  out.varint(control_);
  out.i64(last_admitted_);
  low_time_.write(out, next_);
  for (const Position position : chain_) out.varint(position);
}

Expected<void> Ingest::read_core(ByteReader& in) {
  check(next_ == 1, "a snapshot is read into a new object");
  const Position last = in.varint();
  control_ = in.varint();
  last_admitted_ = in.i64();
  low_time_ = LowTime::read(in);
  for (Position& position : chain_) {
    position = in.varint();
    if (position > last) return broken("a snapshot of ingest has a chain that goes beyond it");
  }
  sessions_ = Sessions::read(in);
  if (!in.ok() || control_ > last) return broken("a snapshot of ingest does not parse");
  next_ = last + 1;
  written_ = last;
  return {};
}

Expected<LowTime> Ingest::low_time_of(std::string_view core) {
  ByteReader in(core);
  (void)in.varint();
  (void)in.varint();
  (void)in.i64();
  LowTime low_time = LowTime::read(in);
  if (!in.ok()) return broken("a snapshot of ingest does not parse");
  return low_time;
}

void Ingest::write_known(ByteWriter& out, Hash128 id) const {
  const Known& known = ids_.at(id);
  const auto labelled = labelled_.find(id);
  out.u8(labelled == labelled_.end() ? kId : kLabelledId);
  put(out, id);
  out.varint(known.position);
  put(out, known.content);
  if (labelled == labelled_.end()) return;
  out.i64(labelled->second.time);
  out.text(labelled->second.keys);
  out.text(labelled->second.subject);
  out.text(labelled->second.sealed_plain);
}

void Ingest::write_waiting(ByteWriter& out, Hash128 key, const Waiting& waiting) {
  out.u8(kWaiting);
  put(out, key);
  put(out, waiting.event);
  out.varint(waiting.report);
  out.i64(waiting.report_time);
  out.text(waiting.value);
}

Ingest::Piece Ingest::write_piece(std::string& bytes, std::size_t most) {
  std::size_t count = std::min(most, unwritten_.size());
  // All entries of a position go into one piece.
  while (count < unwritten_.size() && count > 0 &&
         unwritten_[count].position == unwritten_[count - 1].position) {
    ++count;
  }
  const bool rest = count == unwritten_.size();
  const Piece piece{written_ + 1, rest ? last() : unwritten_[count - 1].position};
  ByteWriter out(bytes);
  out.varint(piece.first);
  out.varint(piece.last);
  for (std::size_t i = 0; i < count; ++i) {
    const Unwritten& one = unwritten_[i];
    // A row of a table may have been replaced since, and a label may have found its event: then
    // a later entry says what is so.
    if (one.waits) {
      const auto found = waiting_.find(one.key);
      if (found == waiting_.end()) continue;
      for (const Waiting& waiting : found->second) {
        if (waiting.report == one.position) write_waiting(out, one.key, waiting);
      }
    } else if (const auto found = ids_.find(one.key);
               found != ids_.end() && found->second.position == one.position) {
      write_known(out, one.key);
    }
  }
  unwritten_.erase(unwritten_.begin(), unwritten_.begin() + static_cast<std::ptrdiff_t>(count));
  written_ = piece.last;
  return piece;
}

void Ingest::write_again() {
  unwritten_.clear();
  for (const auto& [key, known] : ids_) unwritten_.push_back({key, known.position, false});
  for (const auto& [key, all] : waiting_) {
    for (const Waiting& waiting : all) unwritten_.push_back({key, waiting.report, true});
  }
  std::sort(unwritten_.begin(), unwritten_.end(), [](const Unwritten& a, const Unwritten& b) {
    return std::tie(a.position, a.waits, a.key) < std::tie(b.position, b.waits, b.key);
  });
  written_ = cut_;
}

Expected<Ingest::Piece> Ingest::piece_of(std::string_view bytes) {
  ByteReader in(bytes);
  const Position first = in.varint();
  const Position last = in.varint();
  if (!in.ok() || first == kNoPosition || last + 1 < first) {
    return broken("a piece of ingest's snapshot does not parse");
  }
  return Piece{first, last};
}

Expected<void> Ingest::read_piece(std::string_view bytes, Position from) {
  ByteReader in(bytes);
  (void)in.varint();
  (void)in.varint();
  const auto wanted = [&](Position position) { return position >= from && position < next_; };
  while (in.ok() && in.rest() > 0) {
    const std::uint8_t holds = in.u8();
    const Hash128 key = take_hash(in);
    if (holds == kWaiting) {
      const Hash128 event = take_hash(in);
      const Position report = in.varint();
      const Micros time = in.i64();
      const std::string_view value = in.text();
      if (!in.ok() || !wanted(report)) continue;
      // As remember_report(), and once if two pieces hold it.
      auto& all = waiting_[key];
      if (!all.empty() && all.back().report >= report) continue;
      std::erase_if(all, [&](const Waiting& w) { return w.report_time == time; });
      all.push_back({event, report, time, std::string(value)});
      continue;
    }
    if (holds > kWaiting) in.fail();
    const Position position = in.varint();
    const Hash128 content = take_hash(in);
    Labelled labelled;
    if (holds == kLabelledId) {
      labelled.time = in.i64();
      labelled.keys = in.text();
      labelled.subject = in.text();
      labelled.sealed_plain = in.text();
    }
    if (!in.ok() || position == kNoPosition || !wanted(position)) continue;
    ids_.put(key, {content, position});
    if (holds == kLabelledId) labelled_[key] = std::move(labelled);
  }
  return in.finish("a piece of ingest's snapshot");
}

// What an event took with it when it came; a report behind its event was not joined, and waits.
void Ingest::finish_reading() {
  drop_waiting([&](const Waiting& w) {
    const auto event = ids_.find(w.event);
    return event != ids_.end() && w.report < event->second.position;
  });
}

std::string Ingest::digest() const {
  Sha256 sha;
  std::string bytes;
  ByteWriter out(bytes);
  write_logged(out);
  sha.add(bytes);
  const auto each_sorted = [&](const auto& map, const auto& write) {
    std::vector<Hash128> keys;
    keys.reserve(map.size());
    for (const auto& [key, value] : map) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    for (const Hash128 key : keys) {
      bytes.clear();
      write(key);
      sha.add(bytes);
    }
  };
  each_sorted(ids_, [&](Hash128 key) { write_known(out, key); });
  each_sorted(waiting_, [&](Hash128 key) {
    for (const Waiting& waiting : waiting_.at(key)) write_waiting(out, key, waiting);
  });
  return to_hex(bytes_of(sha.finish()));
}

}  // namespace quintet::stage
