#include <cstdio>

#include "cli/commands.h"

namespace quintet::cli {

namespace {

using Option = Completable::Option;

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

std::string names_of(const std::vector<Option>& options) {
  std::string text;
  for (const Option& o : options) text.append(text.empty() ? "" : " ").append(o.name);
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

// The options that take a value, as a pattern of `case`: the word after one is no command.
std::string with_value(const std::vector<Option>& options, const char* between) {
  std::string text;
  for (const Option& o : options) {
    if (o.takes_value) text.append(text.empty() ? "" : between).append(o.name);
  }
  return text;
}

// After an option come its values, or files; else words of the command, options behind a dash, and
// files (the default when nothing fits).
std::string bash(const std::vector<Completable>& commands, const std::vector<Option>& global) {
  std::string out =
      "_quintet() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command= words= options= i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      " +
      with_value(global, "|") +
      ") ((++i)) ;;\n"
      "      -*) ;;\n"
      "      *) command=${COMP_WORDS[i]}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case $command$before in\n";
  for (const Option& o : global) {
    if (o.words.empty()) continue;
    out += "    *" + o.name + ") COMPREPLY=($(compgen -W " + quoted(join(o.words)) +
           " -- \"$word\")); return ;;\n";
  }
  for (const Completable& c : commands) {
    for (const Option& o : c.options) {
      if (!o.takes_value) continue;
      out += "    " + c.name + o.name + ") ";
      if (!o.words.empty()) {
        out += "COMPREPLY=($(compgen -W " + quoted(join(o.words)) + " -- \"$word\")); ";
      }
      out += "return ;;\n";
    }
  }
  out += "  esac\n  case $command in\n";
  for (const Completable& c : commands) {
    out += "    " + c.name + ") words=" + quoted(join(c.words)) +
           " options=" + quoted(names_of(c.options)) + " ;;\n";
  }
  out += "    '') words=" + quoted(names_of(commands)) + " ;;\n  esac\n";
  out +=
      "  case $word in\n    -*) words=\"$options \"" + quoted(names_of(global)) + " ;;\n  esac\n";
  return out +
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _quintet quintet\n";
}

std::string zsh_option(const Option& option) {
  if (!option.takes_value) return quoted(option.name);
  const std::string values = option.words.empty() ? "_files" : "(" + join(option.words) + ")";
  return quoted("*" + option.name + ":" + option.name.substr(2) + ":" + values);
}

std::string zsh(const std::vector<Completable>& commands, const std::vector<Option>& global) {
  std::string out = "#compdef quintet\n_quintet() {\n  local -a commands\n  commands=(\n";
  for (const Completable& c : commands) {
    out += "    " + quoted(c.name + ":" + c.description) + "\n";
  }
  std::string always;
  for (const Option& o : global) always += " " + zsh_option(o);
  out +=
      "  )\n  local curcontext=$curcontext state line\n"
      "  _arguments -C" +
      always +
      " '1: :->command' '*:: :->rest'\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n"
      "    rest)\n      case $words[1] in\n";
  for (const Completable& c : commands) {
    out += "        " + c.name + ") _arguments" + always;
    for (const Option& o : c.options) out += " " + zsh_option(o);
    const std::string files = "_files";
    const std::string take =
        c.words.empty() ? files : "{ compadd -- " + join(c.words) + "; _files }";
    out += " " + quoted("*: :" + take) + " ;;\n";
  }
  // Sourced it registers itself; found by its name in $fpath it is the function.
  return out +
         "      esac ;;\n  esac\n}\n"
         "if [[ $funcstack[1] == _quintet ]]; then _quintet \"$@\"; else compdef _quintet quintet; "
         "fi\n";
}

std::string fish_option(const Option& option) {
  std::string text;
  if (!option.name.starts_with("--")) return " -s " + option.name.substr(1);
  text = " -l " + option.name.substr(2);
  if (!option.takes_value) return text;
  return text + " -r" + (option.words.empty() ? "" : " -f -a " + quoted(join(option.words)));
}

std::string fish(const std::vector<Completable>& commands, const std::vector<Option>& global) {
  std::string out;
  for (const Option& o : global) out += "complete -c quintet" + fish_option(o) + "\n";
  for (const Completable& c : commands) {
    out += "complete -c quintet -n __fish_use_subcommand -f -a " + c.name + " -d " +
           quoted(c.description) + "\n";
    const std::string seen =
        "complete -c quintet -n " + quoted("__fish_seen_subcommand_from " + c.name);
    for (const Option& o : c.options) out += seen + fish_option(o) + "\n";
    if (!c.words.empty()) out += seen + " -a " + quoted(join(c.words)) + "\n";
  }
  return out;
}

}  // namespace

int completion_command(const std::string& shell, const std::vector<Completable>& commands,
                       const std::vector<Completable::Option>& global) {
  const std::string text = shell == "bash"  ? bash(commands, global)
                           : shell == "zsh" ? zsh(commands, global)
                                            : fish(commands, global);
  std::fputs(text.c_str(), stdout);
  return kOk;
}

}  // namespace quintet::cli
