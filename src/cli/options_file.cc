#include "cli/options_file.h"

#include "app/diagnostic.h"
#include "app/yaml.h"
#include "cli/commands.h"

namespace quintet::cli {

Expected<std::vector<FileOption>> read_options_file(const std::string& path) {
  TRY(const std::string text, read_file(path));
  const app::Source source(text);
  const app::Yaml yaml = app::read_yaml(source);
  const auto at = [&](int line) { return path + ":" + std::to_string(line); };
  if (!yaml.problems.empty()) {
    const app::Diagnostic& problem = yaml.problems.front();
    return invalid(problem.message).at(at(problem.place.line));
  }
  if (!yaml.root->is_mapping()) return invalid("expected options, as `port: 8080`").at(at(1));
  std::vector<FileOption> options;
  for (const app::Node::Entry& entry : yaml.root->entries) {
    FileOption option{entry.key.text, {}, at(source.place(entry.key).line)};
    const auto take = [&](const app::Node& value) -> Expected<void> {
      if (!value.is_scalar() || value.is_null()) {
        return invalid(option.name + " has a value, or a list of them").at(option.place);
      }
      option.values.push_back(value.text);
      return {};
    };
    if (!entry.value.is_sequence()) TRY_DO(take(entry.value));
    for (const app::Node& item : entry.value.items) TRY_DO(take(item));
    options.push_back(std::move(option));
  }
  return options;
}

}  // namespace quintet::cli
