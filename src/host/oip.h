// The Open Inference Protocol v2 over HTTP: JSON and the binary tensor extension, for whatever
// models a Predictor knows. A prediction runs inline, on the loop that read the request, with no
// thread hop; it is not recorded.
//
// A model is seen as one input tensor "input", FP32 [-1, number of columns], and its outputs as
// FP32 [-1, width] each. A request may instead give each column as an input of its own, by name,
// of shape [n, 1] or [n]. Other number types are converted to float32; null in JSON and NaN in
// binary mean a missing value; infinity is refused.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "host/router.h"

namespace quintet::host {

struct OipOutput {
  std::string name;       // "score", "verdict.probability"
  std::size_t width = 1;  // values in a row
};

struct OipSignature {
  std::string name;
  std::string version;               // "3"
  std::string platform;              // "quintet_forest"
  std::vector<std::string> columns;  // in the model's order, none twice, none named "input"
  std::vector<OipOutput> outputs;    // at least one
};

// Rows one after another.
struct RowMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<float> values;  // rows * columns; NaN is a missing value
};

// One version of a model, in memory. The door keeps it for one request at most.
class ServedModel {
 public:
  virtual ~ServedModel() = default;
  virtual const OipSignature& signature() const = 0;
  // Fills `out` with rows * (sum of the outputs' widths) values, row by row, each row's outputs in
  // the signature's order. On the loop's thread.
  virtual Expected<void> predict(const RowMatrix& in, std::vector<float>& out) const = 0;
};

// What the host serves now. On the loop's thread.
class Predictor {
 public:
  virtual ~Predictor() = default;
  // Whether all models that should answer can; until then the server says it is not ready.
  virtual bool ready() const = 0;
  // Each model's version in force, in order of name.
  virtual std::vector<std::shared_ptr<const ServedModel>> models() const = 0;
  // Every version of the model that can be asked for, oldest first; empty if there is no such
  // model.
  virtual std::vector<std::string> versions(std::string_view name) const = 0;
  // With an empty version: the one in force. not_found, or unavailable while it is being loaded.
  virtual Expected<std::shared_ptr<const ServedModel>> find(std::string_view name,
                                                            std::string_view version) const = 0;
};

// Adds the routes under /v2 (scope read; the health routes are open). The Predictor outlives the
// Router.
void add_oip_routes(Router& router, Predictor& predictor);

// In one request [400].
inline constexpr std::size_t kMaxOipRows = 16 * 1024;
inline constexpr std::size_t kMaxOipValues = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxOipTensors = 4096;

}  // namespace quintet::host
