// The base of a place's log: found at the start, rewritten by an erase (S10.5).
#include <algorithm>

#include "feature/carry.h"
#include "host/place_state.h"

namespace quintet::host {

namespace {

constexpr std::size_t kPutParts = 64;  // of one transaction
constexpr std::size_t kPutBytes = std::size_t{1} << 20;

// Whether the part is of a view that may hold what is of a subject. It was past its last bucket
// from before the cut when the cut was made (S10.1), so nobody misses them.
bool is_of_subjects(const app::Spec& spec, const std::string& part) {
  return std::any_of(spec.views.begin(), spec.views.end(), [&](const app::View& view) {
    return spec.events[static_cast<std::size_t>(view.of)].subject_field >= 0 &&
           part.starts_with("views/" + view.name + "/");
  });
}

}  // namespace

Expected<void> Place::State::find_base() {
  TRY(base, Base::find(parts.store));
  if (base != nullptr) next_base = std::max(next_base, base->seal().base + 1);
  return {};
}

// What bases under earlier keys hold was erased: a crash may have come before the end of a key. Of
// a whole log no base was ever in force.
Expected<void> Place::State::destroy_old_keys() {
  TRY(const auto numbers, parts.store.bases());
  for (const std::uint64_t number : numbers) {
    next_base = std::max(next_base, number + 1);
    if (base == nullptr) TRY_DO(parts.vault.destroy(base_subject(number)));
  }
  for (std::uint64_t key = 1; base != nullptr && key < base->key(); ++key) {
    if (!parts.vault.find_subject_key(base_subject(key))) continue;
    TRY_DO(parts.vault.destroy(base_subject(key)));
  }
  return {};
}

// S10.6
Expected<void> Place::State::name_cold() {
  if (base == nullptr) return {};
  for (std::string& one : base->cold_columns(versions, spec(), ingest->low_time())) {
    const auto known = std::find(started.cold.begin(), started.cold.end(), one);
    if (known == started.cold.end()) started.cold.push_back(std::move(one));
  }
  for (std::size_t i = 0; infer != nullptr && i < spec().views.size(); ++i) {
    TRY(const auto pieces, base->view(from_base(), spec(), i));
    const bool behind = base->seal().edge <= answers.views().edge(i);
    if (pieces.empty() && !behind) started.cold.push_back("view " + spec().views[i].name);
  }
  return {};
}

// Everything from the base on, under the version in force, into empty stages.
Expected<void> Place::State::fold_whole_log() {
  TRY_DO(put_in_force(version));
  TRY_DO(read_base());
  TRY_DO(restore_views(nullptr));
  return fold_log(first_kept() - 1);
}

void Place::State::put_parts_of_base(std::shared_ptr<std::vector<stage::Snapshot>> all,
                                     std::uint64_t number, std::size_t next,
                                     std::function<void(const Expected<void>&)> done) {
  auto batch = std::make_shared<std::vector<stage::Snapshot>>();
  for (std::size_t bytes = 0; next < all->size() && batch->size() < kPutParts && bytes < kPutBytes;
       ++next) {
    bytes += (*all)[next].bytes.size();
    batch->push_back(std::move((*all)[next]));
  }
  committer->run(
      [batch, number, by = epoch](stage::Store& store) {
        return store.put_base(number, *batch, by);
      },
      guarded([this, all, number, next, done = std::move(done)](const Expected<void>& result) {
        if (!result || next == all->size()) return done(result);
        put_parts_of_base(all, number, next, done);
      }));
}

// S8.3: what an erase takes from the base is known by its keys, `quintet check` sees to that.
Expected<stage::SealBody> Place::State::base_without(const std::string& subject,
                                                     std::vector<stage::Snapshot>& parts_out) {
  const Base::From from = from_base();
  const app::Spec& written = *versions[base->version() - 1];
  const feature::Plans plans(versions[base->version() - 1]);
  auto key = parts.vault.subject_key(base_subject(next_base));
  while (!key && key.error().code() == Code::expired) {
    key = parts.vault.subject_key(base_subject(++next_base));
  }
  if (!key) return std::move(key).error();
  TRY_DO(parts.vault.flush());
  BaseParts made(
      {next_base, base->cut(), base->version(), written.digest, base->erased(), next_base}, *key);
  made.add_controls(base->controls());
  for (const std::string& name : base->sealed_parts()) {
    TRY(auto body, base->part(from, name));
    if (name.starts_with("shard/")) {
      TRY(const std::string rest,
          feature::without_subject(plans, subject, body->substr(sizeof(Position))));
      body->replace(sizeof(Position), std::string::npos, rest);
    }
    if (is_of_subjects(written, name)) {
      TRY(*body, stage::Views::emptied(*body));
    }
    made.add(name, *body);
  }
  stage::SealBody seal = made.finish();
  seal.edge = base->seal().edge;
  parts_out = std::move(made.parts());
  return seal;
}

// The base as if the subject had never been in it, stored and not yet in force. Its key is flushed,
// and all of it is durable, before the record that names it.
void Place::State::rewrite_base(const std::string& subject, Rewritten done) {
  auto all = std::make_shared<std::vector<stage::Snapshot>>();
  const auto seal = base_without(subject, *all);
  if (!seal) return done(seal.error());
  ++next_base;
  put_parts_of_base(all, seal->base, 0,
                    [seal = *seal, done = std::move(done)](const Expected<void>& result) {
                      if (!result) return done(result.error());
                      done(seal);
                    });
}

}  // namespace quintet::host
