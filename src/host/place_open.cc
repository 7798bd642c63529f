// How a Place comes to life: versions, snapshots, the tail of the log, and a new application
// version if the file has changed.
#include "app/diff.h"
#include "host/place_state.h"
#include "host/promotions.h"
#include "host/registered_model.h"

namespace quintet::host {

Expected<std::unique_ptr<Place>> Place::open(Parts parts, Settings settings) {
  auto state = std::make_unique<State>(parts, std::move(settings));
  TRY_DO(state->start());
  return std::unique_ptr<Place>(new Place(std::move(state)));
}

Expected<void> Place::State::start() {
  const Micros begin = parts.clock.steady();
  TRY(const stage::LogEnd end, parts.store.end());
  TRY_DO(take_pseudonym_key(end.last));
  TRY(epoch, parts.store.open_epoch());
  TRY(durable, durable_now());
  answers.reach(durable);
  if (end.last != kNoPosition) {
    TRY_DO(find_base());
    TRY(const StoredParts opened,
        open_stored_parts(
            parts.store, parts.vault, durable,
            [this](const std::string& what, const std::string& why) { ignore(what, why); }));
    TRY_DO(read_versions(opened));
    // Apart, what lies before an erase may lack its outcomes: until then the base before it counts.
    if (!erasing) TRY_DO(destroy_old_keys());
    if (spec().app != settings.spec->app) {
      return conflict("this is the log of the application `" + spec().app + "`, the file is `" +
                      settings.spec->app + "`: give each a directory of its own")
          .with_id("other_application");
    }
    // Under another file everything is folded anew: see activate_new().
    if (spec().digest == settings.spec->digest) {
      TRY_DO(put_in_force(version));
      TRY(const Position after, restore(opened));
      TRY_DO(fold_log(after));
    }
  }
  if (version == 0 || spec().digest != settings.spec->digest) TRY_DO(activate_new());
  TRY_DO(bring_models());
  TRY(durable, durable_now());
  answers.reach(durable);
  if (durable != ingest->last()) {
    return broken("the log ends at " + std::to_string(ingest->last()) + " but outcomes at " +
                  std::to_string(durable));
  }
  TRY_DO(fold_views());
  committer = std::make_unique<Committer>(
      Committer::Parts{parts.store, parts.loop, &parts.vault, parts.writer}, epoch);
  taker.write_with(*committer);
  TRY_DO(name_cold());
  if (next_base > 1) post([this] { clean_up(); });
  started.newest = ingest->last_admitted();
  if (infer != nullptr) size.measure_all(*infer);
  started.took = parts.clock.steady() - begin;
  return {};
}

Expected<Position> Place::State::durable_now() {
  if (!settings.apart) return parts.store.low_mark();
  TRY(const stage::LogEnd end, parts.store.end());
  return end.last;
}

// A new key beside an old log would make strangers of all that it knows, and snapshots are of a
// log: where there is none, its file was taken away.
Expected<void> Place::State::take_pseudonym_key(Position last) {
  if (last == kNoPosition) {
    TRY(const auto found, parts.store.snapshots(Position{INT64_MAX}));
    if (!found.empty()) {
      return broken("the log has no records, but there are snapshots of it up to position " +
                    std::to_string(found.front().position) +
                    ": put back the quintet.db that they belong to, or remove derived.db");
    }
  }
  auto found = last == kNoPosition ? parts.vault.pseudonym_key() : parts.vault.find_pseudonym_key();
  if (!found && found.error().code() == Code::not_found) {
    return broken("the log has " + std::to_string(last) +
                  " records, but its vault is gone: put back vault.db and vault.key, without which "
                  "what is private in the log cannot be read");
  }
  TRY(pseudonym_key, std::move(found));
  return {};
}

// Puts a version's stages in place of the present ones, empty, with all models they can use.
Expected<void> Place::State::put_in_force(AppVersion wanted_version) {
  version = wanted_version;
  const auto spec = versions[version - 1];
  ingest = std::make_unique<stage::Ingest>(spec, version, epoch, sealer);
  if (!settings.apart) infer = std::make_unique<stage::Infer>(spec);
  answers.put_in_force(version, first_kept());
  if (infer == nullptr) return {};
  TRY(const auto models, parts.store.models(true));
  for (const stage::ModelVersion& model : models) {
    if (model.state == stage::ModelState::ready) install_registered(infer->score(), model);
  }
  return {};
}

// Folds the log behind `after` under the version in force.
Expected<void> Place::State::fold_log(Position after) {
  TRY(const stage::LogEnd end, parts.store.end());
  started.folded = end.last - after;
  TRY_DO(each_record(
      parts.store, after + 1,
      [&](event::Record&& record, Epoch block_epoch) {
        return take(std::move(record), block_epoch);
      },
      [&](const event::BlockBytes& block) {
        if (settings.progress) settings.progress(block.last, end.last);
      }));
  ingest->continue_after(end.hash);
  return {};
}

Expected<void> Place::State::take(event::Record&& record, Epoch block_epoch) {
  admitted.record = std::move(record);
  TRY(const auto written, version_of(versions, admitted.record));
  TRY_DO(stage::decode_record(*written, spec(), block_epoch, sealer, admitted));
  // Ingest may stand further than some shard: see restore().
  const Position position = admitted.record.position;
  if (position > ingest->last()) TRY_DO(ingest->replay(admitted, *written));
  if (infer == nullptr) return {};
  answers.index(admitted.record, *written);
  return infer->fold(admitted);
}

// The given file becomes the next version: prepared, folded as if it had always been in force, then
// activated. One transaction.
Expected<void> Place::State::activate_new() {
  stage::ApplicationBody body;
  if (version != 0) {
    for (const app::ColumnChange& column : app::compare(spec(), *settings.spec).columns) {
      if (!column.blank.empty()) started.cold.push_back(column.event + "." + column.name);
    }
  }
  versions.push_back(settings.spec);
  body.version = static_cast<AppVersion>(versions.size());
  body.digest = settings.spec->digest;
  body.text = settings.spec->text;
  version = body.version;
  TRY_DO(parts.store.remove_snapshots());
  TRY_DO(fold_whole_log());
  append_control(event::RecordKind::application, stage::write_application(body));
  body.text.clear();
  append_control(event::RecordKind::activate, stage::write_application(body));
  return commit_now();
}

Expected<void> Place::State::bring_models() {
  bool promoted = false;
  for (Brought& one : settings.models) {
    const std::string& name = one.entry.model;
    const auto model = std::find_if(spec().models.begin(), spec().models.end(),
                                    [&](const auto& m) { return m.name == name; });
    check(model != spec().models.end(), "a model is brought to an application that has it");
    std::uint32_t known = 0;
    TRY(const auto registry, parts.store.models(false));
    for (const stage::ModelVersion& entry : registry) {
      if (entry.model == name && entry.digest == one.entry.digest) known = entry.version;
    }
    if (known == 0) {
      one.entry.created_at = parts.clock.wall();
      TRY(known, parts.store.add_model(one.entry));
    }
    if (infer != nullptr) TRY_DO(infer->score().install(name, known, one.model));
    TRY(const auto past, promotions_of(parts.store, name));
    if (!past.empty() && (model->train || past.back().promotion.version == known)) continue;
    append_control(event::RecordKind::promote,
                   stage::write_promotion({name, known, one.entry.digest, one.reason}));
    promoted = true;
  }
  settings.models.clear();
  return promoted ? commit_now() : Expected<void>();
}

Expected<void> Place::State::commit_now() {
  close_block();
  stage::Commit commit = std::move(open.commit);
  open = {};
  TRY_DO(parts.vault.flush());
  return parts.store.commit(commit, epoch);
}

}  // namespace quintet::host
