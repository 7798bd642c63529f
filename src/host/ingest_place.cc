#include "host/ingest_place.h"

#include "host/control_chain.h"
#include "host/snapshot_seal.h"

namespace quintet::host {

IngestPlace::IngestPlace(const Parts& parts, Position most_ahead, std::unique_ptr<Place> place)
    : parts_(parts), most_ahead_(most_ahead), place_(std::move(place)), low_(place_->durable()) {}

Expected<std::unique_ptr<IngestPlace>> IngestPlace::open(Parts parts, Settings settings) {
  Place::Settings own;
  own.apart = true;
  own.spec = std::move(settings.spec);
  own.models = std::move(settings.models);
  own.snapshot_every = settings.snapshot_every;
  own.progress = std::move(settings.progress);
  own.on_failure = std::move(settings.on_failure);
  own.on_snapshot = std::move(settings.on_snapshot);
  own.on_retention = std::move(settings.on_retention);
  own.retain_least = settings.retain_least;
  TRY(auto place,
      Place::open({parts.store, parts.vault, parts.clock, parts.loop, parts.writer, parts.aside},
                  std::move(own)));
  return std::unique_ptr<IngestPlace>(
      new IngestPlace(parts, settings.most_ahead, std::move(place)));
}

void IngestPlace::offer(Offer&& offer, Reply reply) {
  offer.show = Show::nothing;
  place_->offer(std::move(offer), std::move(reply));
}

void IngestPlace::refuse(stage::DeadLetter letter, Error why, Reply reply,
                         const stage::SessionPlace& place) {
  place_->refuse(std::move(letter), std::move(why), std::move(reply), place);
}

void IngestPlace::last_of_session(std::string_view session,
                                  std::function<void(Expected<std::uint64_t>)> done) {
  place_->last_of_session(session, std::move(done));
}

bool IngestPlace::too_far_ahead() const {
  return last() >= low_ + most_ahead_;
}

void IngestPlace::promote(stage::Promotion promotion, Done done) {
  place_->promote(std::move(promotion), std::move(done));
}

void IngestPlace::control(event::RecordKind kind, std::string body, Done done) {
  place_->control(kind, std::move(body), std::move(done));
}

void IngestPlace::run_on_store(std::function<Expected<void>(stage::Store&)> job,
                               Committer::Done done) {
  place_->run_on_store(std::move(job), std::move(done));
}

void IngestPlace::discard_letter(std::uint64_t number, Committer::Done done) {
  place_->discard_letter(number, std::move(done));
}

Expected<std::vector<stage::DeadLetter>> IngestPlace::dead_letters(
    const stage::Store::DeadLetterQuery& query) {
  return place_->dead_letters(query);
}

Expected<stage::DeadLetter> IngestPlace::dead_letter(std::uint64_t number) {
  return place_->dead_letter(number);
}

Expected<std::vector<event::BlockBytes>> IngestPlace::read(Position from, std::size_t most_bytes) {
  return parts_.store.read_log(from, most_bytes);
}

void IngestPlace::when_durable(std::function<void(Position last)> callback) {
  place_->when_durable(
      [callback = std::move(callback)](Position, Position last) { callback(last); });
}

Expected<std::vector<FoundKey>> IngestPlace::keys(const std::vector<std::string>& names) {
  if (names.size() > kKeysAtOnce) return invalid("too many keys are asked for at once");
  std::vector<FoundKey> found;
  found.reserve(names.size());
  bool made = false;
  for (const std::string& name : names) {
    const bool own = is_snapshot_subject(name) || name == base_subject(0);
    made = made || own;
    auto key = own ? parts_.vault.subject_key(name) : parts_.vault.find_subject_key(name);
    if (key) {
      found.emplace_back(*std::move(key));
    } else if (key.error().code() == Code::expired || key.error().code() == Code::not_found) {
      found.emplace_back();
    } else {
      return std::move(key).error();
    }
  }
  // What is sealed with it must stay readable.
  if (made) TRY_DO(parts_.vault.flush());
  return found;
}

Expected<stage::ModelVersion> IngestPlace::model(const std::string& name, std::uint32_t version) {
  return parts_.store.model(name, version);
}

// What an erase took out of a base is wanted for outcomes before it.
Expected<std::optional<OfferedBase>> IngestPlace::base(Position at) {
  std::optional<OfferedBase> found;
  TRY_DO(each_control_back(parts_.store, kNoPosition,
                           [&](const event::Record& record) -> Expected<bool> {
                             if (record.kind == event::RecordKind::erase && record.position > at)
                               found.reset();
                             if (record.kind == event::RecordKind::seal && !found) {
                               TRY(const auto seal, stage::read_seal(record.plain));
                               found.emplace();
                               found->seal = seal;
                             }
                             return record.position > at || !found;
                           }));
  if (!found) return found;
  TRY(const auto base, Base::of(parts_.store, found->seal));
  for (AppVersion version = 1; version <= base->version(); ++version) {
    const auto spec = spec_of(version);
    if (spec == nullptr) return broken("a base names an application version that the log lacks");
    found->applications.push_back(spec->text);
  }
  found->last_erase = base->erased();
  TRY_DO(each_control_back(parts_.store, kNoPosition,
                           [&](const event::Record& record) -> Expected<bool> {
                             if (record.kind == event::RecordKind::activate) {
                               TRY(const auto body, stage::read_application(record.plain));
                               if (body.version == base->version())
                                 found->activated = record.position;
                             } else if (record.kind == event::RecordKind::erase &&
                                        record.position <= at && record.position > base->cut()) {
                               TRY(auto body, stage::read_erase(record.plain));
                               found->erased.push_back(std::move(body.subject));
                               found->last_erase = std::max(found->last_erase, record.position);
                             }
                             return true;
                           }));
  found->valid_from = std::max(found->seal.cut, found->activated);
  return found;
}

Expected<stage::Snapshot> IngestPlace::base_part(std::uint64_t number, const std::string& name) {
  return parts_.store.base_part(number, name);
}

void IngestPlace::results_durable(Position low) {
  low_ = low;
  place_->results_durable(low);
}

std::optional<Position> IngestPlace::find(std::string_view event_type, std::string_view id) const {
  return place_->find(event_type, id);
}

std::shared_ptr<const app::Spec> IngestPlace::spec_of(AppVersion version) const {
  return place_->spec_of(version);
}

}  // namespace quintet::host
