#include "base/civil.h"

#include <random>

#include <gtest/gtest.h>

namespace quintet {
namespace {

Micros time_of(std::string_view text, int offset_minutes = 0) {
  auto t = parse_time(text, offset_minutes);
  EXPECT_TRUE(t.has_value()) << text;
  return t ? *t : 0;
}

TEST(Civil, EveryDayOfTenThousandYearsFollowsTheOneBefore) {
  const std::int64_t first = days_from_date({1, 1, 1});
  Date date{1, 1, 1};
  for (std::int64_t days = first; date.year < 10'000; ++days) {
    ASSERT_EQ(date_from_days(days), date) << days;
    ASSERT_EQ(days_from_date(date), days);
    if (++date.day <= days_in_month(date.year, date.month)) continue;
    date.day = 1;
    if (++date.month <= 12) continue;
    date.month = 1;
    ++date.year;
  }
  EXPECT_EQ(first * kDay, kFirstTime);
  EXPECT_EQ(days_from_date({1970, 1, 1}), 0);
}

TEST(Civil, TimesReturnFromTheirText) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    Micros t = kFirstTime + static_cast<Micros>(
                                random() % static_cast<std::uint64_t>(kLastTime - kFirstTime + 1));
    if (random() % 2 == 0) t = floor_to(t, kSecond);
    const int offset = static_cast<int>(random() % 2879) - 1439;
    ASSERT_EQ(time_of(format_time(t)), t);
    ASSERT_EQ(time_from_civil(civil_from_time(t, offset), offset), t);
    ASSERT_EQ(hour_of(t, offset), civil_from_time(t, offset).hour);
    ASSERT_EQ(minute_of(t, offset), civil_from_time(t, offset).minute);
    ASSERT_EQ(floor_to_day(t, offset) / kMinute,
              (t - t % kMinute - (t % kMinute < 0 ? kMinute : 0) - hour_of(t, offset) * kHour -
               minute_of(t, offset) * kMinute) /
                  kMinute);
  }
  EXPECT_EQ(time_of(format_time(kFirstTime)), kFirstTime);
  EXPECT_EQ(format_time(kLastTime), "9999-12-31T23:59:59.999999Z");
}

TEST(Civil, ReadsTheThreeForms) {
  const Micros t = 1'709'210'096 * kSecond;
  EXPECT_EQ(time_of("2024-02-29T12:34:56Z"), t);
  EXPECT_EQ(time_of("2024-02-29t12:34:56z"), t);
  EXPECT_EQ(time_of("2024-02-29 12:34:56"), t);
  EXPECT_EQ(time_of("2024-02-29T13:34:56+01:00"), t);
  EXPECT_EQ(time_of("2024-02-29T07:04:56-05:30"), t);
  EXPECT_EQ(time_of("2024-02-29 14:34:56", 120), t);
  EXPECT_EQ(time_of("2024-02-29 12:34:56Z", 120), t);
  EXPECT_EQ(time_of("2024-02-29T12:34:56.5"), t + 500'000);
  EXPECT_EQ(time_of("2024-02-29T12:34:56.000001000Z"), t + 1);
  EXPECT_EQ(time_of("2024-02-29", -60), floor_to(t, kDay) + kHour);
}

TEST(Civil, RefusesAllElse) {
  for (const auto* bad : {"",
                          "2024",
                          "2024-02-30",
                          "2023-02-29",
                          "1900-02-29",
                          "0000-01-01",
                          "2024-13-01",
                          "2024-00-10",
                          "2024-1-1",
                          "2024-02-29T",
                          "2024-02-29T12:34",
                          "2024-02-29T12:34:60Z",
                          "2024-02-29T24:00:00Z",
                          "2024-02-29T12:60:00Z",
                          "2024-02-29T12:34:56.Z",
                          "2024-02-29T12:34:56.1234567Z",
                          "2024-02-29T12:34:56.0000000000Z",
                          "2024-02-29T12:34:56+0100",
                          "2024-02-29T12:34:56+24:00",
                          "2024-02-29T12:34:56Z ",
                          " 2024-02-29",
                          "2024-02-29  12:34:56",
                          "2024-02-29T12:34:56ZZ",
                          "+2024-02-29",
                          "0001-01-01T00:00:00+00:01",
                          "9999-12-31T23:59:59-00:01",
                          "2024/02/29",
                          "1709210096"}) {
    auto t = parse_time(bad);
    ASSERT_FALSE(t.has_value()) << bad;
    EXPECT_EQ(t.error().code(), Code::invalid);
  }
}

TEST(Civil, KnowsTheOffsets) {
  EXPECT_EQ(*parse_offset("UTC"), 0);
  EXPECT_EQ(*parse_offset("Z"), 0);
  EXPECT_EQ(*parse_offset("+05:45"), 345);
  EXPECT_EQ(*parse_offset("-23:59"), -1439);
  for (const auto* bad : {"", "+1:00", "+01", "0100", "+01:60", "Europe/Berlin", "Z "}) {
    EXPECT_FALSE(parse_offset(bad)) << bad;
  }
}

TEST(Civil, GivesTheParts) {
  const Micros t = time_of("2024-12-31T23:30:00Z");  // a Tuesday
  EXPECT_EQ(weekday_of(t), 2);
  EXPECT_EQ(weekday_of(t, 60), 3);
  EXPECT_EQ(hour_of(t, 60), 0);
  EXPECT_EQ(year_of(t, 60), 2025);
  EXPECT_EQ(month_of(t), 12);
  EXPECT_EQ(day_of(t), 31);
  EXPECT_EQ(day_of_year(t), 366);
  EXPECT_EQ(day_of_year(t, 60), 1);
  EXPECT_EQ(weekday_of(0), 4);
  EXPECT_EQ(weekday_of(-1), 3);
  EXPECT_EQ(weekday_of(-4 * kDay), 7);
}

TEST(Civil, RoundsDownOnBothSidesOf1970) {
  EXPECT_EQ(floor_to(-1, kHour), -kHour);
  EXPECT_EQ(floor_to(-kHour, kHour), -kHour);
  EXPECT_EQ(floor_to(kHour + 1, kHour), kHour);
  EXPECT_EQ(floor_to_day(0, 60), -kHour);
  EXPECT_EQ(floor_to_day(-kHour, 60), -kHour);
  EXPECT_EQ(floor_to_day(-kHour - 1, 60), -kHour - kDay);
  EXPECT_EQ(floor_to_hour(0, 30), -30 * kMinute);
}

}  // namespace
}  // namespace quintet
