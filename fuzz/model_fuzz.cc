// Bytes of any kind as a model file: refused, or a model that scores any row.
// rooms: learn
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "learn/gate.h"

using namespace quintet::learn;

namespace {

void try_model(std::string_view type, std::string_view bytes) {
  const auto model = read_model({type, bytes, {}});
  if (!model) {
    if (model.error().message().empty()) std::abort();
    return;
  }
  const float kValues[] = {std::numeric_limits<float>::quiet_NaN(), 0, -1, 0.5f, 1e30f};
  const std::size_t width = (*model)->n_features();
  const std::size_t n_outputs = (*model)->n_outputs();
  std::vector<float> rows(5 * width);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = kValues[(i + i / width) % 5];
  std::vector<float> together(5 * n_outputs);
  (*model)->score_rows(rows, together);
  std::vector<float> singly(n_outputs);
  for (std::size_t i = 0; i < 5; ++i) {
    (*model)->score(std::span(rows).subspan(i * width, width), singly);
    for (std::size_t k = 0; k < n_outputs; ++k) {
      const float other = together[i * n_outputs + k];
      if (singly[k] != other && !(std::isnan(singly[k]) && std::isnan(other))) std::abort();
    }
  }
  if (!admit_model({{type, bytes, {}}, (*model)->digest(), golden_vectors(**model, rows)})) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_model("xgboost", bytes);
  try_model("linear", bytes);
  return 0;
}
