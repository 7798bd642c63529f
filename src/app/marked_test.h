// For tests: application files in which the place of an expected diagnostic is marked with « and ».
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "app/load.h"
#include "app/source.h"

namespace quintet::app {

struct Marked {
  std::string text;
  Place place;
};

// Takes the marks out. `before` is put in front.
inline Marked marked(std::string_view before, std::string_view text) {
  Marked out;
  out.text = before;
  std::size_t begin = 0, end = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("«")) {
      begin = out.text.size();
      i += 2;
    } else if (text.substr(i).starts_with("»")) {
      end = out.text.size();
      i += 2;
    } else {
      out.text += text[i++];
    }
  }
  out.place = Source(out.text).place(begin, end);
  return out;
}

inline std::string describe(const Loaded& loaded, std::string_view text) {
  std::string out;
  for (const Diagnostic& each : loaded.diagnostics) out += render(each, "app.yaml", text, false);
  return out;
}

// Expects exactly one diagnostic, with this code and place.
inline Diagnostic refused(std::string_view code, std::string_view before, std::string_view text) {
  const Marked file = marked(before, text);
  const Loaded loaded = load(file.text);
  EXPECT_EQ(loaded.spec, nullptr);
  EXPECT_EQ(loaded.diagnostics.size(), 1U) << describe(loaded, file.text);
  for (const Diagnostic& each : loaded.diagnostics) {
    if (each.code != code) continue;
    EXPECT_TRUE(each.place == file.place)
        << "expected " << file.place.line << ":" << file.place.column << " to "
        << file.place.end_line << ":" << file.place.end_column << ", got\n"
        << render(each, "app.yaml", file.text, false);
    return each;
  }
  ADD_FAILURE() << "no " << code << " among\n" << describe(loaded, file.text);
  return {};
}

inline std::shared_ptr<const Spec> accepted(std::string_view before, std::string_view text) {
  const std::string file = std::string(before) + std::string(text);
  Loaded loaded = load(file);
  EXPECT_TRUE(loaded.spec) << describe(loaded, file);
  return loaded.spec;
}

inline constexpr std::string_view kHead = "quintet: 1\napp: test\n";

// An order with a label, and a refund.
inline constexpr std::string_view kShop = R"(quintet: 1
app: shop
sets: {days: [1d, 7d]}
constants: {limit: 10.5, home: BE}
tables:
  product:
    key: sku
    fields: {sku: string, price: decimal(2), group: string, secret: {type: string, privacy: drop}}
events:
  order:
    id: order_id
    time: at
    fields:
      order_id: string
      at: timestamp
      customer: string
      sku: string
      amount: decimal(2)
      note: {type: string, optional: true}
      audit_no: {type: string, use: audit}
      returned: {type: bool, optional: true, use: label}
  refund:
    id: refund_id
    time: filed
    fields: {refund_id: string, filed: timestamp, order_id: string, customer: string, fraud: bool}
  ping:
    fields: {customer: string, level: int64}
labels:
  back: {of: order, value: returned, otherwise: false, after: 7d}
)";

}  // namespace quintet::app
