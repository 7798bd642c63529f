// Reading views (S9): aggregates over results, by key and bucket.
#pragma once

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

inline constexpr std::size_t kViewPage = 10'000;  // most lines of one page

//   GET /v1/views           the application's views: keys, aggregates, size
//   GET /v1/views/{name}    ?from=&to= (begins of buckets) &limit=&after= &format=csv|json
//                           and KEY=VALUE for keys of `by`; an empty value asks for null
void add_view_routes(Router& router, Node& node);

}  // namespace quintet::host
