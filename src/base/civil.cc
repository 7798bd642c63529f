#include "base/civil.h"

#include <array>

namespace quintet {
namespace {

constexpr int kDaysIn400Years = 146'097;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return q - (a % b < 0 ? 1 : 0);
}

std::int64_t day_number(Micros t, int offset_minutes) {
  return floor_div(t + offset_minutes * kMinute, kDay);
}

Micros in_day(Micros t, int offset_minutes) {
  return t + offset_minutes * kMinute - day_number(t, offset_minutes) * kDay;
}

// Reads a text from the left; the first thing that does not fit makes it bad for good.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  // Exactly `count` digits whose value lies in [low, high].
  int number(std::size_t count, int low, int high) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') return bad();
      value = 10 * value + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value < low || value > high ? bad() : value;
  }
  void expect(char c) {
    if (!take(c)) bad();
  }
  bool take(char c) {
    if (!ok_ || !rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // The digits after the point as micros.
  int fraction() {
    int value = 0;
    std::size_t n = 0;
    for (; n < rest_.size() && rest_[n] >= '0' && rest_[n] <= '9'; ++n) {
      if (n >= 9 || (n >= 6 && rest_[n] != '0')) return bad();
      if (n < 6) value = 10 * value + (rest_[n] - '0');
    }
    if (n == 0) return bad();
    rest_.remove_prefix(n);
    for (; n < 6; ++n) value *= 10;
    return value;
  }
  // Z or (+|-)HH:MM, as minutes.
  int offset() {
    if (take('Z') || take('z')) return 0;
    const bool west = take('-');
    if (!west) expect('+');
    const int hours = number(2, 0, 23);
    expect(':');
    const int minutes = 60 * hours + number(2, 0, 59);
    return west ? -minutes : minutes;
  }

 private:
  int bad() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

void append_digits(std::string& out, int value, int count) {
  char digits[8];
  for (int i = count - 1; i >= 0; --i, value /= 10) {
    digits[i] = static_cast<char>('0' + value % 10);
  }
  out.append(digits, static_cast<std::size_t>(count));
}

}  // namespace

bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  check(month >= 1 && month <= 12, "a month outside 1 ... 12");
  return month == 2 && is_leap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Years begin in March here, so that the leap day is the last of its year, and month m (March = 0)
// begins on day (153 m + 2) / 5.
std::int64_t days_from_date(Date date) {
  const std::int64_t year = date.month > 2 ? date.year : date.year - 1;
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t year_of_era = year - 400 * era;
  const int month = (date.month + 9) % 12;
  const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const std::int64_t leaps = year_of_era / 4 - year_of_era / 100;
  // 719468 days lie between 0000-03-01 and 1970-01-01.
  return kDaysIn400Years * era + 365 * year_of_era + leaps + day_of_year - 719'468;
}

Date date_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_div(days, kDaysIn400Years);
  const auto day_of_era = static_cast<int>(days - kDaysIn400Years * era);
  // Without the leap days that lie before, every year has 365.
  const int year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int month = (5 * day_of_year + 2) / 153;
  Date date;
  date.day = day_of_year - (153 * month + 2) / 5 + 1;
  date.month = month < 10 ? month + 3 : month - 9;
  date.year = static_cast<int>(400 * era) + year_of_era + (date.month <= 2 ? 1 : 0);
  return date;
}

Civil civil_from_time(Micros t, int offset_minutes) {
  const Micros rest = in_day(t, offset_minutes);
  Civil civil;
  civil.date = date_from_days(day_number(t, offset_minutes));
  civil.hour = static_cast<int>(rest / kHour);
  civil.minute = static_cast<int>(rest / kMinute % 60);
  civil.second = static_cast<int>(rest / kSecond % 60);
  civil.micros = static_cast<int>(rest % kSecond);
  return civil;
}

Micros time_from_civil(const Civil& civil, int offset_minutes) {
  return days_from_date(civil.date) * kDay + civil.hour * kHour + civil.minute * kMinute +
         civil.second * kSecond + civil.micros - offset_minutes * kMinute;
}

Expected<Micros> parse_time(std::string_view text, int offset_minutes) {
  Cursor cursor(text);
  Civil civil;
  civil.date.year = cursor.number(4, 1, 9999);
  cursor.expect('-');
  civil.date.month = cursor.number(2, 1, 12);
  cursor.expect('-');
  civil.date.day = cursor.number(2, 1, 31);
  if (cursor.ok() && civil.date.day > days_in_month(civil.date.year, civil.date.month)) {
    return invalid("this date does not exist");
  }
  if (!cursor.at_end()) {
    if (!cursor.take(' ') && !cursor.take('t')) cursor.expect('T');
    civil.hour = cursor.number(2, 0, 23);
    cursor.expect(':');
    civil.minute = cursor.number(2, 0, 59);
    cursor.expect(':');
    civil.second = cursor.number(2, 0, 59);
    if (cursor.take('.')) civil.micros = cursor.fraction();
    if (!cursor.at_end()) offset_minutes = cursor.offset();
  }
  if (!cursor.ok() || !cursor.at_end()) {
    return invalid("this is not a time such as 2024-02-29T12:34:56Z");
  }
  const Micros t = time_from_civil(civil, offset_minutes);
  if (!is_time(t)) return invalid("a time outside the years 0001 to 9999");
  return t;
}

Expected<int> parse_offset(std::string_view text) {
  if (text == "UTC") return 0;
  Cursor cursor(text);
  const int minutes = cursor.offset();
  if (!cursor.ok() || !cursor.at_end()) {
    return invalid("this is not an offset from UTC such as +01:00");
  }
  return minutes;
}

void append_time(std::string& out, Micros t) {
  check(is_time(t), "a time outside the years 0001 to 9999");
  const Civil civil = civil_from_time(t);
  append_digits(out, civil.date.year, 4);
  out.push_back('-');
  append_digits(out, civil.date.month, 2);
  out.push_back('-');
  append_digits(out, civil.date.day, 2);
  out.push_back('T');
  append_digits(out, civil.hour, 2);
  out.push_back(':');
  append_digits(out, civil.minute, 2);
  out.push_back(':');
  append_digits(out, civil.second, 2);
  if (civil.micros != 0) {
    out.push_back('.');
    append_digits(out, civil.micros, 6);
  }
  out.push_back('Z');
}

std::string format_time(Micros t) {
  std::string out;
  append_time(out, t);
  return out;
}

int hour_of(Micros t, int offset_minutes) {
  return static_cast<int>(in_day(t, offset_minutes) / kHour);
}

int minute_of(Micros t, int offset_minutes) {
  return static_cast<int>(in_day(t, offset_minutes) / kMinute % 60);
}

int weekday_of(Micros t, int offset_minutes) {
  // Day 0 was a Thursday.
  const std::int64_t days = day_number(t, offset_minutes) + 3;
  return static_cast<int>(days - 7 * floor_div(days, 7)) + 1;
}

int day_of(Micros t, int offset_minutes) {
  return date_from_days(day_number(t, offset_minutes)).day;
}

int day_of_year(Micros t, int offset_minutes) {
  const std::int64_t days = day_number(t, offset_minutes);
  return static_cast<int>(days - days_from_date({date_from_days(days).year, 1, 1})) + 1;
}

int month_of(Micros t, int offset_minutes) {
  return date_from_days(day_number(t, offset_minutes)).month;
}

int year_of(Micros t, int offset_minutes) {
  return date_from_days(day_number(t, offset_minutes)).year;
}

Micros floor_to(Micros t, Micros step) {
  check(step > 0, "a step that is not positive");
  return floor_div(t, step) * step;
}

Micros floor_to_hour(Micros t, int offset_minutes) {
  const Micros shift = offset_minutes * kMinute;
  return floor_to(t + shift, kHour) - shift;
}

Micros floor_to_day(Micros t, int offset_minutes) {
  const Micros shift = offset_minutes * kMinute;
  return floor_to(t + shift, kDay) - shift;
}

}  // namespace quintet
