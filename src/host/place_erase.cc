// Erasing a subject (DESIGN 6.11). The record in the log comes first: a crash after it finds the
// key still there and destroys it at the next start, before anything is folded.
#include "event/decode.h"
#include "host/place_state.h"

namespace quintet::host {

// An erased outcome for every position of the subject that has one.
Expected<std::vector<stage::OutcomeChange>> Place::State::erased_outcomes(
    const std::string& subject) {
  std::vector<stage::OutcomeChange> changes;
  TRY_DO(
      each_record(parts.store, first_kept(), [&](event::Record&& record, Epoch) -> Expected<void> {
        if (record.subject != subject || record.kind != event::RecordKind::event) return {};
        stage::Outcome erased;
        erased.position = record.position;
        erased.status = stage::OutcomeStatus::erased;
        erased.app_version = record.app_version;
        stage::OutcomeRunWriter writer;
        writer.add(*versions[record.app_version - 1], erased);
        changes.push_back({record.position, writer.take().bytes});
        return {};
      }));
  return changes;
}

// The log is quiet and durable: the key goes, the older snapshots go with theirs, and state is
// folded without it.
Expected<void> Place::State::finish_erase(const std::string& subject, Position position) {
  TRY_DO(parts.vault.destroy(subject));
  TRY_DO(parts.vault.destroy(snapshot_subject(erased)));
  TRY_DO(find_base());
  TRY_DO(destroy_old_keys());
  erased = position;
  taking.last = taking.newest = kNoPosition;
  TRY_DO(parts.store.remove_snapshots());
  sealer.forget(subject);
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
  s.drop_snapshot();
  s.drop_cut([&s, subject = std::move(subject), done = std::move(done)] {
    if (s.base == nullptr || s.failed) return s.erase_quiet(subject, std::nullopt, done);
    // First the base without the subject is durable; the record that puts it in force comes with
    // the erase record.
    s.rewrite_base(subject, [&s, subject, done](const Expected<stage::SealBody>& seal) {
      if (seal) return s.erase_quiet(subject, *seal, done);
      s.refolding = false;
      done(s.failed ? *s.failed : seal.error());
      if (!s.failed) s.take_due_snapshot();
    });
  });
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
    auto changes = quiet ? erased_outcomes(subject) : quiet.error();
    if (!changes) {
      refolding = false;
      done(std::move(changes).error());
      if (quiet) take_due_snapshot();
      return;
    }
    open.commit.changes = *std::move(changes);
    const Position position =
        append_control(event::RecordKind::erase, stage::write_erase({subject}));
    if (seal) append_control(event::RecordKind::seal, stage::write_seal(*seal));
    when_quiet = [this, subject, done, position](const Expected<void>& is_durable) {
      auto finished = is_durable ? finish_erase(subject, position) : is_durable;
      refolding = false;
      if (finished) {
        done(position);
        take_due_snapshot();  // one may have been asked for meanwhile
        clean_up();
        return;
      }
      // The record is durable: the next start ends what this could not. What was folded is not
      // the log any more.
      fail(finished.error());
      fail_snapshot();
      done(std::move(finished).error());
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
