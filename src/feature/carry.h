// A shard's canonical form made over without a fold: where the beginning of a log was removed, the
// state at the cut is all that is left of it (S10). Pure; any thread. Input is a snapshot's bytes:
// what does not parse is `broken`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feature/plan.h"
#include "feature/shard.h"

namespace quintet::feature {

// What `to` reads of the state that `from` wrote: of groups that both have (same events, same key),
// the entries with the arguments and filters that both have, the others null or not met; of tables,
// rows by field name. All else is empty.
Expected<std::string> carry_over(const Plans& from, const Plans& to, std::string_view shard);

// The state without what a subject's private fields made of it (S8.3): keys and table rows that are
// the subject's go, private fields of its rows become null. A group that holds private values under
// keys of others, which `quintet check` allows for windows of time alone, loses these values
// altogether: all its entries must be forgotten by whoever asks from now on.
Expected<std::string> without_subject(const Plans& plans, std::string_view subject,
                                      std::string_view shard);

// Columns of `to`, as "transaction.customer_count", that a state carried over from `from` at a cut
// answers otherwise than the whole log would. Every record below the cut has the time `edge` or
// less; `low_time` is that of the log's end.
std::vector<std::string> cold_columns(const app::Spec& from, const app::Spec& to, Micros edge,
                                      Micros low_time);

}  // namespace quintet::feature
