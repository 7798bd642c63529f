// The answers of the Open Inference Protocol, written by hand. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "host/http.h"
#include "host/oip_request.h"

namespace quintet::host {

// The outputs that were asked for, in that order, as JSON or in binary. An output that the model
// lacks is invalid; a value that is no finite number is broken.
Expected<HttpResponse> infer_answer(const OipRequest& request, const OipSignature& signature,
                                    std::size_t rows, const std::vector<float>& values);

std::string server_metadata();
std::string model_metadata(const OipSignature& signature, const std::vector<std::string>& versions);
// As Triton's GET .../config, which its load generator reads.
std::string model_config(const OipSignature& signature);

// What a model has done since the server started; times in nanoseconds.
struct OipCounts {
  std::string name, version;
  std::uint64_t rows = 0, requests = 0, failures = 0, nanos = 0, failure_nanos = 0;
  std::uint64_t last_millis = 0;  // since 1970
};
std::string model_statistics(const std::vector<OipCounts>& models);

}  // namespace quintet::host
