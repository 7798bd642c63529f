#include "host/cloud_events.h"

#include <gtest/gtest.h>

namespace quintet::host {
namespace {

HttpRequest request_of(std::string_view content_type, std::vector<Header> more = {}) {
  HttpRequest request;
  request.headers = std::move(more);
  request.headers.push_back({"Content-Type", content_type});
  return request;
}

std::string mode_of(const HttpRequest& request) {
  const auto mode = cloud_mode(request);
  if (!mode) return mode.error().id();
  const char* names[] = {"none", "binary", "structured", "batch"};
  return names[static_cast<int>(*mode)];
}

TEST(CloudEvents, TheModeFollowsFromContentTypeAndVersionHeader) {
  EXPECT_EQ(mode_of(request_of("application/json")), "none");
  EXPECT_EQ(mode_of(request_of("application/json", {{"ce-specversion", "1.0"}})), "binary");
  EXPECT_EQ(mode_of(request_of("Application/CloudEvents+JSON; charset=utf-8")), "structured");
  EXPECT_EQ(mode_of(request_of("application/cloudevents-batch+json")), "batch");
  for (const char* type : {"application/cloudevents+avro", "application/cloudevents-batch+avro",
                           "application/cloudevents"}) {
    EXPECT_EQ(mode_of(request_of(type)), "unsupported_media_type") << type;
  }
  EXPECT_EQ(mode_of(request_of("text/xml", {{"ce-specversion", "1.0"}})),
            "unsupported_media_type");
}

TEST(CloudEvents, AHeaderIsUnquotedAndThenDecodedOnce) {
  EXPECT_EQ(attribute_of_header("plain"), "plain");
  EXPECT_EQ(attribute_of_header("Euro%20%E2%82%AC%20%F0%9F%98%80"), "Euro € 😀");
  EXPECT_EQ(attribute_of_header("%e2%82%ac%41"), "€A");
  EXPECT_EQ(attribute_of_header("%2541"), "%41");
  EXPECT_EQ(attribute_of_header(R"("a \"b\" c%20d")"), R"(a "b" c d)");
}

TEST(CloudEvents, ABadlyEncodedHeaderIsRefused) {
  for (const char* text : {"%C0%A0", "%ZZ", "%4", "\"open", "%00", "%ED%A0%80"}) {
    EXPECT_EQ(attribute_of_header(text), std::nullopt) << text;
  }
}

TEST(CloudEvents, BinaryModeTakesAttributesFromHeadersAndDataFromTheBody) {
  HttpRequest request = request_of("application/json", {{"ce-specversion", "1.0"},
                                                        {"CE-ID", "a%20b"},
                                                        {"ce-source", "/till/1"},
                                                        {"ce-type", "com.shop.payment"}});
  request.body = "{\"x\":1}";
  const auto event = read_binary(request);
  ASSERT_TRUE(event) << event.error().message();
  EXPECT_EQ(event->id, "a b");
  EXPECT_EQ(event->type, "com.shop.payment");
  EXPECT_EQ(event->data, "{\"x\":1}");
}

// `rest` behind the version and the source.
std::string structured(std::string_view rest, std::string_view version = "1.0") {
  const std::string text = R"({"specversion":")" + std::string(version) + R"(","source":"s",)" +
                           std::string(rest) + "}";
  const auto document = JsonDocument::parse(text);
  const auto event = read_structured(document->root());
  return event ? event->data : event.error().place();
}

TEST(CloudEvents, StructuredModeNeedsItsAttributesAndJsonData) {
  EXPECT_EQ(structured(R"("id":"1","type":"t","data":{"a":1.50})"), R"({"a":1.50})");
  EXPECT_EQ(structured(R"("id":"1","type":"t","data":{})", "0.3"), "specversion");
  EXPECT_EQ(structured(R"("type":"t","data":{})"), "id");
  EXPECT_EQ(structured(R"("id":1,"type":"t","data":{})"), "id");
  EXPECT_EQ(structured(R"("id":"1","type":"","data":{})"), "type");
  EXPECT_EQ(structured(R"("id":"1","type":"t")"), "data");
  EXPECT_EQ(structured(R"("id":"1","type":"t","data_base64":"")"), "data");
  EXPECT_EQ(structured(R"("id":"1","type":"t","datacontenttype":"text/xml","data":"x")"), "data");
  EXPECT_FALSE(read_structured(JsonDocument::parse("[]")->root()));
}

}  // namespace
}  // namespace quintet::host
