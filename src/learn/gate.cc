#include "learn/gate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/json_out.h"
#include "base/text.h"
#include "learn/document.h"

namespace quintet::learn {
namespace {

void add_bits(JsonWriter& json, std::string_view key, std::span<const float> values,
              std::size_t width) {
  json.key(key).begin_array();
  for (std::size_t i = 0; i < values.size(); i += width) {
    json.begin_array();
    for (const float x : values.subspan(i, width)) json.uint64(std::bit_cast<std::uint32_t>(x));
    json.end_array();
  }
  json.end_array();
}

void add_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) json.text(name);
  json.end_array();
}

// A list of lists of bits, each `width` long.
Expected<std::vector<float>> read_bits(const Place& root, std::string_view key, std::size_t width) {
  TRY(const Place place, root.member(key));
  TRY(const auto lists, place.list());
  if (lists.size() > kMaxGoldenRows + 2) return place.wrong("has too many rows");
  std::vector<float> values;
  for (const Place& list : lists) {
    TRY(const auto numbers, list.numbers());
    if (numbers.size() != width) return list.wrong("has not one number a name");
    for (const double number : numbers) {
      if (!(number >= 0 && number <= 4294967295.0)) return list.wrong("holds no 32 bits");
      values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(number)));
    }
  }
  return values;
}

// Two NaN are the same, whatever their bits.
bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

Expected<void> check_golden(const Model& model, std::string_view golden) {
  TRY(const Value document, read_json(golden, JsonFloats::float64));
  const Place root(document);
  TRY(const Place digest, root.member("digest"));
  TRY(const std::string_view its, digest.text());
  if (its != model.digest()) return broken("the golden vectors are those of another model");
  TRY(const auto rows, read_bits(root, "rows", model.n_features()));
  TRY(const auto expected, read_bits(root, "expected", model.n_outputs()));
  const std::size_t n = rows.size() / model.n_features();
  if (n == 0 || expected.size() != n * model.n_outputs()) {
    return invalid("the golden vectors have not one answer a row");
  }
  std::vector<float> got(expected.size());
  model.score_rows(rows, got);
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (same(got[i], expected[i])) continue;
    return broken("the model does not give its golden answer in row " +
                  std::to_string(i / model.n_outputs() + 1) + ", output " +
                  model.outputs()[i % model.n_outputs()]);
  }
  return {};
}

}  // namespace

std::string golden_vectors(const Model& model, std::span<const float> rows) {
  const std::size_t width = model.n_features();
  const std::size_t taken = std::min(rows.size() / width, kMaxGoldenRows);
  std::vector<float> values(rows.begin(),
                            rows.begin() + static_cast<std::ptrdiff_t>(taken * width));
  values.insert(values.end(), width, std::numeric_limits<float>::quiet_NaN());
  values.insert(values.end(), width, 0.0f);
  std::vector<float> expected(values.size() / width * model.n_outputs());
  model.score_rows(values, expected);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("digest", model.digest());
  add_names(json, "features", model.features());
  add_names(json, "outputs", model.outputs());
  add_bits(json, "rows", values, width);
  add_bits(json, "expected", expected, model.n_outputs());
  json.end_object();
  return out + "\n";
}

Expected<std::shared_ptr<const Model>> admit_model(const Admission& admission) {
  TRY(std::shared_ptr<const Model> model, read_model(admission.file));
  if (!admission.digest.empty() && admission.digest != model->digest()) {
    return broken("the model's digest is " + model->digest() + ", not " +
                  shown(admission.digest, 64));
  }
  if (!admission.golden.empty()) TRY_DO(check_golden(*model, admission.golden));
  return model;
}

}  // namespace quintet::learn
