// The model card: what a model version is, what it was made from and how good it is, for people
// (Markdown) and programs (JSON). Both forms are deterministic: the same card gives the same bytes.
// A card holds no date and no host name, so equal trainings have equal cards.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "learn/metrics.h"

namespace quintet::learn {

// Where the training rows came from.
struct Lineage {
  std::int64_t log_from = 0;  // first and last position of the log that was folded
  std::int64_t log_to = 0;
  std::int64_t as_of = 0;   // labels as known then, microseconds since 1970 UTC
  std::string application;  // digest of the application version
  // Column name and digest of its definition, in the order of the inputs.
  std::vector<std::pair<std::string, std::string>> columns;
  std::string rows;     // rows_digest()
  std::string library;  // "xgboost 1.7.4", "quintet linear 1"
};

struct CardMetrics {
  std::string name;
  double value = 0;
};

struct Card {
  std::string model;         // its name in the application
  std::int64_t version = 0;  // 1, 2, 3, ... within the model
  std::string digest;        // Model::digest()
  std::string type;          // "xgboost", "linear"
  std::string objective;
  std::string label;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<CardMetrics> metrics;         // on the holdout, in the order asked for
  std::vector<CalibrationBin> calibration;  // binary models only
  std::uint64_t rows_train = 0;
  std::uint64_t rows_holdout = 0;
  std::map<std::string, std::string> parameters;  // as given to the library
  std::uint64_t seed = 0;
  Lineage lineage;
};

std::string to_json(const Card& card);
std::string to_markdown(const Card& card);

}  // namespace quintet::learn
