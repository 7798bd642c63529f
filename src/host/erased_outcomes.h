// What an erase does to outcomes (DESIGN 6.11): those of the subject's events say `erased`.
#pragma once

#include "host/versions.h"
#include "stage/store.h"

namespace quintet::host {

// The erased outcome of a record, if it is an event of the subject.
void add_erased(const Versions& versions, const event::Record& record, const std::string& subject,
                std::vector<stage::OutcomeChange>& changes);

// Of all records in the log from `first` on.
Expected<std::vector<stage::OutcomeChange>> erased_outcomes(stage::LogSource& source,
                                                            Position first,
                                                            const Versions& versions,
                                                            const std::string& subject);

}  // namespace quintet::host
