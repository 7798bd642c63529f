// Times as people write them. Inside, a time is Micros (base/clock.h): microseconds since 1970 UTC
// on the proleptic Gregorian calendar, without leap seconds. A time zone is a fixed offset from UTC
// in minutes, east positive; nothing here reads a table of zones. Years are 0001 ... 9999. Any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/expected.h"

namespace quintet {

// From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z.
inline constexpr Micros kFirstTime = -62'135'596'800 * kSecond;
inline constexpr Micros kLastTime = 253'402'300'800 * kSecond - 1;
inline bool is_time(Micros t) {
  return kFirstTime <= t && t <= kLastTime;
}

// A calendar date; month 1 ... 12, day 1 ... 31.
struct Date {
  int year = 1970;
  int month = 1;
  int day = 1;

  bool operator==(const Date&) const = default;
};

// A time of day, and a date, in some fixed offset.
struct Civil {
  Date date;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int micros = 0;

  bool operator==(const Civil&) const = default;
};

bool is_leap(int year);
int days_in_month(int year, int month);
// Days since 1970-01-01, which is day 0. The date must exist (checked by the parsers, not here).
std::int64_t days_from_date(Date date);
Date date_from_days(std::int64_t days);

Civil civil_from_time(Micros t, int offset_minutes = 0);
// The date must exist and the parts must be in range.
Micros time_from_civil(const Civil& civil, int offset_minutes = 0);

// Exactly one of these, with nothing before or after; the fraction has 1 to 9 digits, of which
// those beyond the sixth must be zeros:
//   2024-02-29T12:34:56[.123456](Z|+01:00)   RFC 3339; T and Z in either case, or a space for T
//   2024-02-29 12:34:56[.123456]             T or space; taken to be in `offset_minutes`
//   2024-02-29                               midnight in `offset_minutes`
// A date that does not exist, second 60 and hour 24 are refused: Code::invalid.
Expected<Micros> parse_time(std::string_view text, int offset_minutes = 0);
// "Z", "UTC" or (+|-)HH:MM up to 23:59, as minutes.
Expected<int> parse_offset(std::string_view text);

// RFC 3339 in UTC, with six digits of micros only if they are not zero: "2024-02-29T12:34:56Z". The
// time must satisfy is_time (checked).
std::string format_time(Micros t);
void append_time(std::string& out, Micros t);

// Parts of a time in a fixed offset. weekday is ISO: Monday 1 ... Sunday 7.
int hour_of(Micros t, int offset_minutes = 0);
int minute_of(Micros t, int offset_minutes = 0);
int weekday_of(Micros t, int offset_minutes = 0);
int day_of(Micros t, int offset_minutes = 0);
int day_of_year(Micros t, int offset_minutes = 0);
int month_of(Micros t, int offset_minutes = 0);
int year_of(Micros t, int offset_minutes = 0);

// The greatest multiple of `step` (positive, checked), counted from 1970, that is not after t.
Micros floor_to(Micros t, Micros step);
// The beginning of t's hour or day in the offset.
Micros floor_to_hour(Micros t, int offset_minutes = 0);
Micros floor_to_day(Micros t, int offset_minutes = 0);

}  // namespace quintet
