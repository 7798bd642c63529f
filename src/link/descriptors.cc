#include "link/descriptors.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "link/limits.h"
#include "link/proto.h"

namespace quintet::link {

namespace {

// Field numbers of descriptor.proto.
enum FileField : std::uint32_t {
  kName = 1,
  kPackage = 2,
  kImport = 3,
  kMessage = 4,
  kEnum = 5,
  kService = 6,
  kExtension = 7
};

std::string joined(const std::string& scope, std::string_view name) {
  return scope.empty() ? std::string(name) : scope + "." + std::string(name);
}

// What a file defines, by full names. Reads descriptors nested to a limit.
struct Symbols {
  std::vector<std::string> all, services;
  bool good = true;

  // A descriptor's own name is its field 1, wherever it stands.
  std::string name_in(std::string_view bytes, const std::string& scope) {
    std::string name;
    ProtoReader in(bytes);
    while (in.next()) {
      if (in.field() == 1) name = in.bytes();
    }
    good = good && in.ok() && !name.empty();
    name = joined(scope, name);
    all.push_back(name);
    return name;
  }

  void message(std::string_view bytes, const std::string& scope, int depth) {
    if (depth > kMaxDescriptorDepth) {
      good = false;
      return;
    }
    const std::string name = name_in(bytes, scope);
    ProtoReader in(bytes);
    while (good && in.next()) {
      if (in.field() == 3) message(in.bytes(), name, depth + 1);  // nested type
      if (in.field() == 4) name_in(in.bytes(), name);             // nested enum
    }
    good = good && in.ok();
  }

  void service(std::string_view bytes, const std::string& scope) {
    const std::string name = name_in(bytes, scope);
    services.push_back(name);
    ProtoReader in(bytes);
    while (in.next()) {
      if (in.field() == 2) name_in(in.bytes(), name);  // method
    }
    good = good && in.ok();
  }
};

}  // namespace

Expected<void> Descriptors::add(std::string_view bytes) {
  std::string name, package;
  File file{std::string(bytes), {}};
  ProtoReader first(bytes);
  while (first.next()) {
    if (first.field() == kName) name = first.bytes();
    if (first.field() == kPackage) package = first.bytes();
    if (first.field() == kImport) file.imports.emplace_back(first.bytes());
  }
  Symbols symbols;
  ProtoReader in(bytes);
  while (symbols.good && in.next()) {
    if (in.field() == kMessage) symbols.message(in.bytes(), package, 0);
    if (in.field() == kEnum || in.field() == kExtension) symbols.name_in(in.bytes(), package);
    if (in.field() == kService) symbols.service(in.bytes(), package);
  }
  if (!first.ok() || !in.ok() || !symbols.good || name.empty()) {
    return invalid("a file of the descriptors is damaged");
  }
  for (std::string& symbol : symbols.all) symbols_.emplace(std::move(symbol), name);
  services_.insert(services_.end(), symbols.services.begin(), symbols.services.end());
  if (!files_.emplace(name, std::move(file)).second) {
    return invalid("the descriptors have the file " + shown(name) + " twice");
  }
  return {};
}

Expected<Descriptors> Descriptors::read(std::string_view set) {
  Descriptors made;
  ProtoReader in(set);
  while (in.next()) {
    if (in.field() == 1) TRY_DO(made.add(in.bytes()));
  }
  if (!in.ok()) return invalid("that is no set of descriptors");
  std::sort(made.services_.begin(), made.services_.end());
  return made;
}

std::vector<std::string> Descriptors::with_imports(std::string_view file) const {
  std::vector<std::string> found;
  std::set<std::string_view> seen{file};
  std::vector<std::string_view> waiting{file};
  while (!waiting.empty()) {
    const auto at = files_.find(waiting.back());
    waiting.pop_back();
    if (at == files_.end()) continue;
    found.push_back(at->second.bytes);
    for (const std::string& import : at->second.imports) {
      if (seen.insert(import).second) waiting.push_back(import);
    }
  }
  return found;
}

std::string_view Descriptors::file_of(std::string_view symbol) const {
  const auto found = symbols_.find(symbol);
  return found == symbols_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace quintet::link
