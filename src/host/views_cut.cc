#include "host/views_cut.h"

#include <algorithm>

#include "base/digest.h"
#include "host/snapshot_seal.h"
#include "host/vault_sealer.h"

namespace quintet::host {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;  // of one step

// Of what views without subjects are made of, and of them.
class FewKeys final : public stage::Vault {
 public:
  explicit FewKeys(const ViewsCut::Order& order) {
    keys_.emplace(base_subject(0), order.key);
    if (order.log_key) keys_.emplace(kLogKey, *order.log_key);
  }
  Expected<std::string> pseudonym_key() override { return not_found("there is none here"); }
  Expected<std::string> subject_key(std::string_view subject) override {
    return find_subject_key(subject);
  }
  Expected<std::string> find_subject_key(std::string_view subject) override {
    const auto found = keys_.find(subject);
    if (found != keys_.end()) return found->second;
    return not_found("views without subjects need no other key");
  }
  Expected<void> destroy(std::string_view) override { return invalid("nothing is destroyed here"); }
  Expected<std::vector<std::string>> destroyed() override { return std::vector<std::string>(); }

 private:
  std::map<std::string, std::string, std::less<>> keys_;
};

}  // namespace

bool holds_subjects(const Versions& versions, const std::string& event) {
  return std::any_of(versions.begin(), versions.end(), [&](const auto& spec) {
    const int type = spec->event_index(event);
    return type >= 0 && spec->events[static_cast<std::size_t>(type)].subject_field >= 0;
  });
}

ViewsCut::ViewsCut(Order order)
    : order_(std::move(order)),
      vault_(std::make_unique<FewKeys>(order_)),
      sealer_(std::make_unique<VaultSealer>(*vault_)),
      spec_(order_.versions[order_.version - 1]) {}

Expected<void> ViewsCut::begin() {
  views_ = std::make_unique<stage::Views>(spec_);
  outcomes_ = std::make_unique<stage::OutcomeReader>(*order_.store);
  head_ = {order_.seal.base, order_.seal.cut, order_.version, spec_->digest, kNoPosition, 0};
  last_ = order_.seal.cut;
  for (const Wanted& one : order_.wanted) last_ = std::max(last_, one.position);
  TRY(const auto snapshots, order_.store->snapshots(last_));
  for (const stage::Snapshot& part : snapshots) {
    if (part.name.starts_with("labels/") && part.position <= order_.seal.cut) {
      stale_.push_back(part.name);
    }
  }
  next_ = 1;
  if (order_.old == nullptr) return {};
  head_.erased = order_.old->erased();
  TRY_DO(order_.old->into({*order_.store, *vault_, order_.versions}, *views_));
  controls_ = order_.old->controls();
  next_ = order_.old->cut() + 1;
  return {};
}

Expected<bool> ViewsCut::step() {
  if (views_ == nullptr) TRY_DO(begin());
  TRY(const auto blocks, order_.store->read_log(next_, kReadBytes));
  if (blocks.empty()) return broken("the log ends before position " + std::to_string(last_));
  for (const event::BlockBytes& bytes : blocks) {
    TRY(event::DecodedBlock decoded, event::decode_block(bytes));
    for (event::Record& record : decoded.block.records) {
      if (record.position < next_) continue;
      if (record.position > last_) break;
      TRY_DO(fold(std::move(record), decoded.block.epoch));
    }
    next_ = bytes.last + 1;
    if (next_ > last_) break;
  }
  if (next_ <= last_) return true;
  if (met_ != order_.wanted.size()) return broken("a view stands where its fold did not come");
  return false;
}

Expected<void> ViewsCut::fold(event::Record&& record, Epoch epoch) {
  const Position position = record.position;
  TRY(const auto written, version_of(order_.versions, record));
  if (position <= order_.seal.cut) {
    if (outlives_a_cut(record.kind)) controls_.push_back(record);
    if (record.kind == event::RecordKind::erase) head_.erased = position;
  }
  if (!event::is_control(record.kind)) {
    const std::string& name = written->events[record.event_type].name;
    const int type = spec_->event_index(name);
    if (type >= 0 && views_->wants(type)) {
      TRY(const stage::OutcomeView* stored, outcomes_->at(position));
      if (stored != nullptr) {
        stage::OutcomeView outcome = *stored;
        const bool of_subject =
            outcome.status == stage::OutcomeStatus::result && holds_subjects(order_.versions, name);
        if (of_subject) outcome.status = stage::OutcomeStatus::erased;
        admitted_.record = std::move(record);
        TRY_DO(stage::decode_record(*written, *spec_, epoch, *sealer_, admitted_));
        TRY_DO(views_->fold_stored(admitted_, outcome, order_.versions));
      }
    }
  }
  if (position == order_.seal.cut) write_base();
  return compare(position);
}

void ViewsCut::write_base() {
  base_.emplace(head_, order_.key);
  base_->add_controls(controls_);
  for (std::size_t i = 0; i < spec_->views.size(); ++i) {
    stage::ViewPiece piece{views_->size(i).given_up ? 0 : views_->depth(i), 0};
    for (; piece.index >> piece.depth == 0; ++piece.index) {
      base_->add(view_part(spec_->views[i].name, piece), views_->write(i, piece));
    }
  }
  (void)base_->finish();
}

Expected<void> ViewsCut::compare(Position position) {
  for (const Wanted& one : order_.wanted) {
    if (one.position != position) continue;
    ++met_;
    if (views_->size(one.view).given_up) continue;
    if (sha256_hex(views_->write(one.view, one.piece)) == one.sha256) continue;
    return broken("view " + spec_->views[one.view].name + " at position " +
                  std::to_string(position) +
                  " is not the fold of log and results up to there; nothing is removed")
        .with_id("base_differs");
  }
  return {};
}

}  // namespace quintet::host
