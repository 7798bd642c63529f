#include <gtest/gtest.h>

#include "app/marked_test.h"

namespace quintet::app {
namespace {

using event::Kind;

TEST(Events, ReadsFieldsInShortAndLongForm) {
  auto spec = accepted(kHead, R"(events:
  e:
    id: i
    time: at
    input: {separator: ";", "null": ["", NA], unknown: refuse, timestamps: millis}
    fields:
      i: {type: string, from: ID}
      at: timestamp
      amount: {type: decimal(2), minimum: 0, maximum: 100.5, default: 1.5, optional: true}
      who: {type: string, privacy: pseudonymize}
      kind: {type: string, levels: [a, b], default: b}
      tags: list(string)
      num: {type: int64, use: audit}
)");
  ASSERT_TRUE(spec);
  const event::EventType& e = spec->events[0];
  ASSERT_EQ(e.fields.size(), 7U);
  EXPECT_EQ(e.id_field, 0);
  EXPECT_EQ(e.time_field, 1);
  EXPECT_EQ(e.subject_field, 3);
  EXPECT_EQ(e.fields[0].from, "ID");
  EXPECT_EQ(e.fields[1].from, "at");
  EXPECT_EQ(e.fields[2].type, event::Type::decimal(2));
  EXPECT_EQ(e.fields[2].maximum->as_int64(), 10050);
  EXPECT_EQ(e.fields[2].fallback.as_int64(), 150);
  EXPECT_TRUE(e.fields[3].sealed());
  EXPECT_EQ(e.fields[4].fallback.as_text(), "b");
  EXPECT_EQ(e.fields[5].type, event::Type::list(event::Type::of(Kind::text)));
  EXPECT_EQ(e.fields[6].use, event::Use::audit);
  EXPECT_EQ(e.input.separator, ';');
  EXPECT_EQ(e.input.nulls, (std::vector<std::string>{"", "NA"}));
  EXPECT_TRUE(e.input.refuse_unknown);
  EXPECT_EQ(e.input.epoch, event::InputRules::Epoch::millis);
}

TEST(Events, ReadsTablesWithTheirKeys) {
  auto spec = accepted(kShop, "");
  ASSERT_TRUE(spec);
  EXPECT_TRUE(spec->events[0].is_table);
  EXPECT_EQ(spec->events[0].key_fields, (std::vector<int>{0}));
  EXPECT_EQ(spec->event_index("order"), 1);
  EXPECT_EQ(spec->event_index("nothing"), -1);
  EXPECT_EQ(spec->labels_of(1), (std::vector<int>{0}));
}

void field_refused(std::string_view code, const std::string& field) {
  refused(code, kHead, "events:\n  e:\n    fields:\n      k: string\n      f: " + field + "\n");
}

TEST(Events, RefusesUnknownTypesWithTheNearestOne) {
  field_refused("QNT-0204", "«flaot»");
  field_refused("QNT-0204", "{type: «int»}");
  field_refused("QNT-0204", "«decimal(19)»");
  field_refused("QNT-0204", "«list(list(string))»");
  field_refused("QNT-0204", "«tensor(3)»");
}

TEST(Events, RefusesLimitsThatDoNotFitTheirField) {
  field_refused("QNT-0205", "{type: int64, minimum: «1.5»}");
  field_refused("QNT-0205", "{type: decimal(2), maximum: «1.234»}");
  field_refused("QNT-0205", "{type: string, minimum: «1»}");
  field_refused("QNT-0205", "{type: double, levels: [«a», b]}");
  field_refused("QNT-0205", "{type: int64, minimum: 5, maximum: «4»}");
  field_refused("QNT-0205", "{type: int64, minimum: 5, default: «4»}");
  field_refused("QNT-0205", "{type: string, levels: [a], default: «b»}");
  refused("QNT-0205", kHead, "events:\n  e: {fields: {k: {type: string, levels: «[]»}}}\n");
}

TEST(Events, RefusesPrivacyThatNeedsAText) {
  field_refused("QNT-0203", "{type: int64, privacy: «mask»}");
  field_refused("QNT-0203", "{type: bool, privacy: «pseudonymize»}");
}

TEST(Events, RefusesMoreThanAThousandFields) {
  std::string fields;
  for (int i = 0; i < 1024; ++i) fields += "f" + std::to_string(i) + ": string, ";
  refused("QNT-0218", kHead, "events:\n  e: {fields: {" + fields + "«last»: string}}\n");
}

TEST(Events, RefusesTwoFieldsFromOneName) {
  refused("QNT-0206", kHead,
          "events:\n  e:\n    fields:\n      k: string\n      «f»: {type: string, from: k}\n");
}

TEST(Events, RefusesIdsAndTimesThatCannotBe) {
  const std::string fields =
      ", fields: {s: string, d: double, o: {type: string, optional: true}, t: timestamp, "
      "p: {type: timestamp, optional: true}}}\n";
  refused("QNT-0202", kHead, "events:\n  e: {id: «x»" + fields);
  refused("QNT-0207", kHead, "events:\n  e: {id: «d»" + fields);
  refused("QNT-0207", kHead, "events:\n  e: {id: «o»" + fields);
  refused("QNT-0208", kHead, "events:\n  e: {time: «s»" + fields);
  refused("QNT-0208", kHead, "events:\n  e: {time: «p»" + fields);
  refused("QNT-0209", kHead,
          "events:\n  e: {fields: {k: string}}\ntables:\n  r: {key: «o»" + fields);
  refused("QNT-0209", kHead,
          "events:\n  e: {fields: {k: string}}\ntables:\n  r: {key: [s, «s»]" + fields);
}

TEST(Labels, ReadsALabelOfTheEventItself) {
  auto spec = accepted(kShop, "");
  ASSERT_EQ(spec->labels.size(), 1U);
  const Label& label = spec->labels[0];
  EXPECT_EQ(label.name, "back");
  EXPECT_EQ(label.of, 1);
  EXPECT_EQ(label.field, 7);
  EXPECT_EQ(label.report, -1);
  EXPECT_EQ(label.type.kind, Kind::boolean);
  EXPECT_FALSE(label.otherwise.is_null());
  EXPECT_EQ(label.after, 7 * kDay);
}

TEST(Labels, ReadsALabelOfALaterEvent) {
  auto spec = accepted(kShop,
                       "  bad: {of: order, value: any(fraud) from refund where customer != \"x\" "
                       "over next 30d by order_id}\n");
  ASSERT_TRUE(spec);
  const Label& label = spec->labels[1];
  EXPECT_EQ(label.report, 2);
  EXPECT_EQ(label.report_key, 2);
  EXPECT_EQ(label.within, 30 * kDay);
  EXPECT_EQ(label.after, 30 * kDay);
  EXPECT_TRUE(label.report_value);
  EXPECT_TRUE(label.report_where);
  EXPECT_TRUE(label.otherwise.is_null());
}

void label_refused(std::string_view code, const std::string& value,
                   std::string_view event = "order") {
  refused(code, kShop, "  l:\n    of: " + std::string(event) + "\n    value: " + value + "\n");
}

TEST(Labels, RefusesWhatCannotBeALabel) {
  label_refused("QNT-0210", "«amount > 1»");
  label_refused("QNT-0211", "«note»");
  label_refused("QNT-0202", "«retruned»");
  label_refused("QNT-0212", "«max»(fraud) from refund by order_id");
  label_refused("QNT-0213", "«any(fraud) over next 3d by order_id»");
  label_refused("QNT-0201", "any(fraud) from «refnd» by order_id");
  label_refused("QNT-0202", "any(fraud) from refund by «order»");
  label_refused("QNT-0214", "any(fraud) from refund by «filed»");
  label_refused("QNT-0214", "«any(fraud) from refund over next 3d»");
  // S5.1: never by another field that both have.
  label_refused("QNT-0214", "any(fraud) from refund over next 3d by «customer»");
  label_refused("QNT-0215", "any(fraud) from refund over «3d» by order_id");
  refused("QNT-0201", kShop, "  l: {of: «ordr», value: returned}\n");
  refused("QNT-0201", kShop, "  l: {of: «product», value: sku}\n");
  refused("QNT-0205", kShop, "  l: {of: order, value: returned, otherwise: «maybe»}\n");
}

TEST(Labels, RefusesAForwardWindowWithoutTime) {
  refused("QNT-0402", kHead,
          "events:\n  a:\n    id: id\n    time: at\n    fields: {id: string, at: timestamp}\n"
          "  b:\n    fields: {a_id: string, level: int64}\n"
          "labels:\n  l: {of: a, value: last(level) from b over «next 3d» by a_id}\n");
}

}  // namespace
}  // namespace quintet::app
