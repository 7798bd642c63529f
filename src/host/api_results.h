// Reading what was decided: results by id, by position and in pages; features as they would be now.
#pragma once

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

inline constexpr std::size_t kPageLimit = 1000;  // most results of one page

//   GET  /v1/results/{id}     [?event=NAME]; {id} may be "@POSITION"
//   GET  /v1/results          ?from=&limit=&event=&decision=NAME:VALUE [&format=ndjson]
//                             [&labels=now|TIME]: with labels, as they are seen from then (S5.3)
void add_result_routes(Router& router, Node& node);

//   GET  /v1/features/{event}  ?FIELD=VALUE...: the row of an event with these fields, as it would
//                             be now; fields that are not given are null. Quintet-Position is the
//                             last position that it knows. Stores nothing
//   POST /v1/features         a row for the event in the body, as it would be now; stores nothing
void add_feature_routes(Router& router, Node& node);

// ?from=&limit=&event=&decision=NAME:VALUE; `also` are parameters that others read.
Expected<Answers::Query> results_query(const ResultsRole& place, const HttpRequest& request,
                                       std::initializer_list<std::string_view> also);

}  // namespace quintet::host
