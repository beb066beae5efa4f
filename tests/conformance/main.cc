// conformance test|grad|perf|race|support: every kernel on every case of the shapes files. Exit status 0 when all is well, 1
// when something failed, 2 for wrong usage, 77 when RESNET_ISA asks for more than this processor has (CTest: skipped).
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "conformance/modes.h"
#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"

namespace resnet::conformance {

namespace {

constexpr int kSkipped = 77;
char current[512] = "";

extern "C" void report_crash(int signal) {
  const char* text = signal == SIGSEGV ? "crash (SIGSEGV) in " : signal == SIGILL ? "crash (SIGILL) in " : "crash in ";
  for (const char* part : {text, const_cast<const char*>(current), "\n"})
    if (write(STDOUT_FILENO, part, std::strlen(part)) < 0) break;
  _exit(1);
}

/// The levels that exist but that this processor lacks are skipped, not failed.
bool isa_missing() {
  const char* wanted = std::getenv("RESNET_ISA");
  if (!wanted) return false;
  for (int level = static_cast<int>(detected_isa()) + 1; level <= static_cast<int>(Isa::amx); ++level)
    if (name_of(static_cast<Isa>(level)) == wanted) return true;
  return false;
}

int run_mode(const std::string& mode, const std::vector<Case>& cases, const Options& options) {
  if (mode == "test") return run_test(cases, options);
  if (mode == "grad") return run_grad(cases, options);
  if (mode == "perf") return run_perf(cases, options);
  if (mode == "race") return run_race(cases, options);
  return run_support(cases, options);
}

struct Arguments {
  std::string mode, op, dtype;
  std::vector<std::string> files;
  int threads = 0;
  Options options;
};

void declare(CLI::App& app, Arguments& a) {
  const char* modes =
      "test: against the oracle; grad: the oracle against finite differences; perf: speed; race: the plan's choice "
      "against "
      "oneDNN; support: who takes what";
  app.add_option("mode", a.mode, modes)->required()->check(CLI::IsMember({"test", "grad", "perf", "race", "support"}));
  app.add_option("-o,--op", a.op, "only this op, such as conv");
  app.add_option("-b,--backend", a.options.backend, "backend (cpu)");
  app.add_option("-i,--implementation", a.options.implementation, "only this implementation");
  app.add_option("-d,--dtype", a.dtype, "only f32, bf16 or u8 (int8 inference)");
  app.add_option("--shapes", a.files, "files of cases (all of bench/shapes_*.txt)");
  app.add_option("-t,--threads", a.threads, "math threads (one a core)");
  app.add_option("--seconds", a.options.seconds, "perf, race: time for each measurement (0.2)");
  app.add_option("--margin", a.options.margin, "race: a choice that is slower by more than this factor has lost (1.3)");
  app.add_flag("-v,--verbose", a.options.verbose, "test, grad: a line for every case");
}

int run(Arguments a) {
  if (isa_missing()) {
    std::cout << "skipped: RESNET_ISA=" << std::getenv("RESNET_ISA") << ", but this processor (" << cpu_model()
              << ") has only " << name_of(detected_isa()) << "\n";
    return kSkipped;
  }
  if (!a.dtype.empty()) a.options.dtypes = {parse_dtype(a.dtype)};
  if (a.files.empty() && a.mode == "race") a.files = {SHAPES_DIR "/shapes_race.txt"};
  if (a.files.empty())
    for (const char* name : {"resnet50", "cifar", "alexnet_vgg", "awkward", "int8"})
      a.files.push_back(join(SHAPES_DIR "/shapes_", name, ".txt"));
  const Isa level = isa();  // before anything uses oneDNN, which it holds back
  set_threads(a.threads);
  const std::vector<Case> cases = load_cases(a.files, a.op);
  std::cout << cases.size() << " cases, backend " << a.options.backend << ", " << name_of(level) << ", " << threads()
            << " threads\n";
  return run_mode(a.mode, cases, a.options) == 0 ? 0 : 1;
}

}  // namespace

void set_current(const std::string& what) { std::strncpy(current, what.c_str(), sizeof(current) - 1); }

std::vector<const KernelEntry*> implementations(const Case& c, const Options& options) {
  std::vector<const KernelEntry*> found;
  for (const KernelEntry* e : kernels_of(c.op->kind(), options.backend))
    if (options.implementation.empty() || e->name == options.implementation) found.push_back(e);
  return found;
}

std::unique_ptr<Kernel> oracle(const KernelSpec& spec) { return choose_kernel(spec, "ref").kernel; }

}  // namespace resnet::conformance

int main(int argc, char** argv) {
  using namespace resnet::conformance;
  CLI::App app("Checks and times the kernels, case by case.");
  Arguments arguments;
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  for (const int signal : {SIGSEGV, SIGILL, SIGFPE, SIGBUS, SIGABRT}) std::signal(signal, report_crash);
  try {
    return run(arguments);
  } catch (const resnet::Error& e) {
    std::cerr << "conformance: " << e.what() << "\n";
    return 1;
  }
}
