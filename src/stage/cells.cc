#include "stage/cells.h"

#include "base/bytes.h"

namespace quintet::stage {

std::string write_cells(const app::Spec& spec, std::size_t event_type,
                        const feature::PartialRow& row) {
  std::string bytes;
  ByteWriter out(bytes);
  const auto& types = spec.rows[event_type].slot_types;
  out.varint(event_type);
  out.varint(row.cells.size());
  for (const auto& cell : row.cells) {
    out.varint(static_cast<std::uint64_t>(cell.slot));
    event::write_value(out, types[static_cast<std::size_t>(cell.slot)], cell.value);
  }
  return bytes;
}

Expected<feature::PartialRow> read_cells(const app::Spec& spec, std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint64_t type = in.varint();
  if (!in.ok() || type >= spec.rows.size()) return broken("a part is of no event type");
  const auto& types = spec.rows[type].slot_types;
  feature::PartialRow row;
  row.cells.resize(in.count(in.rest()));
  for (auto& cell : row.cells) {
    const std::uint64_t slot = in.varint();
    if (!in.ok() || slot >= types.size()) return broken("a part is of no row");
    cell.slot = static_cast<app::Slot>(slot);
    TRY(cell.value, event::read_value(in, types[slot], row.arena));
  }
  TRY_DO(in.finish("a part of a row"));
  return row;
}

}  // namespace quintet::stage
