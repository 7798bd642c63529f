#include <cstdio>

#include "cli/commands.h"

namespace quintet::cli {

namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

std::string names_of(const std::vector<Completable>& commands) {
  std::string text;
  for (const Completable& c : commands) text.append(text.empty() ? "" : " ").append(c.name);
  return text;
}

// In single quotes for a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string bash(const std::vector<Completable>& commands) {
  std::string out =
      "_quintet() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} command= words= i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case ${COMP_WORDS[i]} in -*|text|json) ;; *) command=${COMP_WORDS[i]}; break ;; esac\n"
      "  done\n"
      "  case $command in\n";
  for (const Completable& c : commands) {
    out += "    " + c.name + ") words=" + quoted(join(c.options) + " " + join(c.words)) + " ;;\n";
  }
  out += "    *) words=" + quoted(names_of(commands) + " --format --quiet --version --help") +
         " ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _quintet quintet\n";
  return out;
}

std::string zsh(const std::vector<Completable>& commands) {
  std::string out = "#compdef quintet\n_quintet() {\n  local -a commands\n  commands=(\n";
  for (const Completable& c : commands) {
    out += "    " + quoted(c.name + ":" + c.description) + "\n";
  }
  out += "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
         "  case $words[2] in\n";
  for (const Completable& c : commands) {
    out += "    " + c.name + ") compadd -- " + join(c.options) + " " + join(c.words) + " ;;\n";
  }
  out += "  esac\n  _files\n}\n_quintet \"$@\"\n";
  return out;
}

std::string fish(const std::vector<Completable>& commands) {
  std::string out;
  for (const Completable& c : commands) {
    out += "complete -c quintet -n __fish_use_subcommand -a " + c.name + " -d " +
           quoted(c.description) + "\n";
    const std::string seen =
        "complete -c quintet -n " + quoted("__fish_seen_subcommand_from " + c.name);
    for (const std::string& option : c.options) {
      if (option.starts_with("--")) out += seen + " -l " + option.substr(2) + "\n";
    }
    if (!c.words.empty()) out += seen + " -a " + quoted(join(c.words)) + "\n";
  }
  return out;
}

}  // namespace

int completion_command(const std::string& shell, const std::vector<Completable>& commands) {
  const std::string text =
      shell == "bash" ? bash(commands) : shell == "zsh" ? zsh(commands) : fish(commands);
  std::fputs(text.c_str(), stdout);
  return kOk;
}

}  // namespace quintet::cli
