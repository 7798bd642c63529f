// Pieces of the command line's description, shared by the files that make it.
#pragma once

#include "cli/commands.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace quintet::cli {

inline constexpr const char* kInputHelp = "CSV or NDJSON, .gz or not; may be given several times";
inline constexpr const char* kAppHelp = "the application file";

// One value each time that it is given: what follows may be another word of the command.
CLI::Option* add_list(CLI::App* command, const char* name, std::vector<std::string>& to,
                      const char* help, const char* type);
CLI::Option* add_input(CLI::App* command, std::vector<std::string>& to);

// The command `verify`. `status` is set when the line is parsed and names it.
void add_verify(CLI::App& app, const Common& common, int& status);

// The commands `run` and `service`.
void add_run(CLI::App& app, const Common& common, int& status);
void add_scale(CLI::App& app, const Common& common, int& status);
void add_restart(CLI::App& app, const Common& common, int& status);
void add_service(CLI::App& app, const Common& common, int& status);

}  // namespace quintet::cli
