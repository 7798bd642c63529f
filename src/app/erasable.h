// Which aggregates an erase can find again in a state whose log is gone (S8.3, S10.5): those that
// read nothing private, and those whose key names the subject. Pure.
#pragma once

#include "app/spec.h"

namespace quintet::app {

// Keys of the group name the subject of their entries.
bool keyed_by_subject(const Spec& spec, const Group& group);
// A part of the key is pseudonymized or masked.
bool has_private_key(const Spec& spec, const Group& group);
// The program, or slot, over fields and labels of `source` reads what an erase takes away: of the
// event itself only with `own`; of a label's report always, it may be another subject's.
bool is_private(const Spec& spec, int source, const expr::Program& program, bool own);
bool is_private(const Spec& spec, int source, int slot, bool own);

// The aggregate holds private values under keys by which those of a subject cannot be found.
bool keeps_private_of_others(const Spec& spec, const Group& group, const Aggregate& aggregate);

}  // namespace quintet::app
