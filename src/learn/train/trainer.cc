#include "learn/train/trainer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "base/hash.h"
#include "learn/model.h"

namespace quintet::learn {
namespace {

// "[3]\ttrain-logloss:0.25000000000000000"
Progress progress_of(int round, std::string_view line) {
  Progress progress;
  progress.round = round;
  const std::size_t dash = line.find('-');
  const std::size_t colon = line.rfind(':');
  if (dash == std::string_view::npos || colon == std::string_view::npos || colon < dash) {
    return progress;
  }
  progress.metric = line.substr(dash + 1, colon - dash - 1);
  std::from_chars(line.data() + colon + 1, line.data() + line.size(), progress.value);
  return progress;
}

Parameters booster_parameters(const Request& request, std::uint32_t segment) {
  Parameters all = {{"objective", request.objective},
                    {"nthread", std::to_string(request.nthread)},
                    {"seed", std::to_string(segment_seed(request.seed, segment))},
                    {"tree_method", "hist"},
                    {"verbosity", "0"},
                    {"validate_parameters", "1"}};
  if (request.num_class > 0) all.emplace_back("num_class", std::to_string(request.num_class));
  all.insert(all.end(), request.parameters.begin(), request.parameters.end());
  return all;
}

Expected<void> check_labels(const Rows& train, Request& request) {
  const bool multi = request.objective.starts_with("multi:");
  const bool binary = request.objective == "binary:logistic";
  const auto [least, most] = std::minmax_element(train.labels.begin(), train.labels.end());
  for (const float label : train.labels) {
    if (binary && label != 0 && label != 1) return invalid("a label is neither 0 nor 1");
    if (multi && (label < 0 || label >= kMaxClasses || label != std::floor(label))) {
      return invalid("a label is not the number of a class, counted from 0");
    }
    if (request.objective == "reg:logistic" && (label < 0 || label > 1)) {
      return invalid("a label is outside [0, 1]");
    }
    if (request.objective == "count:poisson" && label < 0) return invalid("a label is below 0");
  }
  if ((multi || binary) && *least == *most) {
    return invalid("all " + std::to_string(train.size()) + " training rows have the label " +
                   std::to_string(static_cast<int>(*least)) + ": there is nothing to tell apart");
  }
  if (!multi) return {};
  const int classes = static_cast<int>(*most) + 1;
  if (request.num_class == 0) request.num_class = classes;
  if (request.num_class < classes) return invalid("a label is not below num_class");
  return {};
}

}  // namespace

std::uint32_t segment_seed(std::uint64_t seed, std::uint32_t segment) {
  std::string bytes;
  ByteWriter to(bytes);
  to.u64(seed);
  to.u64(segment);
  return static_cast<std::uint32_t>(hash64(bytes) >> 33);
}

std::uint32_t segment_count(const Request& request) {
  return static_cast<std::uint32_t>((request.rounds + request.segment_rounds - 1) /
                                    request.segment_rounds);
}

Expected<void> check_training(const Rows& train, Request& request) {
  if (train.features != request.features) {
    return invalid("the training rows have other features than the request");
  }
  if (train.size() == 0) return invalid("there is no training row");
  return check_labels(train, request);
}

Expected<std::string> grow_segment(const Request& request, const Rows& train, std::uint32_t segment,
                                   std::string_view before, OnProgress progress) {
  TRY(const Matrix matrix,
      Matrix::make({train.values, train.features.size(), train.labels, train.weights, {}}));
  const Matrix* cached[] = {&matrix};
  TRY(Booster booster, Booster::make(cached, {}));
  if (segment > 0) TRY_DO(booster.load(before));
  TRY_DO(booster.set(booster_parameters(request, segment)));
  TRY_DO(booster.set_features(request.features));
  const int first = static_cast<int>(segment) * request.segment_rounds;
  const int last = std::min(first + request.segment_rounds, request.rounds);
  for (int round = first; round < last; ++round) {
    TRY_DO(booster.update(round, matrix));
    TRY(const std::string line, booster.evaluate(round, matrix, "train"));
    if (progress != nullptr) progress(progress_of(round, line));
  }
  return booster.save("ubj");
}

}  // namespace quintet::learn
