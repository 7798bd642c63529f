// Values as cells of CSV (RFC 4180): in quotes where they must be. Pure functions.
#pragma once

#include <string>

#include "event/value.h"

namespace quintet::event {

// Null is the empty cell; the empty text is "" in quotes.
void append_csv_cell(std::string& out, Type type, Value value);
void append_csv_cell(std::string& out, std::string_view text);

}  // namespace quintet::event
