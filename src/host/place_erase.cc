// Erasing a subject (DESIGN 6.11). The record in the log comes first: a crash after it finds the
// key still there and destroys it at the next start, before anything is folded.
#include "event/decode.h"
#include "host/erased_outcomes.h"
#include "host/place_state.h"

namespace quintet::host {

// The log is quiet and durable: the key goes, the older snapshots go with theirs, and state is
// folded without it.
Expected<void> Place::State::finish_erase(const std::vector<std::string>& subjects,
                                          Position position) {
  for (const std::string& subject : subjects) {
    TRY_DO(parts.vault.destroy(subject));
    sealer.forget(subject);
  }
  TRY_DO(parts.vault.destroy(snapshot_subject(erased)));
  TRY_DO(find_base());
  TRY_DO(destroy_old_keys());
  erased = position;
  taker.begin_after(kNoPosition);
  TRY_DO(parts.store.remove_snapshots());
  TRY_DO(fold_whole_log());
  return fold_views();
}

// Where the subject was erased before; kNoPosition if it was not and can be. Other names in the
// vault are those of the place's own keys, which no erase may destroy.
Expected<Position> Place::State::erased_before(const std::string& subject) {
  if (!event::is_pseudonym(subject)) {
    return invalid("a subject is a pseudonym: 32 hexadecimal digits").at("subject");
  }
  const auto key = parts.vault.find_subject_key(subject);
  if (key) return kNoPosition;
  if (key.error().code() == Code::not_found) {
    return not_found("the log has no event of this subject").at("subject");
  }
  if (key.error().code() != Code::expired) return key.error();
  Position found = erased;  // its own record may have left the log
  TRY_DO(each_control_back(parts.store, kNoPosition, [&](event::Record&& record) -> Expected<bool> {
    if (record.kind != event::RecordKind::erase) return true;
    TRY(const auto body, stage::read_erase(record.plain));
    if (body.subject == subject) found = record.position;
    return body.subject != subject;
  }));
  return found;
}

void Place::erase(std::string subject, Done done) {
  State& s = *state_;
  if (s.failed || s.refolding) {
    done(s.failed ? *s.failed : unavailable("another erase is under way; try again"));
    return;
  }
  if (auto before = s.erased_before(subject); !before || *before != kNoPosition) {
    done(std::move(before));
    return;
  }
  s.refolding = true;
  s.taker.drop(unavailable("a subject is being erased; ask again"));
  s.drop_cut([&s, subject = std::move(subject), done = std::move(done)] {
    if (s.base == nullptr || s.failed) return s.erase_quiet(subject, std::nullopt, done);
    // First the base without the subject is durable; the record that puts it in force comes with
    // the erase record.
    s.rewrite_base(subject, [&s, subject, done](const Expected<stage::SealBody>& seal) {
      if (seal) return s.erase_quiet(subject, *seal, done);
      s.refolding = false;
      done(s.failed ? *s.failed : seal.error());
      if (!s.failed) s.taker.take_due();
    });
  });
}

// Its record is durable, and so are the outcomes up to it.
void Place::State::end_erase(const Erasing& erased_now, const Expected<void>& is_durable) {
  auto finished = is_durable ? finish_erase(erased_now.subjects, erased_now.position) : is_durable;
  refolding = false;
  if (finished) {
    if (erased_now.done) erased_now.done(erased_now.position);
    taker.take_due();  // one may have been asked for meanwhile
    clean_up();
    return;
  }
  // The record is durable: the next start ends what this could not. What was folded is not the log
  // any more.
  fail(finished.error());
  taker.fail(*failed);
  if (erased_now.done) erased_now.done(std::move(finished).error());
}

// What was admitted before the record was decided with all that was known then, so the key stays
// until those outcomes are durable.
void Place::State::end_erase_apart() {
  if (!erasing || failed || when_quiet || low < erasing->position) return;
  when_quiet = [this, erased_now = *erasing](const Expected<void>& result) {
    erasing.reset();
    end_erase(erased_now, result);
  };
  if (quiet()) {
    std::exchange(when_quiet, nullptr)(Expected<void>());
  } else if (groups_under_way == 0) {
    submit();
  }
}

// At a start: the newest erase, if its subject's key is still there. Until it is gone everything is
// as before the record.
Expected<void> Place::State::find_unfinished_erase(const Controls& controls) {
  Erasing found;
  for (const std::string& subject : controls.erased) {
    const auto key = parts.vault.find_subject_key(subject);
    if (key) found.subjects.push_back(subject);
    const Code code = key ? Code::expired : key.error().code();
    if (code != Code::expired && code != Code::not_found) return key.error();
  }
  if (controls.erased.empty()) return {};
  found.position = erased;
  Position before = kNoPosition;
  TRY_DO(each_control_back(parts.store, kNoPosition, [&](event::Record&& record) -> Expected<bool> {
    if (record.kind != event::RecordKind::erase || record.position == found.position) return true;
    before = record.position;
    return false;
  }));
  if (found.subjects.empty()) return parts.vault.destroy(snapshot_subject(before));
  erased = before;
  erasing = std::move(found);
  refolding = true;
  return {};
}

void Place::results_durable(Position low) {
  state_->low = low;
  state_->end_erase_apart();
}

void Place::State::erase_quiet(const std::string& subject, std::optional<stage::SealBody> seal,
                               Done done) {
  if (failed) {
    refolding = false;
    return done(*failed);
  }
  // First everything admitted so far becomes durable, so that the scan below sees all of it.
  when_quiet = [this, subject, seal = std::move(seal),
                done = std::move(done)](const Expected<void>& quiet) {
    using Changes = Expected<std::vector<stage::OutcomeChange>>;
    auto changes = !quiet           ? Changes(quiet.error())
                   : settings.apart ? Changes(std::vector<stage::OutcomeChange>())
                                    : erased_outcomes(parts.store, first_kept(), versions, subject);
    if (!changes) {
      refolding = false;
      done(std::move(changes).error());
      if (quiet) taker.take_due();
      return;
    }
    open.commit.changes = *std::move(changes);
    const Position position =
        append_control(event::RecordKind::erase, stage::write_erase({subject}));
    if (seal) append_control(event::RecordKind::seal, stage::write_seal(*seal));
    when_quiet = [this, erased = Erasing{{subject}, position, done}](const Expected<void>& result) {
      if (!result || !settings.apart) return end_erase(erased, result);
      erasing = erased;
      end_erase_apart();
    };
    submit();
  };
  if (quiet()) {
    std::exchange(when_quiet, nullptr)(Expected<void>());
  } else if (groups_under_way == 0) {
    submit();
  }
}

}  // namespace quintet::host
