#include "stage/ingest.h"

#include <algorithm>

#include "event/event.h"
#include "stage/control.h"

namespace quintet::stage {

namespace {

// One that can be asked for again, whatever door it came through.
bool is_readable_id(std::string_view id) {
  return id.size() <= kIdBytes && std::none_of(id.begin(), id.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}


using event::Value;

Hash128 id_hash_of(std::string_view event_type, std::string_view id, std::string& scratch) {
  scratch.clear();
  ByteWriter out(scratch);
  out.text(event_type);
  out.text(id);
  return hash128(scratch);
}

Hash128 id_hash_of(std::string_view event_type, std::string_view id) {
  std::string scratch;
  return id_hash_of(event_type, id, scratch);
}

Hash128 waiting_hash(std::string_view label, Hash128 event) {
  std::string bytes;
  ByteWriter out(bytes);
  out.text("label");
  out.text(label);
  out.u64(event.high);
  out.u64(event.low);
  return hash128(bytes);
}

Admission refused(Error error) {
  return {Admission::What::refused, kNoPosition, std::move(error)};
}

// Rough size of a record inside its block, for the limit on a block's bytes.
std::size_t weight(const event::Record& record) {
  return 64 + record.id.size() + record.plain.size() + record.sealed.size() +
         record.subject.size() + record.trace.size() + record.session.size() +
         record.visits.size() * 4 + record.targets.size() * 64;
}

// As a new record, but with the memory of the old one for what every record has.
void renew(event::Record& record) {
  auto visits = std::move(record.visits);
  std::string id = std::move(record.id);
  record = {};
  visits.clear();
  record.visits = std::move(visits);
  record.id = std::move(id);
}

std::string_view subject_of(const event::Event& event) {
  const int field = event.type->subject_field;
  if (field < 0) return {};
  const Value value = event.values[static_cast<std::size_t>(field)];
  return value.is_null() ? std::string_view() : value.as_text();
}

}  // namespace

Ingest::Ingest(std::shared_ptr<const app::Spec> spec, AppVersion version, Epoch epoch,
               Sealer& sealer)
    : spec_(std::move(spec)),
      version_(version),
      epoch_(epoch),
      sealer_(sealer),
      labelled_types_(spec_->events.size(), 0),
      chain_(kShardCount, kNoPosition) {
  for (const app::Label& label : spec_->labels) {
    if (label.report >= 0) labelled_types_[static_cast<std::size_t>(label.of)] = 1;
  }
}

Admission Ingest::offer(Offer&& offer, Micros now, Admitted& out) {
  if (auto turn = sessions_.check_turn(offer.place); !turn) {
    return refused(std::move(turn).error());
  }
  const SessionPlace place = offer.place;
  Admission admission = admit(std::move(offer), now, out);
  // What may come again under its number has not had its turn.
  const bool away =
      admission.what == Admission::What::refused && admission.error.code() == Code::unavailable;
  if (!away) sessions_.pass(place.session, place.number);
  return admission;
}

void Ingest::fetch(const event::Event& event) {
  ids_.fetch(id_hash_of(event.type->name, event.id, scratch_));
}

Admission Ingest::admit(Offer&& offer, Micros now, Admitted& out) {
  const event::EventType& type = *offer.event.type;
  if (offer.event.id.empty()) {
    return refused(invalid("an event needs an id here").at("id").with_id("no_id"));
  }
  if (!is_readable_id(offer.event.id)) {
    return refused(invalid("an id has at most " + std::to_string(kIdBytes) +
                           " bytes and no control characters")
                       .at("id")
                       .with_id("bad_id"));
  }
  const Hash128 id_hash = id_hash_of(type.name, offer.event.id, scratch_);
  const Hash128 content = event::content_hash(offer.event, scratch_);
  if (const auto known = ids_.find(id_hash); known != ids_.end() && !type.is_table) {
    // What was erased cannot be compared any more (S8.4).
    if (known->second.content == content || known->second.content == Hash128{}) {
      return {Admission::What::repeated, known->second.position, invalid("")};
    }
    return refused(conflict("the id " + std::string(offer.event.id) + " of " + type.name +
                            " is taken by an event with other content")
                       .at("id")
                       .with_id("conflict"));
  }
  if (sessions_.passed(offer.place)) {
    return refused(conflict("event " + std::to_string(offer.place.number) + " of session " +
                            std::string(offer.place.session) +
                            " comes after later events of the session")
                       .with_id("out_of_order"));
  }
  renew(out.record);
  if (auto stamped = stamp(offer, now, out.record); !stamped) {
    return refused(std::move(stamped).error());
  }
  out.event = std::move(offer.event);
  auto completed = complete(*spec_, *spec_, epoch_, sealer_, out);
  if (!completed) return refused(std::move(completed).error());
  write_chain(out);
  append(out);
  remember(out, *spec_, id_hash, content);
  return {Admission::What::admitted, out.record.position, invalid("")};
}

Expected<void> Ingest::stamp(Offer& offer, Micros now, event::Record& record) {
  event::Event& event = offer.event;
  // Admission never goes back, even when the wall clock does.
  now = std::max(now, last_admitted_);
  if (event.time == kNoTime) event.time = now;
  if (event.time > now + spec_->ahead) {
    return invalid("the event's time lies too far ahead of the clock")
        .at(event.type->time_field < 0
                ? ""
                : event.type->fields[static_cast<std::size_t>(event.type->time_field)].name)
        .with_id("too_early");
  }
  // Also when the clock went back, or the application keeps more than it did.
  const bool sealed = event.time <= edge_;
  if (sealed || (spec_->retain > 0 && event.time < now - spec_->retain)) {
    return expired("the event is older than what the log keeps").at("time").with_id("too_old");
  }
  record.position = next_;
  record.kind = offer.history ? event::RecordKind::history : event::RecordKind::event;
  record.event_type = event.type->index;
  record.app_version = version_;
  record.admitted_at = now;
  record.time = event.time;
  record.low_time = low_time_.at(next_);
  record.control = control_;
  record.id = event.id;
  record.trace = offer.trace;
  record.session = offer.place.session;
  if (!record.session.empty()) record.number = offer.place.number;
  TRY_DO(seal_parts(event, record));
  attach_waiting(event, record);
  return join_report(event, record);
}

Expected<void> Ingest::seal_parts(const event::Event& event, event::Record& record) {
  if (!keeps_blocks_) return {};
  record.plain = event::encode_part(*event.type, event.values, false);
  const std::string sealed = event::encode_part(*event.type, event.values, true);
  if (sealed.empty()) return {};
  record.subject = subject_of(event);
  TRY(record.sealed, sealer_.seal(record.subject, record.position, epoch_, 0, sealed));
  return {};
}

// S5.2: which event a report is about, with all that its effect needs.
Expected<void> Ingest::join_report(const event::Event& event, event::Record& record) {
  for (std::size_t i = 0; i < spec_->labels.size(); ++i) {
    const app::Label& label = spec_->labels[i];
    if (label.report != event.type->index) continue;
    const Value key = event.values[static_cast<std::size_t>(label.report_key)];
    if (key.is_null()) continue;
    event::Arena scratch;
    if (label.report_where) {
      const Value met = label.report_where.run(event.values, scratch);
      if (met.is_null() || !met.as_bool()) continue;
    }
    const auto& labelled_type = spec_->events[static_cast<std::size_t>(label.of)];
    const auto& key_type = event.type->fields[static_cast<std::size_t>(label.report_key)].type;
    const std::string id = event::to_text(key_type, key);
    const auto found = labelled_.find(id_hash_of(labelled_type.name, id));
    if (found == labelled_.end()) continue;  // waits: remember_report()
    const Labelled& of = found->second;
    if (record.time <= of.time || (label.within > 0 && record.time > of.time + label.within)) {
      continue;
    }
    event::LabelTarget target;
    target.label = static_cast<std::uint16_t>(i);
    target.position = ids_.at(found->first).position;
    target.time = of.time;
    target.event_type = static_cast<std::uint16_t>(label.of);
    target.keys = of.keys;
    target.subject = of.subject;
    if (!of.sealed_plain.empty()) {
      const auto number = static_cast<std::uint32_t>(record.targets.size() + 1);
      auto sealed = sealer_.seal(of.subject, record.position, epoch_, number, of.sealed_plain);
      // The labelled subject was erased: the report stands alone.
      if (!sealed && sealed.error().code() == Code::expired) continue;
      TRY(target.sealed_keys, std::move(sealed));
    }
    record.targets.push_back(std::move(target));
  }
  return {};
}

void Ingest::attach_waiting(const event::Event& event, event::Record& record) const {
  if (!labelled_types_[event.type->index]) return;
  for (std::size_t i = 0; i < spec_->labels.size(); ++i) {
    const app::Label& label = spec_->labels[i];
    if (label.report < 0 || label.of != event.type->index) continue;
    const Hash128 id_hash = id_hash_of(event.type->name, event.id);
    const auto found = waiting_.find(waiting_hash(label.name, id_hash));
    if (found == waiting_.end()) continue;
    const auto inside = [&](const Waiting& waiting) {
      return waiting.report_time > record.time &&
             (label.within == 0 || waiting.report_time <= record.time + label.within);
    };
    const auto last = std::find_if(found->second.rbegin(), found->second.rend(), inside);
    if (last == found->second.rend()) continue;
    record.attached.push_back({static_cast<std::uint16_t>(i), last->report, last->value});
  }
}

void Ingest::write_chain(Admitted& admitted) {
  auto& visits = admitted.record.visits;
  visits.clear();
  const auto visit = [&](ShardId shard) {
    for (const event::Visit& seen : visits) {
      if (seen.shard == shard) return;
    }
    visits.push_back({shard, chain_[shard]});
  };
  visit(admitted.home);
  for (const feature::Touch& touch : admitted.touches) visit(touch.shard);
  std::sort(visits.begin(), visits.end(),
            [](const event::Visit& a, const event::Visit& b) { return a.shard < b.shard; });
}

void Ingest::append(Admitted& admitted) {
  const event::Record& record = admitted.record;
  for (const event::Visit& visit : record.visits) chain_[visit.shard] = record.position;
  if (keeps_blocks_) {
    if (open_.records.empty()) {
      open_.first = record.position;
      open_.epoch = epoch_;
      open_bytes_ = 0;
    }
    open_.records.push_back(record);
    open_bytes_ += weight(record);
  }
  last_admitted_ = record.admitted_at;
  ++next_;
}

void Ingest::control(event::RecordKind kind, std::string body, Micros now, Admitted& out) {
  check(event::is_control(kind), "control() takes control records");
  out.record = {};
  out.event.type = nullptr;
  out.labels.clear();
  out.touches.clear();
  event::Record& record = out.record;
  record.position = next_;
  record.kind = kind;
  record.app_version = version_;
  record.admitted_at = std::max(now, last_admitted_);
  record.time = record.admitted_at;
  record.low_time = low_time_.at(next_);
  record.control = control_;
  record.plain = std::move(body);
  append(out);
  control_ = record.position;
  if (kind != event::RecordKind::seal) return;
  const auto seal = read_seal(record.plain);
  check(seal.has_value(), "a seal record that this process wrote");
  begin_after(seal->cut, seal->edge);
}

bool Ingest::block_full() const {
  // A quarter is kept free: weight() is an estimate.
  return open_.records.size() >= event::kBlockRecords || open_bytes_ >= event::kBlockBytes * 3 / 4;
}

event::BlockBytes Ingest::seal_block() {
  event::BlockBytes bytes = event::encode_block(open_, previous_);
  previous_ = event::block_hash(bytes.bytes);
  open_.records.clear();
  return bytes;
}

void Ingest::remember(const Admitted& admitted, const app::Spec& written, Hash128 id_hash,
                      Hash128 content) {
  const event::Record& record = admitted.record;
  ids_.put(id_hash, {content, record.position});
  if (keeps_blocks_) unwritten_.push_back({id_hash, record.position, false});
  if (!admitted.event.type->is_table) low_time_.took(record.position, record.time);
  remember_labelled(admitted.event, record, id_hash);
  remember_report(admitted, written);
}

void Ingest::remember_labelled(const event::Event& event, const event::Record& record,
                               Hash128 id_hash) {
  if (!labelled_types_[event.type->index]) return;
  std::vector<Value> keys(event.values.size());
  for (const app::Group& group : spec_->groups) {
    if (group.source != event.type->index) continue;
    for (const int field : group.key_fields) {
      keys[static_cast<std::size_t>(field)] = event.values[static_cast<std::size_t>(field)];
    }
  }
  // Whatever waited for this event waits no longer, used or not.
  for (const app::Label& label : spec_->labels) {
    if (label.report >= 0 && label.of == event.type->index) {
      waiting_.erase(waiting_hash(label.name, id_hash));
    }
  }
  Labelled& labelled = labelled_[id_hash];
  labelled.time = record.time;
  labelled.keys = event::encode_part(*event.type, keys, false);
  labelled.subject = record.subject;
  labelled.sealed_plain = event::encode_part(*event.type, keys, true);
}

// A report that is joined to nothing waits; of several at one time the latest counts. Whether it
// was joined stands in its record, so that one whose event has left the log is not taken for one
// that came first.
void Ingest::remember_report(const Admitted& admitted, const app::Spec& written) {
  const event::Event& event = admitted.event;
  const event::Record& record = admitted.record;
  for (const app::Label& label : spec_->labels) {
    if (label.report != event.type->index) continue;
    const bool joined = std::any_of(record.targets.begin(), record.targets.end(),
                                    [&](const event::LabelTarget& target) {
                                      return target.label < written.labels.size() &&
                                             written.labels[target.label].name == label.name;
                                    });
    if (joined) continue;
    const Value key = event.values[static_cast<std::size_t>(label.report_key)];
    if (key.is_null()) continue;
    event::Arena scratch;
    if (label.report_where) {
      const Value met = label.report_where.run(event.values, scratch);
      if (met.is_null() || !met.as_bool()) continue;
    }
    const auto& labelled_type = spec_->events[static_cast<std::size_t>(label.of)];
    const auto& key_type = event.type->fields[static_cast<std::size_t>(label.report_key)].type;
    const std::string id = event::to_text(key_type, key);
    const Hash128 labelled = id_hash_of(labelled_type.name, id);
    Waiting waiting{labelled, record.position, record.time, {}};
    ByteWriter out(waiting.value);
    event::write_value(out, label.type, label.report_value.run(event.values, scratch));
    const Hash128 place = waiting_hash(label.name, labelled);
    if (keeps_blocks_) unwritten_.push_back({place, record.position, true});
    auto& all = waiting_[place];
    std::erase_if(all, [&](const Waiting& w) { return w.report_time == record.time; });
    all.push_back(std::move(waiting));
  }
}

Expected<void> Ingest::replay(const Admitted& admitted, const app::Spec& written) {
  const event::Record& record = admitted.record;
  if (record.position != next_) {
    return broken("the log jumps from position " + std::to_string(next_ - 1) + " to " +
                  std::to_string(record.position));
  }
  (void)low_time_.at(record.position);
  for (const event::Visit& visit : record.visits) chain_[visit.shard] = record.position;
  ++next_;
  last_admitted_ = std::max(last_admitted_, record.admitted_at);
  sessions_.pass(record.session, record.number);
  if (event::is_control(record.kind)) {
    control_ = record.position;
    if (record.kind != event::RecordKind::seal) return {};
    TRY(const SealBody seal, read_seal(record.plain));
    if (seal.cut >= record.position) return broken("a seal record closes what is behind it");
    begin_after(seal.cut, seal.edge);
    return {};
  }
  // The id index speaks of what the client sent: content under the version that admitted it.
  const event::EventType& type = written.events[record.event_type];
  if (admitted.event.type == nullptr) {
    const Hash128 id_hash = id_hash_of(type.name, record.id);
    ids_.put(id_hash, {{}, record.position});
    unwritten_.push_back({id_hash, record.position, false});
    // What the application no longer knows still moves the low time: that is the log's alone.
    if (!type.is_table) low_time_.took(record.position, record.time);
    return {};
  }
  const Hash128 content =
      admitted.erased ? Hash128{} : event::content_hash(admitted.event, scratch_);
  remember(admitted, written, id_hash_of(type.name, record.id, scratch_), content);
  return {};
}

std::optional<Position> Ingest::find(std::string_view event_type, std::string_view id) const {
  const auto known = ids_.find(id_hash_of(event_type, id));
  if (known == ids_.end()) return std::nullopt;
  return known->second.position;
}

// A report at or below the cut has the edge's time or less, and so had every event that it could be
// about: none of them can come any more.
void Ingest::begin_after(Position cut, Micros edge) {
  edge_ = std::max(edge_, edge);
  if (cut <= cut_) return;
  cut_ = cut;
  std::erase_if(labelled_, [&](const auto& one) { return ids_.at(one.first).position <= cut; });
  ids_.forget_to(cut);
  drop_waiting([&](const Waiting& w) { return w.report <= cut; });
  std::erase_if(unwritten_, [&](const Unwritten& one) { return one.position <= cut; });
  written_ = std::max(written_, std::min(cut, last()));
}

void Ingest::forget_subject(std::string_view subject) {
  // Each entry is changed by itself, so their order does not show.
  for (auto& [id, labelled] : labelled_) {
    if (labelled.subject == subject) labelled.sealed_plain.clear();
  }
}

}  // namespace quintet::stage
