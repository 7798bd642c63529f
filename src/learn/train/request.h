// What to train, as the host writes it into DIR/request.json beside DIR/rows.bin:
//
//   {"type": "xgboost",                 or "linear"
//    "objective": "binary:logistic",    also reg:squarederror, reg:absoluteerror, reg:logistic,
//                                       count:poisson, multi:softprob; linear: the first two
//    "model": "score", "version": 3, "label": "fraud",
//    "features": ["amount", ...],       as in rows.bin, in its order
//    "rounds": 100, "segment_rounds": 25, "seed": 7, "nthread": 1, "num_class": 0,
//    "parameters": {"max_depth": 5, "eta": 0.1},
//    "metrics": ["auc", "average_precision"],
//    "lineage": {"log_from": 1, "log_to": 9000, "as_of": 1600000000000000, "application": "...",
//                "columns": {"amount": "digest", ...}}}
//
// `type`, `objective` and `features` must be there; everything else has the default shown or none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "learn/card.h"
#include "learn/train/booster.h"

namespace quintet::learn {

struct Request {
  std::string type;
  std::string objective;
  std::string model;
  std::int64_t version = 0;
  std::string label;
  std::vector<std::string> features;
  int rounds = 100;
  int segment_rounds = 25;
  std::uint64_t seed = 0;
  int nthread = 1;
  int num_class = 0;  // 0: one more than the greatest label
  Parameters parameters;
  std::vector<std::string> metrics;  // never empty: default_metrics() if none are named
  Lineage lineage;                   // without rows and library
};

// Fails with `invalid`, naming the key; an unknown key or parameter is refused, not ignored.
Expected<Request> read_request(std::string_view json);

}  // namespace quintet::learn
