#include "stage/infer.h"

namespace quintet::stage {

std::vector<ShardId> all_shards() {
  std::vector<ShardId> ids(kShardCount);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<ShardId>(i);
  return ids;
}

Infer::Infer(std::shared_ptr<const app::Spec> spec) : Infer(std::move(spec), all_shards()) {}

Infer::Infer(std::shared_ptr<const app::Spec> spec, const std::vector<ShardId>& shards)
    : fold_(spec, shards), score_(spec) {}

Expected<void> Infer::apply(const Admitted& admitted, Outcome& out) {
  TRY_DO(join(admitted, part_, out));
  Outcome* const row = &out;
  answer({&row, 1});
  return {};
}

Expected<void> Infer::join(const Admitted& admitted, Part& part, Outcome& out) {
  TRY_DO(fold(admitted, part));
  const feature::PartialRow* const parts[] = {&part.cells};
  score_.join(admitted, parts, out);
  return {};
}

Expected<void> Infer::fold(const Admitted& admitted) {
  return fold(admitted, part_);
}

Expected<void> Infer::fold(const Admitted& admitted, Part& part) {
  if (event::is_control(admitted.record.kind)) TRY_DO(score_.control(admitted.record));
  return fold_.apply(admitted, part);
}

void Infer::peek(const Admitted& admitted, Outcome& out) {
  part_.clear();
  fold_.peek(admitted, part_.cells);
  const feature::PartialRow* const parts[] = {&part_.cells};
  score_.score(admitted, parts, out);
}

}  // namespace quintet::stage
