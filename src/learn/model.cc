#include "learn/model.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/text.h"
#include "learn/document.h"
#include "learn/forest.h"
#include "learn/linear.h"
#include "learn/trees.h"

namespace quintet::learn {
namespace {

bool is_printable(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

Expected<void> check_names(std::span<const std::string> names) {
  std::vector<std::string_view> sorted(names.begin(), names.end());
  for (const std::string_view name : sorted) {
    if (name.empty() || name.size() > 256) return invalid("a feature's name is empty or too long");
    if (!is_printable(name)) return invalid("a feature's name is not printable UTF-8");
  }
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) return invalid("the feature " + shown(*twice) + " comes twice");
  return {};
}

// `names`: as the file has them, or empty. Afterwards `count` names in the model's order.
Expected<void> settle_names(std::span<const std::string> wanted, std::size_t count,
                            std::vector<std::string>& names) {
  if (names.empty()) {
    names.assign(wanted.begin(), wanted.end());
    for (std::size_t i = names.size(); wanted.empty() && i < count; ++i) {
      names.push_back("f" + std::to_string(i));
    }
  }
  if (names.size() != count) {
    return invalid("the model takes " + std::to_string(count) +
                   " features, the application gives " + std::to_string(names.size()));
  }
  TRY_DO(check_names(names));
  if (wanted.empty()) return {};
  std::vector<std::string_view> ours(names.begin(), names.end());
  std::vector<std::string_view> theirs(wanted.begin(), wanted.end());
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  const auto lacks = [](const auto& from, const auto& what) -> std::string {
    for (const std::string_view name : what) {
      if (!std::binary_search(from.begin(), from.end(), name)) return std::string(name);
    }
    return "";
  };
  if (const std::string name = lacks(theirs, ours); !name.empty()) {
    return invalid("the model wants the feature " + shown(name) +
                   ", which the application does not give");
  }
  if (const std::string name = lacks(ours, theirs); !name.empty()) {
    return invalid("the application gives the feature " + shown(name) +
                   ", which the model does not know");
  }
  if (ours.size() != theirs.size()) return invalid("the application gives a feature twice");
  return {};
}

Expected<std::shared_ptr<const Model>> read_forest(const ModelFile& file) {
  const std::size_t first = file.bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || file.bytes[first] != '{') {
    return invalid("the model file is neither JSON nor UBJ");
  }
  // JSON goes on with space, a quote or a brace; UBJ with the type of a length.
  const std::size_t second = file.bytes.find_first_not_of(" \t\r\n", first + 1);
  const char next = second == std::string_view::npos ? '\0' : file.bytes[second];
  const bool json = next == '"' || next == '}';
  auto document = json ? read_json(file.bytes, JsonFloats::float32, xgboost_ignored_keys())
                       : read_ubj(file.bytes, xgboost_ignored_keys());
  if (!document) return std::move(document).error();
  TRY(Trees trees, read_xgboost(*document));
  document = Value{};
  TRY_DO(settle_names(file.features, trees.n_features, trees.features));
  return std::shared_ptr<const Model>(Forest::make(std::move(trees)));
}

Expected<std::shared_ptr<const Model>> read_linear_model(const ModelFile& file) {
  TRY(LinearParts parts, read_linear(file.bytes));
  std::vector<std::string> names;
  for (const LinearInput& input : parts.inputs) names.push_back(input.name);
  TRY_DO(settle_names(file.features, parts.inputs.size(), names));
  return std::shared_ptr<const Model>(Linear::make(std::move(parts)));
}

// A model whose file has its features in another order than the row. The digest stays the file's:
// it is the same model.
class Reordered final : public Model {
 public:
  Reordered(std::shared_ptr<const Model> inner, std::span<const std::string> names)
      : Model({inner->type(),
               inner->objective(),
               {names.begin(), names.end()},
               inner->outputs(),
               inner->digest()}),
        inner_(std::move(inner)) {
    for (const std::string& name : inner_->features()) {
      const auto at = std::find(names.begin(), names.end(), name);
      from_.push_back(static_cast<std::size_t>(at - names.begin()));
    }
  }

 private:
  void score_one(const float* row, float* out) const override { score_many(row, 1, out); }
  void score_many(const float* rows, std::size_t n, float* out) const override {
    std::array<float, kMaxFeatures> turned;
    const std::size_t width = from_.size();
    const std::size_t most = turned.size() / width;
    for (std::size_t done = 0; done < n; done += std::min(most, n - done)) {
      const std::size_t count = std::min(most, n - done);
      for (std::size_t i = 0; i < count * width; ++i) {
        turned[i] = rows[(done + i / width) * width + from_[i % width]];
      }
      inner_->score_rows({turned.data(), count * width},
                         {out + done * n_outputs(), count * n_outputs()});
    }
  }

  std::shared_ptr<const Model> inner_;
  std::vector<std::size_t> from_;  // by the inner model's input: where the row has it
};

Expected<std::shared_ptr<const Model>> read_any(const ModelFile& file) {
  if (file.bytes.size() > kMaxModelBytes) return exhausted("the model file exceeds 256 MiB");
  if (file.type == "xgboost") return read_forest(file);
  if (file.type == "linear") return read_linear_model(file);
  return invalid("models of type " + shown(file.type) + " cannot be read from a file");
}

}  // namespace

void Model::score(std::span<const float> row, std::span<float> out) const {
  check(row.size() == n_features() && out.size() >= n_outputs(), "a row of the wrong size");
  score_one(row.data(), out.data());
}

void Model::score_rows(std::span<const float> rows, std::span<float> out) const {
  const std::size_t n = rows.size() / n_features();
  check(rows.size() == n * n_features() && out.size() >= n * n_outputs(), "rows of the wrong size");
  score_many(rows.data(), n, out.data());
}

void Model::score_many(const float* rows, std::size_t n, float* out) const {
  for (std::size_t i = 0; i < n; ++i) score_one(rows + i * n_features(), out + i * n_outputs());
}

Expected<std::shared_ptr<const Model>> read_model(const ModelFile& file) {
  TRY(std::shared_ptr<const Model> model, read_any(file));
  const auto& names = file.features;
  if (names.empty() || std::equal(names.begin(), names.end(), model->features().begin())) {
    return model;
  }
  return std::shared_ptr<const Model>(std::make_shared<Reordered>(std::move(model), names));
}

}  // namespace quintet::learn
