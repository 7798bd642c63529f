// How a Place comes to life: versions, snapshots, the tail of the log, and a new application
// version if the file has changed.
#include "app/load.h"
#include "host/place_state.h"

namespace quintet::host {

namespace {

constexpr std::size_t kReadBytes = std::size_t{8} << 20;

}  // namespace

Expected<std::unique_ptr<Place>> Place::open(Parts parts, Settings settings) {
  auto state = std::make_unique<State>(parts, std::move(settings));
  TRY_DO(state->start());
  return std::unique_ptr<Place>(new Place(std::move(state)));
}

Expected<void> Place::State::start() {
  TRY(pseudonym_key, parts.vault.pseudonym_key());
  TRY(epoch, parts.store.open_epoch());
  TRY(const stage::LogEnd end, parts.store.end());
  if (end.last != kNoPosition) {
    TRY_DO(read_versions());
    TRY_DO(fold_log());
  }
  if (version == 0 || spec().digest != settings.spec->digest) TRY_DO(activate_new());
  TRY(durable, parts.store.low_mark());
  if (durable != ingest->last()) {
    return broken("the log ends at " + std::to_string(ingest->last()) + " but outcomes at " +
                  std::to_string(durable));
  }
  TRY_DO(fold_views());
  committer = std::make_unique<Committer>(
      Committer::Parts{parts.store, parts.loop, &parts.vault, parts.writer}, epoch);
  return {};
}

// Puts a version's stages in place of the present ones, empty, with all models they can use.
Expected<void> Place::State::put_in_force(AppVersion wanted_version) {
  version = wanted_version;
  const auto spec = versions[version - 1];
  ingest = std::make_unique<stage::Ingest>(spec, version, epoch, sealer);
  infer = std::make_unique<stage::Infer>(spec);
  views = std::make_unique<stage::Views>(spec);
  TRY(const auto models, parts.store.models(true));
  for (const stage::ModelVersion& model : models) {
    if (model.state != stage::ModelState::ready) continue;
    const auto wanted = std::find_if(spec->models.begin(), spec->models.end(),
                                     [&](const auto& m) { return m.name == model.model; });
    if (wanted == spec->models.end()) continue;
    auto loaded = learn::read_model({wanted->type == app::ModelType::linear ? "linear" : "xgboost",
                                     model.bytes, wanted->input_names});
    // One of an older form of the application is not usable under this one.
    (void)infer->score().install(model.model, model.version,
                                 loaded ? *std::move(loaded) : nullptr);
  }
  return {};
}

// Calls `each` for every record from `from` to the end of the log, then `after` for its block.
Expected<void> Place::State::each_record(
    Position from, const std::function<Expected<void>(event::Record&&, Epoch)>& each,
    const std::function<void(const event::BlockBytes&)>& after) {
  TRY(const stage::LogEnd end, parts.store.end());
  Position next = std::max(from, end.first);
  while (next <= end.last) {
    TRY(const auto blocks, parts.store.read_log(next, kReadBytes));
    if (blocks.empty()) return broken("the log ends before position " + std::to_string(end.last));
    for (const event::BlockBytes& bytes : blocks) {
      TRY(event::DecodedBlock decoded, event::decode_block(bytes.bytes));
      for (event::Record& record : decoded.block.records) {
        if (record.position < next) continue;
        TRY_DO(each(std::move(record), decoded.block.epoch));
      }
      next = bytes.last + 1;
      after(bytes);
    }
  }
  return {};
}

// Folds the log under the version in force.
Expected<void> Place::State::fold_log() {
  TRY(const stage::LogEnd end, parts.store.end());
  return each_record(
      end.first,
      [&](event::Record&& record, Epoch block_epoch) {
        return take(std::move(record), block_epoch);
      },
      [&](const event::BlockBytes& block) {
        ingest->continue_after(event::block_hash(block.bytes));
        if (settings.progress) settings.progress(block.last, end.last);
      });
}

Expected<void> Place::State::take(event::Record&& record, Epoch block_epoch) {
  admitted.record = std::move(record);
  const AppVersion written = admitted.record.app_version;
  if (written == 0 || written > versions.size()) {
    return broken("record " + std::to_string(admitted.record.position) +
                  " names an application version that the log lacks");
  }
  const app::Spec& written_spec = *versions[written - 1];
  TRY_DO(stage::decode_record(written_spec, spec(), block_epoch, sealer, admitted));
  TRY_DO(ingest->replay(admitted, written_spec));
  return infer->fold(admitted);
}

// The application records of the log: all versions, and which is in force at its end.
Expected<void> Place::State::read_versions() {
  versions.clear();
  stage::ApplicationBody active;
  TRY_DO(each_record(
      1,
      [&](event::Record&& record, Epoch) -> Expected<void> {
        if (record.kind == event::RecordKind::activate) {
          TRY(active, stage::read_application(record.plain));
        }
        if (record.kind == event::RecordKind::erase) {
          // Again, should a crash have come between the record and the key's end.
          TRY(const auto erased, stage::read_erase(record.plain));
          TRY_DO(parts.vault.destroy(erased.subject));
        }
        if (record.kind != event::RecordKind::application) return {};
        TRY(const auto body, stage::read_application(record.plain));
        const app::Loaded loaded = app::load(body.text);
        if (loaded.spec == nullptr) {
          return broken("application version " + std::to_string(body.version) +
                        " of the log is not understood by this build");
        }
        versions.push_back(loaded.spec);
        return {};
      },
      [](const event::BlockBytes&) {}));
  if (active.version == 0 || active.version > versions.size()) {
    return broken("the log has no application version in force");
  }
  return put_in_force(active.version);
}

// The given file becomes the next version: prepared, folded as if it had always been in force, then
// activated. One transaction.
Expected<void> Place::State::activate_new() {
  stage::ApplicationBody body;
  versions.push_back(settings.spec);
  body.version = static_cast<AppVersion>(versions.size());
  body.digest = settings.spec->digest;
  body.text = settings.spec->text;
  TRY_DO(put_in_force(body.version));
  TRY_DO(fold_log());
  append_control(event::RecordKind::application, stage::write_application(body));
  body.text.clear();
  append_control(event::RecordKind::activate, stage::write_application(body));
  return commit_now();
}

Expected<void> Place::State::commit_now() {
  close_block();
  stage::Commit commit = std::move(open.commit);
  open = {};
  TRY_DO(parts.vault.flush());
  return parts.store.commit(commit, epoch);
}

}  // namespace quintet::host
