// What is said of each route: the hand-written half of the OpenAPI document.
#pragma once

#include <span>
#include <string_view>

namespace quintet::host {

// Lists are written as words with spaces between.
//   query, headers: NAME:TYPE, with a `!` behind if it must be there
//   body:           MEDIA=SCHEMA; `?` alone: the body may be left out
//   answers:        STATUS:MEDIA=SCHEMA
// A SCHEMA is a name in `components`. TYPE is a JSON type or the name of such a schema. Errors
// (4XX, 5XX) are described for every route and not listed here.
struct Operation {
  std::string_view method, pattern, id, summary, query, body, answers;
  std::string_view headers = {};
};
extern const std::span<const Operation> kOperations;

struct NamedSchema {
  std::string_view name, json;
};
// Those that every application has.
extern const std::span<const NamedSchema> kSchemas;

}  // namespace quintet::host
