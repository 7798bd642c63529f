// Admission: ids, clocks, labels that are joined, the chain. The letters name counterexamples to
// earlier wordings of docs/SEMANTICS.md.
#include "stage/ingest.h"

#include "stage/control.h"
#include "stage/stage_fixture.h"

namespace quintet::stage {
namespace {

using What = Admission::What;

constexpr std::string_view kApp = R"(quintet: 1
app: test
retain: 200d
events:
  sale:
    id: id
    time: at
    fields: {id: string, at: timestamp, shop: {type: string, optional: true}, amount: double}
  report:
    id: id
    time: at
    fields: {id: string, at: timestamp, sale_id: string, bad: bool}
labels:
  fraud:
    {of: sale, value: any(bad) from report over next 9d by sale_id, otherwise: false, after: 7d}
features:
  s:
    of: sale
    columns:
      count_7d: count() over 7d by shop
      risk: sum(if(fraud, 1, 0)) over 30d delayed 7d by shop
      before: count() over 5 events by shop
)";

// Day `at` of 1970, and hours of it.
std::string day(int at, int hour = 0) {
  return std::to_string(at * 86'400 + hour * 3'600);
}

std::string sale(const std::string& id, const std::string& at, const std::string& shop = "x",
                 const std::string& amount = "1") {
  return R"({"id": ")" + id + R"(", "at": )" + at + R"(, "shop": ")" + shop + R"(", "amount": )" +
         amount + "}";
}

std::string report(const std::string& id, const std::string& at, const std::string& sale_id,
                   bool bad) {
  return R"({"id": ")" + id + R"(", "at": )" + at + R"(, "sale_id": ")" + sale_id +
         R"(", "bad": )" + (bad ? "true" : "false") + "}";
}

TEST(Ingest, GivesPositionsWithoutGapsAndNoneToARefusal) {  // S1.1
  PlayedLog log(kApp);
  EXPECT_EQ(log.offer("sale", sale("a", day(1))).admission.position, 1U);
  EXPECT_EQ(log.offer("sale", sale("late", day(9)), kDay).admission.what, What::refused);
  EXPECT_EQ(log.offer("sale", sale("b", day(1))).admission.position, 2U);
}

TEST(Ingest, AnswersTheSameIdWithTheFirstPositionAndOtherContentWithAConflict) {  // S1.4, B2
  PlayedLog log(kApp);
  log.offer("sale", sale("a", day(1)));
  const auto again = log.offer("sale", sale("a", day(1))).admission;
  EXPECT_EQ(again.what, What::repeated);
  EXPECT_EQ(again.position, 1U);
  const auto other = log.offer("sale", sale("a", day(1), "x", "2")).admission;
  EXPECT_EQ(other.what, What::refused);
  EXPECT_EQ(other.error.id(), "conflict");
  EXPECT_EQ(other.error.code(), Code::conflict);
  // An id belongs to its event type.
  EXPECT_EQ(log.offer("report", report("a", day(2), "nobody", true)).admission.what,
            What::admitted);
}

TEST(Ingest, TakesOneNumberInTwoSpellingsForOneContent) {  // S1.5
  PlayedLog log(kApp);
  log.offer("sale", sale("a", day(1), "x", "100"));
  EXPECT_EQ(log.offer("sale", sale("a", day(1), "x", "1e2")).admission.what, What::repeated);
}

TEST(Ingest, RefusesWhatIsAheadOfItsClockOrOlderThanTheLog) {  // S2.5, B2
  PlayedLog log(kApp);
  const auto ahead = log.offer("sale", sale("a", day(1)), kDay - 5 * kMinute - 1).admission;
  EXPECT_EQ(ahead.error.id(), "too_early");
  EXPECT_EQ(ahead.error.place(), "at");
  EXPECT_EQ(log.offer("sale", sale("a", day(1)), kDay - 5 * kMinute).admission.what,
            What::admitted);
  const auto old = log.offer("sale", sale("b", day(1)), 201 * kDay + 1).admission;
  EXPECT_EQ(old.error.id(), "too_old");
  EXPECT_EQ(log.offer("sale", sale("b", day(1)), 201 * kDay).admission.what, What::admitted);
}

TEST(Ingest, KeepsItsOwnClockFromGoingBack) {
  PlayedLog log(kApp);
  log.offer("sale", sale("a", day(3)), 3 * kDay);
  log.offer("sale", sale("b", day(2)), 2 * kDay);
  EXPECT_EQ(log.last.record.admitted_at, 3 * kDay);
}

TEST(Ingest, SendsAReportToTheShardsOfItsEvent) {  // S5.2, A2
  PlayedLog log(kApp);
  log.offer("sale", sale("x", day(1), "T"));
  const auto shards = log.last.record.visits;
  log.offer("report", report("r", day(2), "x", true));
  ASSERT_EQ(log.last.record.targets.size(), 1U);
  EXPECT_EQ(log.last.record.targets[0].position, 1U);
  EXPECT_EQ(log.last.record.targets[0].time, kDay);
  for (const event::Visit& visit : shards) {
    EXPECT_TRUE(std::any_of(
        log.last.record.visits.begin(), log.last.record.visits.end(),
        [&](const event::Visit& v) { return v.shard == visit.shard && v.previous == 1; }));
  }
  EXPECT_EQ(log.offer("sale", sale("y", day(9), "T")).seen["risk"], "1");
  EXPECT_EQ(log.offer("sale", sale("z", day(9), "U")).seen["risk"], "0");
}

TEST(Ingest, LetsAReportThatComesFirstRideOnItsEvent) {  // S5.2
  PlayedLog log(kApp);
  log.offer("report", report("r", day(2), "x", true));
  EXPECT_EQ(log.ingest.waiting_labels(), 1U);
  log.offer("sale", sale("x", day(1), "T"));
  ASSERT_EQ(log.last.record.attached.size(), 1U);
  EXPECT_EQ(log.last.record.attached[0].report, 1U);
  EXPECT_EQ(log.ingest.waiting_labels(), 0U);
  EXPECT_EQ(log.offer("sale", sale("y", day(9), "T")).seen["risk"], "1");
}

TEST(Ingest, TakesOfSeveralReportsTheLastInsideTheWindow) {  // S5.1
  struct Case {
    std::vector<std::string> reports;
    const char* risk;
  };
  const std::string good = report("r1", day(2), "x", true);
  const Case cases[] = {
      {{good, report("r2", day(3), "x", false)}, "0"},
      {{report("r0", day(2), "x", false), good}, "1"},
      {{good, report("r2", day(1), "x", false)}, "1"},       // at the event's own time: not after
      {{good, report("r2", day(10), "x", false)}, "0"},      // the window's last moment
      {{good, report("r2", day(10, 1), "x", false)}, "1"}};  // after it
  for (const Case& one : cases) {
    for (const bool before : {false, true}) {
      PlayedLog log(kApp);
      if (!before) log.offer("sale", sale("x", day(1), "T"));
      for (const std::string& json : one.reports) log.offer("report", json);
      if (before) log.offer("sale", sale("x", day(1), "T"), 11 * kDay);
      EXPECT_EQ(log.offer("sale", sale("y", day(12), "T")).seen["risk"], one.risk)
          << one.reports.back() << (before ? " before" : " after") << " the sale";
    }
  }
}

TEST(Ingest, TellsWhatIsNotYetKnownFromWhatIsFalse) {  // S5.3, B8
  PlayedLog log(kApp);
  log.offer("sale", sale("x", day(1), "T"));
  // The report comes a day after it was due to be known: it corrects what is asked later.
  EXPECT_EQ(log.offer("sale", sale("y", day(8), "T")).seen["risk"], "0");
  log.offer("report", report("r", day(9), "x", true));
  EXPECT_EQ(log.offer("sale", sale("z", day(9), "T")).seen["risk"], "1");
}

TEST(Ingest, ForgetsByPositionNotByWhatMemoryHolds) {  // S1.3, S2.4, A4
  PlayedLog log(kApp);
  log.offer("sale", sale("e1", day(1)));
  log.offer("sale", sale("e2", day(100)));
  EXPECT_EQ(log.offer("sale", sale("e3", day(2)), 100 * kDay).seen["count_7d"], "1");
}

TEST(Ingest, MarksALateEventAndShowsItOnlyWhatIsNotForgotten) {  // S2.2, S2.4, S2.5
  PlayedLog log(kApp);
  log.offer("sale", sale("first", day(1)));
  for (int i = 2; i <= 1000; ++i) log.offer("sale", sale("e" + std::to_string(i), day(60), "y"));
  ASSERT_EQ(log.ingest.low_time(), 60 * kDay);
  // Reach is 37 days (30 and the delay of 7), late a day: the edge is day 22.
  const auto edge = log.offer("sale", sale("edge", day(22)), 60 * kDay);
  EXPECT_TRUE(edge.outcome.late);
  EXPECT_EQ(edge.seen.at("count_7d"), "0");
  EXPECT_EQ(edge.seen.at("before"), "1");  // a count window forgets nothing
  const auto inside = log.offer("sale", sale("inside", day(22, 1)), 60 * kDay);
  EXPECT_FALSE(inside.outcome.late);
  EXPECT_EQ(inside.seen.at("count_7d"), "0");
  EXPECT_EQ(log.offer("sale", sale("next", day(22, 2)), 60 * kDay).seen["count_7d"], "1");
}

TEST(Ingest, LetsNoSingleStampMoveTheLowTime) {  // S2.2, A4
  PlayedLog log(kApp);
  for (int i = 1; i <= 1000; ++i) {
    const int at = i == 500 ? 170 : 20;
    log.offer("sale", sale("e" + std::to_string(i), day(at)), 170 * kDay);
  }
  EXPECT_EQ(log.ingest.low_time(), 20 * kDay);
}

TEST(Ingest, DoesNotShowInItsSnapshotWhetherTheLowTimeWasAskedFor) {
  PlayedLog log(kApp);
  for (int i = 1; i <= 1000; ++i) log.offer("sale", sale("e" + std::to_string(i), day(20)));
  const auto core = [&] {
    std::string bytes;
    ByteWriter out(bytes);
    log.ingest.write_core(out);
    return bytes;
  };
  const std::string digest = log.ingest.digest(), bytes = core();
  EXPECT_EQ(log.ingest.low_time(), 20 * kDay);
  EXPECT_EQ(log.ingest.digest(), digest);
  EXPECT_EQ(core(), bytes);
}

TEST(Ingest, TakesHistoryIntoWindowsWithoutAnOutcome) {  // S1.2, A15
  PlayedLog log(kApp);
  log.offer("sale", sale("live", day(20)));
  const auto old = log.offer("sale", sale("old", day(19)), 20 * kDay, true);
  EXPECT_EQ(old.admission.position, 2U);
  EXPECT_EQ(old.outcome.status, OutcomeStatus::none);
  EXPECT_EQ(log.offer("sale", sale("next", day(20))).seen["count_7d"], "2");
}

TEST(Ingest, WritesTheLastControlRecordIntoEachRecord) {  // S1.3, A3
  PlayedLog log(kApp);
  log.offer("sale", sale("a", day(1)));
  EXPECT_EQ(log.last.record.control, kNoPosition);
  ASSERT_TRUE(log.control(event::RecordKind::train, ""));
  log.offer("sale", sale("b", day(1)));
  EXPECT_EQ(log.last.record.control, 2U);
}

TEST(Ingest, FreesTheIdsBelowASealAndRefusesWhatIsAsOld) {  // S10.4
  PlayedLog log(kApp);
  log.offer("sale", sale("a", day(1)));
  log.offer("report", report("r1", day(4), "b", true));
  log.offer("sale", sale("kept", day(5)));
  log.offer("report", report("r2", day(6), "c", true));
  const Micros now = 6 * kDay;
  ASSERT_TRUE(log.control(event::RecordKind::seal, write_seal({2, 1, "", 4 * kDay})));
  EXPECT_EQ(log.ingest.cut(), 2U);
  EXPECT_EQ(log.ingest.ids(), 2U);
  EXPECT_EQ(log.ingest.waiting_labels(), 1U);
  EXPECT_FALSE(log.ingest.find("sale", "a"));
  EXPECT_EQ(log.ingest.find("sale", "kept"), 3U);
  const auto old = log.offer("sale", sale("a", day(1)), now).admission;
  EXPECT_EQ(old.error.id(), "too_old");
  EXPECT_EQ(old.error.code(), Code::expired);
  EXPECT_EQ(log.offer("sale", sale("edge", day(4)), now).admission.error.id(), "too_old");
  EXPECT_EQ(log.offer("sale", sale("kept", day(5)), now).admission.what, What::repeated);
  // The id is free for another event; the report that waited for one below the edge does not.
  EXPECT_EQ(log.offer("sale", sale("a", day(5)), now).admission.what, What::admitted);
  log.offer("sale", sale("b", day(5)), now);
  EXPECT_TRUE(log.last.record.attached.empty());
  log.offer("sale", sale("c", day(5)), now);
  EXPECT_EQ(log.last.record.attached.size(), 1U);
}

TEST(Ingest, BegunAtACutIsWhatTheWholeLogBecameBySealing) {  // S10.2, S10.4
  PlayedLog log(kApp);
  std::vector<std::unique_ptr<Admitted>> records;
  const auto take = [&] { records.push_back(std::make_unique<Admitted>(std::move(log.last))); };
  const auto offer = [&](const char* type, const std::string& json) {
    if (log.offer(type, json, 30 * kDay).admission.what == What::admitted) take();
  };
  offer("report", report("r1", day(2), "s7", true));
  for (int i = 0; i < 1200; ++i) {
    offer("sale", sale("s" + std::to_string(i), day(5), "x"));
    // Before its event, after it, and out of its time.
    if (i % 3 == 0)
      offer("report", report("a" + std::to_string(i), day(6), "s" + std::to_string(i + 5), true));
    if (i % 4 == 0)
      offer("report", report("b" + std::to_string(i), day(7), "s" + std::to_string(i / 2), true));
    if (i % 5 == 0)
      offer("report", report("c" + std::to_string(i), day(20), "s" + std::to_string(i / 2), true));
  }
  constexpr Position kCut = 900;
  std::string core;
  Ingest whole(log.spec, 1, 2, log.sealer), begun(log.spec, 1, 2, log.sealer);
  for (const auto& record : records) {
    ASSERT_TRUE(whole.replay(*record, *log.spec));
    if (record->record.position != kCut) continue;
    ByteWriter out(core);
    whole.write_core(out);
    ByteReader in(core);
    ASSERT_TRUE(begun.read_core(in));
    begun.finish_reading();
    begun.begin_after(kCut, 5 * kDay);
  }
  for (const auto& record : records) {
    if (record->record.position <= kCut) continue;
    ASSERT_TRUE(begun.replay(*record, *log.spec));
  }
  EXPECT_NE(begun.digest(), whole.digest());
  EXPECT_GT(whole.waiting_labels(), 0U);
  whole.begin_after(kCut, 5 * kDay);
  EXPECT_EQ(begun.waiting_labels(), whole.waiting_labels());
  EXPECT_EQ(begun.digest(), whole.digest());
  // And out of a snapshot of either.
  for (Ingest* from : {&begun, &whole}) {
    std::string bytes;
    ByteWriter out(bytes);
    Ingest again(log.spec, 1, 2, log.sealer);
    from->write_again();
    std::string piece;
    const auto wrote = from->write_piece(piece, SIZE_MAX);
    EXPECT_EQ(wrote.first, kCut + 1);
    from->write_core(out);
    ByteReader in(bytes);
    ASSERT_TRUE(again.read_core(in));
    ASSERT_TRUE(again.read_piece(piece, kCut + 1));
    again.finish_reading();
    EXPECT_EQ(again.digest(), whole.digest());
  }
}

TEST(Ingest, ReplayedFromItsOwnRecordsGoesOnAlike) {  // S1.3
  PlayedLog log(kApp);
  Ingest other(log.spec, 1, 2, log.sealer);
  const auto both = [&](const char* type, const std::string& json) {
    log.offer(type, json, 30 * kDay);
    ASSERT_TRUE(other.replay(log.last, *log.spec));
  };
  both("report", report("r1", day(2), "x", true));
  both("report", report("r2", day(3), "y", true));
  both("sale", sale("x", day(1), "T"));
  for (int i = 0; i < 1500; ++i) both("sale", sale("e" + std::to_string(i), day(20)));
  EXPECT_EQ(other.last(), log.ingest.last());
  EXPECT_EQ(other.low_time(), log.ingest.low_time());
  EXPECT_EQ(other.ids(), log.ingest.ids());
  EXPECT_EQ(other.waiting_labels(), log.ingest.waiting_labels());
  EXPECT_EQ(other.find("sale", "x"), log.ingest.find("sale", "x"));
  log.last.record.position += 2;  // one is missing
  EXPECT_EQ(other.replay(log.last, *log.spec).error().code(), Code::broken);
}

}  // namespace
}  // namespace quintet::stage
