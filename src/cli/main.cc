// The program `resnet`: parses the command line, runs one command, and turns failures into one line and an exit status:
// 0 done, 1 failed, 2 wrong usage. Commands register themselves (command.h).
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "cli/command.h"
#include "cli/text.h"
#include "core/check.h"
#include "core/nearest.h"

namespace resnet::cli {

namespace {

constexpr int kFailed = 1, kUsage = 2;

struct Parsed {
  Output out;
  std::function<int()> run;
};

void add_command(CLI::App& app, const Command& command, Parsed& parsed) {
  CLI::App* sub = app.add_subcommand(command.name, command.summary);
  sub->footer("Example:\n" + command.example);
  std::function<int()> run = command.setup(*sub, parsed.out);
  sub->add_flag("--json", parsed.out.json, "Results as JSON lines on standard output, and nothing else there");
  sub->add_flag("-q,--quiet", parsed.out.quiet, "No logs and no progress on standard error");
  sub->callback([&parsed, run] { parsed.run = run; });
}

int usage_error(const std::string& command, const std::string& text) {
  const std::string of = command.empty() ? "" : " " + command;
  std::fprintf(stderr, "resnet%s: %s (see 'resnet%s --help')\n", of.c_str(), one_line(text).c_str(), of.c_str());
  return kUsage;
}

// The long flags of a command, for suggestions.
std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

// "resnet data synthesize" -> its last subcommand, whose flags and help a mistake is about.
const CLI::App& innermost(const CLI::App& app, std::string& path) {
  const std::vector<CLI::App*> subs = app.get_subcommands();
  if (subs.empty()) return app;
  if (!path.empty()) path += ' ';
  path += subs.front()->get_name();
  return innermost(*subs.front(), path);
}

// The first word after a command with subcommands that is none of them; empty where there is none.
std::string unknown_subcommand(const CLI::App& sub, int argc, char** argv, std::string& suggestion) {
  std::vector<std::string> names;
  for (const CLI::App* choice : sub.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(choice->get_name());
  suggestion = nearest(argc > 2 ? argv[2] : "", names);
  return names.empty() || argc < 3 || argv[2][0] == '-' ? "" : argv[2];
}

int explain(CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {  // --help, --version
    const int status = app.exit(error);
    check_stdout();
    return status;
  }
  std::string path, suggestion;
  const CLI::App& sub = innermost(app, path);
  if (path.empty()) return usage_error("", join("unknown flag ", argv[1], "; a command comes first"));
  if (const std::string word = unknown_subcommand(sub, argc, argv, suggestion); !word.empty())
    return usage_error(path, join("unknown subcommand '", word, "'; did you mean '", suggestion, "'?"));
  const auto known = [&](const std::string& flag) {
    return sub.get_option_no_throw(flag) != nullptr || sub.get_parent()->get_option_no_throw(flag) != nullptr;
  };
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i], flag = word.substr(0, word.find('='));
    if (flag == "--") break;
    if (flag.rfind("--", 0) != 0 || known(flag)) continue;
    return usage_error(path, join("unknown flag ", flag, "; did you mean ", nearest(flag, flags_of(sub)), "?"));
  }
  const std::string text = error.what(), twice = ": At Most 1 required";
  const size_t at = text.find(twice);
  return usage_error(path, at == std::string::npos ? text : text.substr(0, at) + " is given more than once");
}

bool is_command(const std::string& word) {
  const std::vector<Command> all = commands();
  return std::any_of(all.begin(), all.end(), [&](const Command& command) { return command.name == word; });
}

int unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const Command& command : commands()) names.push_back(command.name);
  return usage_error("", join("unknown command '", word, "'; did you mean '", nearest(word, names), "'?"));
}

// A stream that the caller has closed is taken by a file that cannot be used: no file of ours may get its number, or what
// is printed would end up there.
void claim_standard_streams() {
  for (int stream = 0; stream <= 2; ++stream)
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY) < 0) return;
}

int run_command(const Parsed& parsed) {
  const int status = parsed.run();
  check_stdout();
  return status;
}

int real_main(int argc, char** argv) {
  CLI::App app("resnet trains, tests and uses deep residual networks.", "resnet");
  app.set_version_flag("--version", "resnet " RESNET_VERSION);
  app.require_subcommand(1);
  app.footer(
      "'resnet COMMAND --help' explains a command and shows an example.\n"
      "Exit status: 0 done, 1 failed, 2 wrong usage.");
  Parsed parsed;
  parsed.out.program = argc > 0 ? argv[0] : "resnet";
  for (const Command& command : commands()) add_command(app, command, parsed);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kUsage;
  }
  if (argv[1][0] != '-' && !is_command(argv[1])) return unknown_command(argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error, argc, argv);
  }
  return run_command(parsed);
}

}  // namespace

}  // namespace resnet::cli

int main(int argc, char** argv) {
  resnet::cli::claim_standard_streams();
  try {
    return resnet::cli::real_main(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("resnet: out of memory; a smaller batch (-b) needs less\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "resnet: %s\n", resnet::cli::one_line(error.what()).c_str());
  }
  return resnet::cli::kFailed;
}
