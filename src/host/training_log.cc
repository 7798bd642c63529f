#include "host/training_log.h"

#include "host/base.h"
#include "host/vault_sealer.h"
#include "store/log_reader.h"

namespace quintet::host {

namespace {

constexpr std::size_t kReadBytes = std::size_t{4} << 20;

}  // namespace

TrainingLog TrainingLog::of(TrainRole& role, const std::string& data_directory) {
  TrainingLog log;
  for (AppVersion version = 1; auto spec = role.spec_of(version); ++version) {
    if (spec.get() == &role.spec()) log.spec = spec;
    log.versions.push_back(std::move(spec));
  }
  log.data_directory = data_directory;
  log.held = role.hold_log();
  return log;
}

Expected<Position> TrainingLog::fold(stage::Vault& vault, Position last,
                                     const std::atomic<bool>& called_off,
                                     stage::TrainingRows& rows) const {
  for (const TrainRole::KnownModel& one : known) {
    (void)rows.score().install(one.model, one.version, one.loaded);
  }
  VaultSealer sealer(vault);
  TRY(const auto source, store::open_log_reader(data_directory));
  TRY(const auto base, Base::find(*source));
  if (base != nullptr) {
    TRY_DO(base->into(rows.score()));
    TRY_DO(base->into({*source, vault, versions}, rows.infer().shards()));
  }
  const Position first = base == nullptr ? 1 : base->cut() + 1;
  stage::Admitted admitted;
  const auto add = [&](event::Record&& record, Epoch epoch,
                       const app::Spec& written) -> Expected<void> {
    stage::TrainingRows::make_asking(record);
    admitted.record = std::move(record);
    TRY_DO(stage::decode_record(written, *spec, epoch, sealer, admitted));
    return rows.add(admitted, written);
  };
  TRY_DO(read(*source, first, last, called_off, add));
  return first;
}

Expected<void> TrainingLog::read(stage::LogSource& source, Position first, Position last,
                                 const std::atomic<bool>& called_off, const Each& each) const {
  for (Position next = first; next <= last;) {
    TRY(const auto blocks, source.read_log(next, kReadBytes));
    if (blocks.empty()) return broken("the log ends before " + std::to_string(last));
    for (const event::BlockBytes& bytes : blocks) {
      if (called_off) return expired("the training was called off");
      TRY(event::DecodedBlock decoded, event::decode_block(bytes));
      for (event::Record& record : decoded.block.records) {
        if (record.position < next || record.position > last) continue;
        const AppVersion written = record.app_version;
        if (written == 0 || written > versions.size()) {
          return broken("record " + std::to_string(record.position) +
                        " names an application version that the log lacks");
        }
        TRY_DO(each(std::move(record), decoded.block.epoch, *versions[written - 1]));
      }
      next = bytes.last + 1;
    }
  }
  return {};
}

}  // namespace quintet::host
