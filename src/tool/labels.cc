#include "tool/labels.h"

#include "host/vault_sealer.h"
#include "stage/render_labels.h"

namespace quintet::tool {

namespace {

class Search {
 public:
  Search(StoredLog& log, Position position)
      : log_(log), spec_(log.spec()), position_(position), sealer_(log.vault()) {}

  Expected<void> take(event::Record&& record, Epoch epoch, const app::Spec* written) {
    if (written == nullptr || record.position < position_) return {};
    if (record.position == position_) {
      event_.record = std::move(record);
      TRY_DO(stage::decode_record(*written, *spec_, epoch, sealer_, event_));
      if (event_.event.type == nullptr) return {};
      labels_ = spec_->labels_of(event_.event.type->index);
      reports_.resize(labels_.size());
      return take_riding(*written);
    }
    for (const event::LabelTarget& target : record.targets) {
      if (target.position != position_ || target.label >= written->labels.size()) continue;
      report_.record = record;
      TRY_DO(stage::decode_record(*written, *spec_, epoch, sealer_, report_));
      take_report(written->labels[target.label].name);
    }
    return {};
  }

  std::string json(Micros now) const {
    std::string json;
    if (!labels_.empty()) stage::append_labels(json, *spec_, event_, reports_, now);
    return json;
  }

 private:
  void take_report(const std::string& name) {
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (spec_->labels[static_cast<std::size_t>(labels_[i])].name != name) continue;
      const auto value = stage::reported(*spec_, labels_[i], report_, arena_);
      const event::Record& record = report_.record;
      if (value) reports_[i] = {record.position, record.time, arena_.copy(*value)};
    }
  }

  // What came before its event: its time stands in its own record, if that is still there.
  Expected<void> take_riding(const app::Spec& written) {
    for (const event::AttachedLabel& riding : event_.record.attached) {
      const std::string& name = written.labels[riding.label].name;
      Micros time = kNoTime;
      const auto blocks = log_.store().read_log(riding.report, 1);
      if (blocks && !blocks->empty()) {
        TRY(const event::DecodedBlock decoded, event::decode_block(blocks->front()));
        time = decoded.block.records[riding.report - decoded.block.first].time;
      }
      for (std::size_t i = 0; i < labels_.size(); ++i) {
        const app::Label& label = spec_->labels[static_cast<std::size_t>(labels_[i])];
        if (label.name != name || event_.labels[i].is_null()) continue;
        reports_[i] = {riding.report, time, event_.labels[i]};
      }
    }
    return {};
  }

  StoredLog& log_;
  const std::shared_ptr<const app::Spec> spec_;
  const Position position_;
  host::VaultSealer sealer_;
  stage::Admitted event_, report_;
  std::vector<int> labels_;
  std::vector<std::optional<stage::LabelReport>> reports_;
  event::Arena arena_;
};

}  // namespace

Expected<std::string> labels_of(StoredLog& log, Position position, Micros now) {
  Search search(log, position);
  TRY_DO(log.records([&](event::Record&& record, Epoch epoch, const app::Spec* written) {
    return search.take(std::move(record), epoch, written);
  }));
  return search.json(now);
}

}  // namespace quintet::tool
