// What is said of a finished model: its figures on the holdout, those of the plainest guess, its
// card.
#pragma once

#include <string>
#include <vector>

#include "learn/card.h"
#include "learn/model.h"
#include "learn/rows.h"
#include "learn/train/request.h"

namespace quintet::learn {

struct Judgement {
  std::vector<CardMetrics> metrics;  // in the request's order; empty without a holdout
  // The same figures for a model that always answers the training rows' share of positives, mean
  // or most frequent class: what a first version must beat (DESIGN 6.8).
  std::vector<CardMetrics> baseline;
  std::vector<CalibrationBin> calibration;
  std::uint64_t rows_train = 0;
  std::uint64_t rows_holdout = 0;
  std::vector<std::string> unmeasured;  // metrics the holdout did not allow, each with its reason
};

// A metric that this holdout does not allow (auc with one class) is left out and named.
Expected<Judgement> judge(const Model& model, const Request& request, const Rows& train,
                          const Rows& holdout);

Card make_card(const Model& model, const Request& request, const Judgement& judgement,
               const std::string& rows_digest);
std::string metrics_json(const Card& card, const Judgement& judgement);
// The program's last line on stdout.
std::string done_line(const Card& card);

}  // namespace quintet::learn
