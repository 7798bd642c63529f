// Which keys, and so which shards, a record touches. Ingest uses it to write the chain, infer to
// fold; both get the same answer from the record alone.
#pragma once

#include <span>
#include <vector>

#include "feature/shard.h"

namespace quintet::feature {

// Group keys first in the order of RowPlan::groups, then groups it only enters, then tables. A key
// that is asked more than once is entered by its last touch. `fields` are those of event type
// `event_type`. With `asks` false (a `history` record) nothing is asked.
void route(const app::Spec& spec, int event_type, std::span<const event::Value> fields, bool asks,
           std::vector<Touch>& out);

// The shard where the row is joined: the first touch's, or that of the hash of `id` if none.
ShardId home_shard(std::span<const Touch> touches, std::string_view id);

// hash128(name, a zero byte, key).low % kShardCount; the name is the group's, or the table's.
ShardId shard_of(std::string_view group_name, std::string_view key);

// The touches of a label report: the groups of the labelled event whose inputs read a label.
// `fields` are the labelled event's (only key fields need to be set). The caller sets target,
// target_time and label_value. A shard checks `within` itself, and the last report applied counts.
void route_label(const app::Spec& spec, int label, std::span<const event::Value> fields,
                 std::vector<Touch>& out);

// Whoever joins the row calls this once: the answers of empty windows (S4) for the groups that the
// row asks but no touch does, because a part of the key is null (S3.7).
void answer_empty(const app::Spec& spec, int event_type, std::span<const Touch> touches,
                  PartialRow& out);
event::Value empty_answer(const app::Aggregate& aggregate);

}  // namespace quintet::feature
