// The descriptors of a program's messages and services (a FileDescriptorSet, as protoc writes one),
// read as far as reflection needs: which file has which name, and what each defines.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace quintet::link {

// Immutable once made; any thread.
class Descriptors {
 public:
  // `invalid` for what is no such set, or has a file twice.
  static Expected<Descriptors> read(std::string_view set);

  // The bytes of a file, and of all files it needs, itself first. Empty if there is none.
  std::vector<std::string> with_imports(std::string_view file) const;
  // The file that defines a message, enum, service or method by its full name; empty if none does.
  std::string_view file_of(std::string_view symbol) const;
  // Full names of all services, in order.
  const std::vector<std::string>& services() const { return services_; }

 private:
  struct File {
    std::string bytes;
    std::vector<std::string> imports;
  };

  Expected<void> add(std::string_view file);

  std::map<std::string, File, std::less<>> files_;
  std::map<std::string, std::string, std::less<>> symbols_;  // to the file
  std::vector<std::string> services_;
};

}  // namespace quintet::link
