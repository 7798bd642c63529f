// The file of the tokens that may use a door.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "host/http_access.h"

namespace quintet::host {

// One token a line: its scopes, a blank, the secret; as "send,read 5f2c...". Empty lines and lines
// that begin with # are passed over. Refuses, with the line as place: an unknown scope, a line
// without a secret, a secret that Access refuses, one that is there twice; and a file without any.
Expected<std::vector<AccessToken>> parse_tokens(std::string_view text);

}  // namespace quintet::host
