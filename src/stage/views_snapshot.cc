// Views in snapshots: pieces of their lines, canonical, and read with suspicion.
#include <algorithm>
#include <bit>

#include "base/check.h"
#include "stage/views_state.h"

namespace quintet::stage {

namespace {

constexpr std::uint8_t kFormat = 1;
constexpr unsigned kMostDepth = std::countr_zero(kViewSlots);
constexpr std::size_t kPlaceBytes = 1 + 2;  // of a piece: depth and index

}  // namespace

unsigned Views::depth(std::size_t view) const {
  unsigned depth = 0;
  while (depth < kMostDepth && states_[view].bytes >> depth > kViewPieceBytes) ++depth;
  return depth;
}

// What every piece of a view begins with.
std::string Views::beginning(std::size_t view) const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  out.u32(kSemanticsVersion);
  out.text(spec_->digest);
  out.text(states_[view].view->name);
  return bytes;
}

std::string Views::write(std::size_t view, ViewPiece piece) const {
  const State& state = states_[view];
  std::string bytes = beginning(view);
  ByteWriter out(bytes);
  if (state.given_up) piece = {};
  out.u8(static_cast<std::uint8_t>(piece.depth));
  out.u16(static_cast<std::uint16_t>(piece.index));
  out.u8(state.given_up ? 1 : 0);
  out.i64(state.newest);
  std::vector<const Line*> lines;
  for (std::size_t slot = piece.first_slot(); slot < piece.end_slot(); ++slot) {
    for (const Line* line = state.slots[slot]; line != nullptr; line = line->after) {
      lines.push_back(line);
    }
  }
  std::sort(lines.begin(), lines.end(),
            [](const Line* a, const Line* b) { return Less()(*a->key, *b->key); });
  out.varint(lines.size());
  for (const Line* line : lines) {
    out.raw(key_bytes(state, *line->key));
    for (std::size_t i = 0; i < state.lanes.size(); ++i) {
      line->cells[i].write(state.lanes[i], texts_of(*line), out);
    }
  }
  return bytes;
}

Expected<ViewPiece> Views::piece_of(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kFormat) return broken("a piece of a view has a form that is not known");
  if (in.u32() != kSemanticsVersion) {
    return broken("a piece of a view is of another semantics version");
  }
  (void)in.text();
  (void)in.text();
  ViewPiece piece;
  piece.depth = in.u8();
  piece.index = in.u16();
  if (!in.ok() || piece.depth > kMostDepth || piece.index >> piece.depth != 0) {
    return broken("a piece of a view does not parse");
  }
  return piece;
}

Expected<bool> Views::is_given_up(std::string_view bytes) {
  TRY_DO(piece_of(bytes));
  ByteReader in(bytes);
  (void)in.u8();
  (void)in.u32();
  (void)in.text();
  (void)in.text();
  (void)in.raw(kPlaceBytes);
  return in.u8() != 0;
}

Expected<std::string> Views::emptied(std::string_view bytes) {
  TRY_DO(piece_of(bytes));
  ByteReader in(bytes);
  (void)in.u8();
  (void)in.u32();
  (void)in.text();
  (void)in.text();
  (void)in.raw(kPlaceBytes);
  (void)in.u8();
  (void)in.i64();
  std::string made(bytes.substr(0, in.at()));
  if (!in.ok()) return broken("a piece of a view does not parse");
  ByteWriter(made).varint(0);
  return made;
}

Expected<std::string> Views::under(const app::Spec& spec, std::string_view bytes) {
  TRY_DO(piece_of(bytes));
  ByteReader in(bytes);
  std::string made;
  ByteWriter out(made);
  out.u8(in.u8());
  out.u32(in.u32());
  (void)in.text();
  out.text(spec.digest);
  out.raw(in.raw(in.rest()));
  return made;
}

bool Views::may_be(const State& state, ViewPiece piece, Micros newest, const Key& key) {
  const Micros every = state.view->every;
  if (every > 0 ? key.bucket % every != 0 : key.bucket != 0) return false;
  if (is_old(*state.view, newest, key.bucket)) return false;
  const std::size_t slot = slot_of(state, key);
  return slot >= piece.first_slot() && slot < piece.end_slot();
}

// The lines of slots that no newer piece has. `in` stands behind the place of the piece.
Expected<void> Views::read_lines(State& state, ByteReader& in, ViewPiece piece,
                                 const std::vector<Position>& reached) {
  const std::uint8_t given_up = in.u8();
  const Micros newest = in.i64();
  const std::uint64_t lines = in.count(in.rest());
  state.newest = std::max(state.newest, newest);
  if (given_up != 0) {
    if (given_up > 1 || lines > 0 || piece.depth > 0) in.fail();
    state.clear();
    state.given_up = true;
    return in.finish("a piece of a view");
  }
  event::Arena arena;
  Key last;
  for (std::uint64_t i = 0; i < lines && in.ok(); ++i) {
    TRY(Key key, read_key(state, in, arena));
    if (!in.ok() || !may_be(state, piece, newest, key) || (i > 0 && !Less()(last, key))) {
      return broken("a piece of a view has a line out of its place");
    }
    last = key;
    Line passed;
    const bool wanted = reached[slot_of(state, key)] == kNoPosition;
    if (!wanted) add_cells(state, passed);
    Line& line = wanted ? line_of(state, std::move(key)) : passed;
    for (std::size_t c = 0; c < state.lanes.size(); ++c) {
      line.cells[c].read(state.lanes[c], in, line.texts.get());
    }
    if (!in.ok() || !wanted) continue;
    count(state, line);
    if (state.given_up) return {};
  }
  return in.finish("a piece of a view");
}

// Gives the least position that a slot was folded to.
Expected<Position> Views::read_pieces(std::size_t view, const std::vector<StoredPiece>& pieces) {
  State& state = states_[view];
  const std::string begin = beginning(view);
  std::vector<Position> reached(kViewSlots, kNoPosition);
  for (const StoredPiece& stored : pieces) {
    TRY(const ViewPiece piece, piece_of(stored.bytes));
    if (!stored.bytes.starts_with(begin)) return broken("a piece of a view is of another one");
    const auto first = reached.begin() + static_cast<std::ptrdiff_t>(piece.first_slot());
    const auto end = reached.begin() + static_cast<std::ptrdiff_t>(piece.end_slot());
    if (std::find(first, end, kNoPosition) == end) continue;
    ByteReader in(stored.bytes.substr(begin.size() + kPlaceBytes));
    TRY_DO(read_lines(state, in, piece, reached));
    if (state.given_up) return stored.position;
    std::replace(first, end, kNoPosition, stored.position);
  }
  drop_old(state);
  const Position least = *std::min_element(reached.begin(), reached.end());
  if (least == kNoPosition) return broken("pieces of view " + state.view->name + " are missing");
  state.reached = std::move(reached);
  return least;
}

Expected<Position> Views::restore(std::size_t view, std::vector<StoredPiece> pieces) {
  State& state = states_[view];
  check(state.lines.empty() && !state.given_up, "a snapshot is read into an empty view");
  std::stable_sort(pieces.begin(), pieces.end(), [](const StoredPiece& a, const StoredPiece& b) {
    return a.position > b.position;
  });
  auto from = read_pieces(view, pieces);
  if (!from) {
    state.clear();
    state.given_up = false;
    state.newest = kNoTime;
  }
  return from;
}

void Views::caught_up() {
  for (State& state : states_) state.reached.clear();
}

}  // namespace quintet::stage
