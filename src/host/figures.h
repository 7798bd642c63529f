// The figures of a Place, its views and models as metrics: read when somebody asks for them.
#pragma once

#include "host/node.h"
#include "host/result_streams.h"

namespace quintet::host {

// Dead letters are counted no further than this.
inline constexpr std::size_t kCountedLetters = 1000;

// All that is given outlives the Metrics' last text().
void add_place_metrics(Node& node, const ResultStreams& streams);

// A refused event, by its reason: the error's id or code.
void count_refusal(Node& node, const Error& why);

}  // namespace quintet::host
