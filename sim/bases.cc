#include "host/base.h"
#include "host/snapshot_seal.h"
#include "sim/logged.h"

namespace quintet::sim {

namespace {

// A log whose newest record is one that put a base in force, and that base.
class AtSeal final : public stage::LogSource {
 public:
  AtSeal(const Archive& archive, const Archive::Base& base) : base_(base) {
    auto blocks = archive.blocks();
    check(blocks.has_value(), "the oracle has read the log before");
    for (event::BlockBytes& block : *blocks) {
      if (block.first <= base.sealed) blocks_.push_back(std::move(block));
    }
  }
  Expected<stage::LogEnd> end() override {
    return stage::LogEnd{1, blocks_.back().last, event::block_hash(blocks_.back().bytes)};
  }
  Expected<std::vector<event::BlockBytes>> read_log(Position from, std::size_t) override {
    for (const event::BlockBytes& block : blocks_) {
      if (block.last >= from) return std::vector<event::BlockBytes>{block};
    }
    return std::vector<event::BlockBytes>();
  }
  Expected<stage::Snapshot> base_part(std::uint64_t number, std::string_view name) override {
    const auto part = base_.parts.find(name);
    if (number != base_.seal.base || part == base_.parts.end()) return not_found("no such part");
    return part->second;
  }

 private:
  const Archive::Base& base_;
  std::vector<event::BlockBytes> blocks_;
};

// What is wrong with the base; empty if nothing is.
Expected<void> judge_base(const Disk& disk, const Archive::Base& sealed,
                          const std::vector<Logged>& log, const Versions& versions) {
  std::set<std::string> erased;
  for (Position position = 1; position < sealed.sealed; ++position) {
    const event::Record& record = log[position - 1].record;
    if (record.kind != event::RecordKind::erase) continue;
    TRY(const auto body, stage::read_erase(record.plain));
    erased.insert(body.subject);
  }
  AtSeal source(disk.archive, sealed);
  TRY(const auto base, host::Base::find(source));
  check(base != nullptr, "the log has the seal record");
  if (base->version() == 0 || base->version() > versions.size()) {
    return broken("it is of an application version that the log lacks");
  }
  EveryKey vault(disk, erased);
  host::VaultSealer sealer(vault);
  const auto& spec = versions[base->version() - 1];
  stage::Ingest ingest(spec, base->version(), 0, sealer);
  ingest.keep_no_blocks();
  stage::Fold fold(spec, stage::all_shards());
  stage::Admitted admitted;
  stage::Part part;
  for (Position position = 1; position <= base->cut(); ++position) {
    admitted.record = log[position - 1].record;
    const app::Spec& written = *versions[admitted.record.app_version - 1];
    TRY_DO(stage::decode_record(written, *spec, log[position - 1].epoch, sealer, admitted));
    TRY_DO(ingest.replay(admitted, written));
    TRY_DO(fold.apply(admitted, part));
  }
  fold.compact(ingest.low_time());
  std::map<std::string, std::string> wanted;
  ByteWriter core(wanted["ingest"]);
  ingest.write_core(core);
  for (ShardId shard = 0; shard < kShardCount; ++shard) {
    wanted[host::shard_part(shard)] = fold.write(shard);
  }
  const host::Base::From from{source, vault, versions};
  for (const auto& [name, body] : wanted) {
    TRY(const auto found, base->part(from, name));
    if (found != body) return broken("its part " + name + " is not the fold of the log");
  }
  return {};
}

}  // namespace

void judge_bases(const Disk& disk, const std::vector<Logged>& log, const Versions& versions,
                 Ledger& ledger) {
  for (const Archive::Base& base : disk.archive.bases()) {
    const auto judged = judge_base(disk, base, log, versions);
    if (judged) continue;
    ledger.fault("the base of the seal record at position " + std::to_string(base.sealed) + ": " +
                 judged.error().message());
  }
}

}  // namespace quintet::sim
