#include "host/oip.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "host/oip_request.h"

namespace quintet::host {
namespace {

// Answers each row with its sum and, as a second output of width 2, its first column and its rows.
class SumModel final : public ServedModel {
 public:
  SumModel() {
    signature_ = {"sum", "2", "quintet_test", {"a", "b", "c"}, {{"total", 1}, {"pair", 2}}};
  }
  const OipSignature& signature() const override { return signature_; }
  Expected<void> predict(const RowMatrix& in, std::vector<float>& out) const override {
    for (std::size_t row = 0; row < in.rows; ++row) {
      const float* x = &in.values[row * 3];
      if (x[0] == -999) return unavailable("the model rests");
      const float total = x[0] == -1000 ? INFINITY : x[0] + (std::isnan(x[1]) ? 100 : x[1]) + x[2];
      out.insert(out.end(), {total, x[0], static_cast<float>(row)});
    }
    return {};
  }

 private:
  OipSignature signature_;
};

class OneModel final : public Predictor {
 public:
  bool ready() const override { return is_ready; }
  std::vector<std::shared_ptr<const ServedModel>> models() const override { return {model_}; }
  std::vector<std::string> versions(std::string_view) const override { return {"1", "2"}; }
  Expected<std::shared_ptr<const ServedModel>> find(std::string_view name,
                                                    std::string_view version) const override {
    if (name != "sum") return not_found("there is no model of that name");
    if (version == "1") return unavailable("version 1 is being loaded");
    if (!version.empty() && version != "2") return not_found("there is no such version");
    return model_;
  }
  bool is_ready = true;

 private:
  std::shared_ptr<const ServedModel> model_ = std::make_shared<SumModel>();
};

class FakeExchange final : public Exchange {
 public:
  const HttpRequest& request() const override { return given; }
  void respond(HttpResponse response) override { answer = std::move(response); }
  void read_body(std::shared_ptr<BodyReader>) override {}
  void resume() override {}
  void begin(HttpResponse) override {}
  void write(std::string_view) override {}
  void end() override {}
  std::size_t unsent() const override { return 0; }
  void when_writable(std::function<void()>) override {}
  void when_closed(std::function<void()>) override {}
  HttpRequest given;
  HttpResponse answer;
};

class OipTest : public ::testing::Test {
 protected:
  OipTest() { add_oip_routes(router_, predictor_); }

  HttpResponse ask(const std::string& method, const std::string& path, std::string body = {},
                   std::vector<Header> headers = {}) {
    auto match = router_.match(method, path);
    if (!match.route) return {404, "", "", {}};
    auto exchange = std::make_shared<FakeExchange>();
    body.reserve(body.size() + kBodyPadding);
    exchange->given.body = body;
    exchange->given.headers = std::move(headers);
    exchange->given.params = std::move(match.params);
    match.route->handler->handle(exchange);
    return exchange->answer;
  }
  HttpResponse infer(std::string body, std::vector<Header> headers = {}) {
    return ask("POST", "/v2/models/sum/infer", std::move(body), std::move(headers));
  }
  // The error of a request that must be refused with 400.
  std::string refused(std::string body, std::vector<Header> headers = {}) {
    const HttpResponse response = infer(body, std::move(headers));
    EXPECT_EQ(response.status, 400) << body.substr(0, 300) << response.body;
    EXPECT_TRUE(response.body.starts_with("{\"error\":\"")) << response.body;
    return response.body;
  }
  std::string refused_input(const std::string& input) {
    return refused("{\"inputs\":[" + input + "]}");
  }

  OneModel predictor_;
  Router router_;
};

std::string binary(const std::vector<float>& values) {
  std::string bytes(values.size() * 4, '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST_F(OipTest, HealthHasTheBodiesThatClientsRead) {
  EXPECT_EQ(ask("GET", "/v2/health/live").body, R"({"live":true})");
  EXPECT_EQ(ask("GET", "/v2/health/ready").body, R"({"live":true,"ready":true})");
  EXPECT_EQ(ask("GET", "/v2/models/sum/ready").body, R"({"name":"sum","ready":true})");
  EXPECT_EQ(ask("GET", "/v2/models/sum/versions/2/ready").status, 200);
  EXPECT_EQ(ask("GET", "/v2/models/sum/versions/1/ready").status, 503);
  EXPECT_EQ(ask("GET", "/v2/models/none/ready").status, 404);
  predictor_.is_ready = false;
  EXPECT_EQ(ask("GET", "/v2/health/ready").status, 503);
  EXPECT_EQ(ask("GET", "/v2/health/ready").body, R"({"error":"the server is not ready"})");
}

TEST_F(OipTest, MetadataNamesTheTensors) {
  EXPECT_EQ(ask("GET", "/v2/models/sum").body,
            R"({"name":"sum","versions":["1","2"],"platform":"quintet_test",)"
            R"("inputs":[{"name":"input","datatype":"FP32","shape":[-1,3]}],)"
            R"("outputs":[{"name":"total","datatype":"FP32","shape":[-1,1]},)"
            R"({"name":"pair","datatype":"FP32","shape":[-1,2]}]})");
  EXPECT_NE(ask("GET", "/v2").body.find("\"binary_tensor_data\""), std::string::npos);
  EXPECT_EQ(ask("POST", "/v2/repository/index").body,
            R"([{"name":"sum","version":"2","state":"READY","reason":""}])");
  EXPECT_NE(ask("GET", "/v2/models/sum/config").body.find("\"max_batch_size\":0"),
            std::string::npos);
}

TEST_F(OipTest, AnswersFlatAndNestedJsonAlike) {
  const std::string wanted =
      R"({"model_name":"sum","model_version":"2","id":"x\"1","outputs":[)"
      R"({"name":"total","datatype":"FP32","shape":[2,1],"data":[6,0.6]},)"
      R"({"name":"pair","datatype":"FP32","shape":[2,2],"data":[1,0,0.1,1]}]})";
  EXPECT_EQ(infer(R"({"id":"x\"1","inputs":[{"name":"input","shape":[2,3],"datatype":"FP32",)"
                  R"("data":[1,2,3,0.1,0.2,0.3]}]})")
                .body,
            wanted);
  EXPECT_EQ(infer(R"({"inputs":[{"data":[[1,2.0,3e0],[0.1,0.2,0.3]],"datatype":"FP64","junk":)"
                  R"({"a":[1,{"b":null}]},"shape":[2,3],"name":"input"}],"id":"x\"1","z":[]})")
                .body,
            wanted);
}

TEST_F(OipTest, TakesColumnsByNameInAnyOrder) {
  const auto response =
      infer(R"({"inputs":[{"name":"c","shape":[2],"datatype":"INT32","data":[3,-3]},)"
            R"({"name":"a","shape":[2,1],"datatype":"BOOL","data":[[true],[false]]},)"
            R"({"name":"b","shape":[2,1],"datatype":"FP32","data":[0.5,null]}],)"
            R"("outputs":[{"name":"total"}]})");
  EXPECT_EQ(response.body, R"({"model_name":"sum","model_version":"2","outputs":[{"name":"total",)"
                           R"("datatype":"FP32","shape":[2,1],"data":[4.5,97]}]})");
}

TEST_F(OipTest, SpeaksBinaryBothWays) {
  const std::string json =
      R"({"inputs":[{"name":"input","shape":[2,3],"datatype":"FP32",)"
      R"("parameters":{"binary_data_size":24}}],"parameters":{"binary_data_output":true},)"
      R"("outputs":[{"name":"pair","parameters":{"binary_data":false}},{"name":"total"}]})";
  const std::string size = std::to_string(json.size());
  const auto response =
      infer(json + binary({1, NAN, 3, 4, 5, 6}), {{"inference-header-content-length", size}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type, "application/octet-stream");
  ASSERT_EQ(response.headers.size(), 1U);
  const std::size_t head = std::stoul(response.headers[0].second);
  EXPECT_EQ(response.body.substr(0, head),
            R"({"model_name":"sum","model_version":"2","outputs":[)"
            R"({"name":"pair","datatype":"FP32","shape":[2,2],"data":[1,0,4,1]},)"
            R"({"name":"total","datatype":"FP32","shape":[2,1],)"
            R"("parameters":{"binary_data_size":8}}]})");
  EXPECT_EQ(response.body.substr(head), binary({104, 15}));
}

TEST_F(OipTest, TakesARawRequest) {
  const auto response =
      infer(binary({1, 2, 3, 4, 5, 6}), {{"Inference-Header-Content-Length", "0"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_TRUE(response.body.ends_with(binary({6, 15}) + binary({1, 0, 4, 1})));
  refused("", {{"Inference-Header-Content-Length", "0"}});
  refused(binary({1, 2}), {{"Inference-Header-Content-Length", "0"}});
}

TEST_F(OipTest, ConvertsEveryNumberTypeFromBinary) {
  const auto total = [&](const std::string& type, const std::string& one) {
    const std::string json =
        "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,3],\"datatype\":\"" + type +
        "\",\"parameters\":{\"binary_data_size\":" + std::to_string(3 * one.size()) + "}}]}";
    const std::string size = std::to_string(json.size());
    const auto response =
        infer(json + one + one + one, {{"Inference-Header-Content-Length", size}});
    const std::size_t at = response.body.find("\"data\":[");
    return at == std::string::npos
               ? response.body
               : response.body.substr(at + 8, response.body.find(']', at) - at - 8);
  };
  EXPECT_EQ(total("BOOL", std::string("\x01", 1)), "3");
  EXPECT_EQ(total("UINT8", "\xFF"), "765");
  EXPECT_EQ(total("INT8", "\xFF"), "-3");
  EXPECT_EQ(total("INT16", std::string("\xFE\xFF", 2)), "-6");
  EXPECT_EQ(total("UINT32", std::string("\x02\0\0\0", 4)), "6");
  EXPECT_EQ(total("INT64", std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8)), "-3");
  EXPECT_EQ(total("FP64", std::string("\0\0\0\0\0\0\xF0\x3F", 8)), "3");
  EXPECT_TRUE(total("BOOL", "\x02").starts_with("{\"error\":"));
  EXPECT_TRUE(total("FP16", std::string("\0\0", 2)).find("not supported") != std::string::npos);
  EXPECT_TRUE(total("FP32", binary({INFINITY})).starts_with("{\"error\":"));
  EXPECT_TRUE(total("FP64", std::string("\0\0\0\0\0\0\xF0\x7E", 8)).starts_with("{\"error\":"));
}

TEST_F(OipTest, RefusesWrongShapesAndCounts) {
  for (const char* shape : {"[2,3]", "[1,2]", "[3]", "[1,3,1]", "[]", "[0,3]", "[-1,3]", "[1.5,3]",
                            "[9223372036854775807,9223372036854775807]", "[4294967296,4294967296]",
                            "[3037000500,3037000500]", "[100000000,3]", "[\"1\",3]", "3",
                            "[1,1,1,1,1,1,1,1,3]", "[99999999999999999999,3]"}) {
    refused_input(std::string(R"({"name":"input","datatype":"FP32","data":[1,2,3],"shape":)") +
                  shape + "}");
  }
  refused_input(R"({"name":"input","datatype":"FP32","data":[1,2],"shape":[1,3]})");
  refused_input(R"({"name":"input","datatype":"FP32","data":[1,2,3,4],"shape":[1,3]})");
  refused_input(R"({"name":"input","datatype":"FP32","data":[1,2,3],"shape":[1,3],"shape":[1,3]})");
}

TEST_F(OipTest, RefusesValuesThatAreNotOfTheirType) {
  const auto with = [&](const char* type, const char* data) {
    return refused_input(std::string(R"({"name":"input","shape":[1,3],"datatype":")") + type +
                         "\",\"data\":" + data + "}");
  };
  with("INT32", "[1,2,2147483648]");
  with("UINT8", "[1,2,-1]");
  with("UINT8", "[1,2,256]");
  with("INT64", "[1,2,9223372036854775808]");
  with("INT32", "[1,2,0.5]");
  with("BOOL", "[true,false,1]");
  with("FP32", "[1,2,true]");
  with("FP32", "[1,2,\"3\"]");
  with("FP32", "[1,2,{}]");
  with("FP32", "[1,2,NaN]");
  with("FP32", "[1,2,Infinity]");
  with("FP32", "[1,2,nul]");
  with("FP32", "[1,2,1e39]");
  with("FP32", "[1,2,1e999]");
  with("FP32", "[1,2,01]");
  with("FP32", "[1,2,.5]");
  with("FP32", "[1,2,3");
  with("FP32", "[1 2 3]");
  with("FP32", "[1,2,3,]");
  with("FP32", "[[[[[[[[[[[1,2,3]]]]]]]]]]]");
  with("FP32", "7");
  with("BYTES", "[\"a\",\"b\",\"c\"]");
  with("FP16", "[1,2,3]");
}

TEST_F(OipTest, RefusesNamesThatAreNotTheModels) {
  refused_input(R"({"name":"input","datatype":"FP32"})");
  refused_input(R"({"datatype":"FP32","data":[1,2,3],"shape":[1,3]})");
  refused_input(R"({"name":"input","data":[1,2,3],"shape":[1,3]})");
  refused_input(R"({"name":"d","datatype":"FP32","data":[1],"shape":[1]})");
  const std::string a = R"({"name":"a","datatype":"FP32","data":[1],"shape":[1]})";
  const std::string b = R"({"name":"b","datatype":"FP32","data":[1,2],"shape":[2]})";
  const std::string all = R"({"name":"input","datatype":"FP32","data":[1,2,3],"shape":[1,3]})";
  EXPECT_NE(refused_input(a).find("\\\"b\\\" is missing"), std::string::npos) << refused_input(a);
  refused_input(a + "," + a);
  refused_input(a + "," + b);
  refused_input(all + "," + a);
  refused_input(a + "," + all);
  refused("{\"inputs\":[" + all + "],\"outputs\":[{\"name\":\"none\"}]}");
  refused("{\"inputs\":[" + all + "],\"inputs\":[" + all + "]}");
  refused("{\"inputs\":[" + all +
          "],\"outputs\":[{\"name\":\"total\",\"parameters\":{\"classification\":2}}]}");
}

TEST_F(OipTest, RefusesBinaryThatDoesNotFit) {
  const auto with = [&](const std::string& size, std::size_t sent, const std::string& length) {
    const std::string json = R"({"inputs":[{"name":"input","shape":[1,3],"datatype":"FP32",)"
                             R"("parameters":{"binary_data_size":)" +
                             size + "}}]}";
    const std::string header = length.empty() ? std::to_string(json.size()) : length;
    return refused(json + std::string(sent, '\0'), {{"Inference-Header-Content-Length", header}});
  };
  with("12", 11, "");
  with("12", 13, "");
  with("8", 8, "");
  with("16", 16, "");
  with("18446744073709551615", 12, "");
  with("-1", 12, "");
  with("12", 12, "9999");
  with("12", 12, "x");
  with("12", 12, "-1");
  with("12", 12, "18446744073709551616");
  with("12", 12, "10");
}

TEST_F(OipTest, RefusesWhatIsNoJson) {
  for (const char* body : {"", " ", "{", "[]", "null", "1", "\"a\"", "{}", "{\"inputs\":[]}",
                           "{\"inputs\":{}}", "{\"inputs\":[1]}", "{\"inputs\":", "{\"a\"}",
                           "{\"id\":1,\"inputs\":[]}", "\xFF", "{\"inputs\":[]}}", "{}{}"}) {
    refused(body);
  }
  refused(std::string("{\"id\":\"\xC0\xAF\",\"inputs\":[]}"));
  refused(std::string(100'000, '['));
  refused("{\"inputs\":" + std::string(100'000, '['));
  refused("{\"junk\":" + std::string(2'000, '[') + std::string(2'000, ']') + "}");
  const std::string good = R"({"inputs":[{"name":"input","shape":[1,3],"datatype":"FP32",)"
                           R"("data":[1,2,3]}]})";
  EXPECT_EQ(infer(good).status, 200);
  refused(good + "x");
  for (std::size_t cut = 0; cut < good.size(); ++cut) refused(good.substr(0, cut));
}

TEST_F(OipTest, RefusesMoreRowsThanTheLimit) {
  std::string data = "1,2,3";
  const std::size_t rows = kMaxOipRows + 1;
  for (std::size_t i = 1; i < rows; ++i) data += ",1,2,3";
  EXPECT_NE(refused_input(R"({"name":"input","datatype":"FP32","shape":[)" + std::to_string(rows) +
                          ",3],\"data\":[" + data + "]}")
                .find("limit"),
            std::string::npos);
}

// A member that says nothing sends a request to the full parser.
TEST(OipReader, ReadsAPlainRequestAsItReadsAnyOther) {
  std::mt19937 random(5);
  const auto one_of = [&](std::initializer_list<const char*> choices) {
    return std::string(choices.begin()[random() % choices.size()]);
  };
  const auto mostly = [&](const char* usual, std::initializer_list<const char*> others) {
    return random() % 8 != 0 ? std::string(usual) : one_of(others);
  };
  const auto number = [&]() -> std::string {
    if (random() % 40 == 0) {
      return one_of({"-0", "-0.0", "1e3", "01", "-", ".5", "5.", "null", "true", "[1]", "1E400",
                     "123456789012345", "1234567890123456", "0.1234567890123456", "-12.50 ",
                     "\"1\"", "99999999999999999999", "0.000000000000001", "256", "4294967296"});
    }
    std::string text = random() % 2 == 0 ? "-" : "";
    text += std::to_string(random() % (random() % 4 == 0 ? 1000000000 : 1000));
    if (random() % 3 != 0) text += "." + std::to_string(random() % 100000000);
    return text;
  };
  int plain = 0, good = 0;
  OipReader reader;
  const OipSignature signature{"m", "1", "", {"a", "b"}, {{"out", 1}}};
  for (int round = 0; round < 20'000; ++round) {
    std::string data = "[";
    for (std::size_t n = random() % 6, i = 0; i < n; ++i) data += (i > 0 ? "," : "") + number();
    std::vector<std::string> members = {
        "\"name\" : \"" + mostly("input", {"a", "", "caf\xc3\xa9", "q\\u0041", "x\x01"}) + "\"",
        "\"shape\":" + mostly("[1,2]", {"[ 2 ]", "[-1]", "[1,2,3]", "[]", "[1.0]"}),
        "\"datatype\":\"" + mostly("FP32", {"FP64", "INT8", "UINT32", "BOOL", "FP16"}) + "\"",
        "\"data\":" + data + "]"};
    std::shuffle(members.begin(), members.end(), random);
    if (random() % 10 == 0) members.pop_back();
    if (random() % 10 == 0) members.push_back(members.front());
    if (random() % 10 == 0) members.push_back("\"parameters\":{}");
    std::string tensor = "{";
    for (const std::string& member : members) tensor += (tensor.size() > 1 ? ", " : "") + member;
    tensor += mostly("}", {"},", "", "},{}"});
    std::string rest = "\"inputs\":[" + tensor + "]";
    if (random() % 4 == 0) rest += ",\"id\":\"" + one_of({"7", "", "a\\n"}) + "\"";
    if (random() % 8 == 0) rest += one_of({",\"outputs\":[]", ",", ",\"inputs\":[]", "} x"});
    const auto read = [&](const std::string& body, OipRequest& request) {
      std::string padded = body;
      padded.reserve(body.size() + kBodyPadding);
      return reader.read(padded, std::nullopt, signature, request);
    };
    OipRequest fast, full, alone;
    const auto a = read("{" + rest + "}", fast);
    const auto b = read("{\"parameters\":{}," + rest + "}", full);
    plain += read_plain_request("{" + rest + "}", alone) ? 1 : 0;
    ASSERT_EQ(a.has_value(), b.has_value()) << rest;
    if (!a) continue;
    ++good;
    ASSERT_EQ(fast.id, full.id);
    ASSERT_EQ(fast.inputs.size(), full.inputs.size());
    for (std::size_t i = 0; i < fast.inputs.size(); ++i) {
      const OipTensor &x = fast.inputs[i], &y = full.inputs[i];
      ASSERT_EQ(x.name, y.name);
      ASSERT_EQ(x.type, y.type);
      ASSERT_EQ(x.shape, y.shape);
      ASSERT_EQ(x.values.size(), y.values.size());
      ASSERT_EQ(std::memcmp(x.values.data(), y.values.data(), 4 * x.values.size()), 0) << rest;
    }
  }
  EXPECT_GT(plain, 1'000);
  EXPECT_GT(good, plain);
}

TEST_F(OipTest, PassesTheModelsErrorOnAndNeverWritesAnInfinity) {
  const auto with = [&](const char* first) {
    return infer(std::string(R"({"inputs":[{"name":"input","shape":[1,3],"datatype":"FP32",)") +
                 "\"data\":[" + first + ",2,3]}]}");
  };
  EXPECT_EQ(with("-999").status, 503);
  EXPECT_EQ(with("-999").body, R"({"error":"the model rests"})");
  EXPECT_EQ(with("-1000").status, 500);
  EXPECT_EQ(ask("POST", "/v2/models/none/infer", "{}").status, 404);
  EXPECT_EQ(ask("POST", "/v2/models/sum/versions/9/infer", "{}").status, 404);
}

TEST_F(OipTest, CountsWhatItDid) {
  const std::string two = R"({"inputs":[{"name":"input","shape":[2,3],"datatype":"FP32",)"
                          R"("data":[1,2,3,4,5,6]}]})";
  infer(two);
  infer(two);
  infer("{}");
  const std::string text = ask("GET", "/v2/models/sum/versions/2/stats").body;
  EXPECT_NE(text.find("\"inference_count\":4,\"execution_count\":2"), std::string::npos) << text;
  EXPECT_NE(text.find("\"fail\":{\"count\":1"), std::string::npos) << text;
  EXPECT_NE(text.find("\"version\":\"2\""), std::string::npos);
  EXPECT_EQ(ask("GET", "/v2/models/stats").body, text);
}

}  // namespace
}  // namespace quintet::host
