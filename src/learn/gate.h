// The last question before a model serves: is it the model that was trained? Its digest must be the
// registry's, its inputs the application's, and it must give, bit for bit, the outputs that were
// written beside it when it was made (golden vectors). A file that passed read_model() on another
// machine or another build and scores differently there is refused here.
//
// Golden vectors are JSON; floats stand as their 32 bits, so that NaN and -0 are kept:
//
//   {"digest": "...", "features": ["amount"], "outputs": ["probability"],
//    "rows": [[1069547520]], "expected": [[1056964608]]}
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "learn/model.h"

namespace quintet::learn {

inline constexpr std::size_t kMaxGoldenRows = 64;

// The vectors of these rows (row-major, at most kMaxGoldenRows are taken, from the front) and of
// two more: one with every value missing, one with every value zero.
std::string golden_vectors(const Model& model, std::span<const float> rows);

struct Admission {
  ModelFile file;
  std::string_view digest;  // that of the registry; empty: not compared
  std::string_view golden;  // JSON as above; empty: not compared
};

// The model if it passes. Fails with `invalid` as read_model() does, with `broken` if the digest or
// an output differs.
Expected<std::shared_ptr<const Model>> admit_model(const Admission& admission);

}  // namespace quintet::learn
