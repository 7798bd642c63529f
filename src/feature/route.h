// Which keys, and so which shards, a record touches. Ingest uses it to write the chain, infer to
// fold; both get the same answer from the record alone.
#pragma once

#include <span>
#include <vector>

#include "feature/shard.h"

namespace quintet::feature {

// Group keys first in the order of RowPlan::groups, then groups it only enters, then tables.
// `fields` are those of event type `event_type`.
void route(const app::Spec& spec, int event_type, std::span<const event::Value> fields, bool asks,
           std::vector<Touch>& out);

// The shard where the row is joined: the first touch's, or that of the hash of `id` if none.
ShardId home_shard(std::span<const Touch> touches, std::string_view id);

ShardId shard_of(std::string_view group_name, std::string_view key);

// The touches of a label report: the groups of the labelled event whose inputs read that label.
// `keys` are the labelled event's fields (only key fields need to be set).
void route_label(const app::Spec& spec, int label, std::span<const event::Value> fields,
                 std::vector<Touch>& out);

}  // namespace quintet::feature
