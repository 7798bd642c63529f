// The figures of a Place, its views and models as metrics: read when somebody asks for them.
#pragma once

#include "host/node.h"

namespace quintet::host {

// Dead letters are counted no further than this.
inline constexpr std::size_t kCountedLetters = 1000;

// Of a Place, or of the half of one; nothing while it is away, or where there is none.
using ReadFigures = std::function<std::optional<Place::Figures>()>;
using ReadInferFigures = std::function<std::optional<InferFigures>()>;
// What the roles that this process plays have to say, and the process itself. The node outlives the
// Metrics' last text().
void add_place_metrics(Node& node, ReadFigures read);
// Of who infers: its state and its predictions.
void add_infer_metrics(Node& node, ReadInferFigures read);
// What a door has to say.
void add_door_metrics(Node& node, std::function<std::size_t()> open_streams);

// A refused event, by its reason: the error's id or code.
void count_refusal(Node& node, const Error& why);

}  // namespace quintet::host
