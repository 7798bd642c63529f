// The wire form of what one place adds to a row of one event type.
#pragma once

#include "app/spec.h"
#include "feature/shard.h"

namespace quintet::stage {

std::string write_cells(const app::Spec& spec, std::size_t event_type,
                        const feature::PartialRow& row);
// Under the Spec it was written under. `broken` if it cannot be a row's part.
Expected<feature::PartialRow> read_cells(const app::Spec& spec, std::string_view bytes);

}  // namespace quintet::stage
