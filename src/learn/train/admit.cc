#include "learn/train/admit.h"

#include <sys/resource.h>

#include "learn/document.h"
#include "learn/gate.h"
#include "learn/train/files.h"

namespace quintet::learn {
namespace {

constexpr rlim_t kMostMemory = rlim_t{4} << 30;
constexpr rlim_t kMostSeconds = 30;
constexpr std::size_t kRows = 16;

void limit(int resource, rlim_t most) {
  const rlimit wanted{most, most};
  (void)::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted);
}

// Values of many magnitudes and both signs, the same for every file: no rows came with it.
std::vector<float> plain_rows(std::size_t width) {
  std::vector<float> rows;
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < kRows * width; ++i) {
    state = state * 1'664'525U + 1'013'904'223U;
    const float size = static_cast<float>(1U << (state >> 28));
    rows.push_back((static_cast<float>((state >> 8) & 0xFFFF) / 32'768.0f - 1.0f) * size);
  }
  return rows;
}

}  // namespace

Expected<void> admit_file(const std::string& directory) {
  limit(RLIMIT_AS, kMostMemory);
  limit(RLIMIT_CPU, kMostSeconds);
  limit(RLIMIT_CORE, 0);
  TRY(const std::string request, read_file(directory + "/request.json"));
  TRY(const Value document, read_json(request, JsonFloats::float64));
  const Place root(document);
  TRY(const Place type, root.member("type"));
  TRY(const std::string_view type_text, type.text());
  TRY(const Place list, root.member("features"));
  TRY(const auto names, list.list());
  std::vector<std::string> features;
  for (const Place& name : names) {
    TRY(const std::string_view text, name.text());
    features.emplace_back(text);
  }
  TRY(const std::string bytes, read_file(directory + "/model"));
  TRY(const auto model, read_model({type_text, bytes, features}));
  const auto rows = plain_rows(model->n_features());
  return write_file(directory + "/golden.json", golden_vectors(*model, rows));
}

}  // namespace quintet::learn
