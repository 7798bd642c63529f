// Records read under a later version of their application.
#include "stage/admitted.h"

#include "stage/stage_fixture.h"

namespace quintet::stage {
namespace {

std::string app_with(const std::string& labels) {
  return R"(quintet: 1
app: test
events:
  sale: {id: id, time: at, fields: {id: string, at: timestamp, shop: string}}
  report: {id: id, time: at, fields: {id: string, at: timestamp, sale_id: string, bad: bool}}
  dispute:
    id: id
    time: at
    fields: {id: string, at: timestamp, note: string, who: string, of_sale: string, lost: bool}
labels:
)" + labels +
         R"(features:
  s: {of: sale, columns: {risk: "sum(if(fraud, 1, 0)) over 30d delayed 7d by shop"}}
)";
}

const std::string kFraud =
    "  fraud: {of: sale, value: any(bad) from report by sale_id, otherwise: false, after: 7d}\n";

Admitted read(const event::Record& record, const app::Spec& written, const app::Spec& spec) {
  NoSealer sealer;
  Admitted admitted;
  admitted.record = record;
  const auto decoded = decode_record(written, spec, 1, sealer, admitted);
  EXPECT_TRUE(decoded) << decoded.error().message();
  return admitted;
}

// S5.2, DESIGN 6.8
TEST(Admitted, ALabelOnARecordIsTheOneOfItsNameUnderALaterVersion) {
  PlayedLog log(app_with(kFraud));
  log.offer("report", R"({"id": "r", "at": 20, "sale_id": "a", "bad": true})");
  log.offer("sale", R"({"id": "a", "at": 10, "shop": "x"})", 30 * kSecond);
  ASSERT_EQ(log.last.record.attached.size(), 1U);
  const auto later = spec_of(app_with(
      "  clerk: {of: sale, value: last(who) from dispute by of_sale, after: 7d}\n" + kFraud));
  const Admitted admitted = read(log.last.record, *log.spec, *later);
  ASSERT_EQ(admitted.labels.size(), 2U);
  EXPECT_TRUE(admitted.labels[0].is_null());
  EXPECT_TRUE(admitted.labels[1].as_bool());
}

TEST(Admitted, AReportThatBringsAnotherLabelNowTouchesNothing) {
  PlayedLog log(app_with(kFraud));
  log.offer("sale", R"({"id": "a", "at": 10, "shop": "x"})");
  log.offer("report", R"({"id": "r", "at": 20, "sale_id": "a", "bad": true})");
  ASSERT_EQ(log.last.record.targets.size(), 1U);
  EXPECT_FALSE(read(log.last.record, *log.spec, *log.spec).touches.empty());
  const auto later = spec_of(app_with(
      "  fraud: {of: sale, value: any(lost) from dispute by of_sale, after: 7d, otherwise: false}"
      "\n"));
  EXPECT_TRUE(read(log.last.record, *log.spec, *later).touches.empty());
}

TEST(Admitted, ARecordThatNamesALabelItsVersionLacksIsBroken) {
  PlayedLog log(app_with(kFraud));
  log.offer("report", R"({"id": "r", "at": 20, "sale_id": "a", "bad": true})");
  log.offer("sale", R"({"id": "a", "at": 10, "shop": "x"})", 30 * kSecond);
  NoSealer sealer;
  Admitted admitted;
  admitted.record = log.last.record;
  admitted.record.attached[0].label = 1;
  const auto decoded = decode_record(*log.spec, *log.spec, 1, sealer, admitted);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code(), Code::broken);
}

}  // namespace
}  // namespace quintet::stage
