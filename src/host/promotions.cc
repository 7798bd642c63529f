#include "host/promotions.h"

#include <algorithm>

#include "host/control_chain.h"

namespace quintet::host {

namespace {

constexpr std::string_view kRollback = "rolled back from ";

}  // namespace

Expected<std::vector<PastPromotion>> promotions_of(stage::LogSource& source,
                                                   const std::string& model) {
  std::vector<PastPromotion> past;
  TRY_DO(each_control_back(source, kNoPosition, [&](event::Record&& record) -> Expected<bool> {
    if (record.kind != event::RecordKind::promote) return true;
    TRY(stage::Promotion promotion, stage::read_promotion(record.plain));
    if (promotion.model == model) past.push_back({record.position, std::move(promotion)});
    return true;
  }));
  std::reverse(past.begin(), past.end());
  return past;
}

Expected<stage::Promotion> rollback_of(const std::vector<PastPromotion>& past) {
  std::vector<const stage::Promotion*> standing;
  for (const PastPromotion& one : past) {
    const bool undoes = one.promotion.reason.starts_with(kRollback);
    if (undoes && !standing.empty()) {
      standing.pop_back();
    } else if (!undoes) {
      standing.push_back(&one.promotion);
    }
  }
  if (standing.empty() || standing.back()->version == 0) {
    return conflict("no version of the model is in force, so there is nothing to roll back");
  }
  stage::Promotion back;
  back.model = standing.back()->model;
  back.reason = std::string(kRollback) + std::to_string(standing.back()->version);
  if (standing.size() > 1) back.version = standing[standing.size() - 2]->version;
  return back;
}

}  // namespace quintet::host
