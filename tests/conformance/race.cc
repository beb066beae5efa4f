// Whether the kernels that plans pick are at least as fast as oneDNN's on the same case, in the same run. They take turns, and
// the fastest call of each counts, so that a busy machine disturbs little; losing by more than the margin, in each of several
// races with a choice of its own, is a failure.
#include <iomanip>
#include <iostream>

#include "conformance/modes.h"
#include "conformance/stage.h"
#include "core/check.h"

namespace resnet::conformance {

namespace {

constexpr int kTurns = 5;
constexpr int kRaces = 3;  // of which one must be won

struct Racer {
  Racer(std::unique_ptr<Kernel> made, const Case& c, const Data& data)
      : kernel(std::move(made)), stage(*kernel, c, data) {}

  void turn(bool train, double budget) {
    forward = std::min(forward, stage.forward_seconds(budget).least);
    if (train) backward = std::min(backward, stage.backward_seconds(budget).least);
  }

  std::unique_ptr<Kernel> kernel;
  Stage stage;
  double forward = 1e9, backward = 1e9;
};

/// oneDNN's kernel for the case, or null where the case has none or a plan would take it anyway.
const KernelEntry* rival(const Case& c, const KernelSpec& spec, const Options& options) {
  for (const KernelEntry* e : kernels_of(c.op->kind(), options.backend))
    if (e->name == "onednn" && e->reject(spec).empty()) return e;
  return nullptr;
}

/// Number of directions in which the plan's choice loses.
int race_once(const Case& c, DType dtype, const Options& options) {
  Choices choices({});
  KernelSpec spec = c.spec(dtype);
  const KernelEntry* other = rival(c, spec, options);
  if (other == nullptr) return 0;
  set_current(join("race on ", c.title(), " ", dtype));
  const Data data = make_data(c, dtype);
  Racer theirs(other->make(spec), c, data);
  spec.choices = &choices;  // as plans do by default
  Racer ours(choose_kernel(spec, options.backend).kernel, c, data);
  if (ours.kernel->name() == theirs.kernel->name()) return 0;
  for (int i = 0; i < kTurns; ++i)
    for (Racer* racer : {&ours, &theirs}) racer->turn(c.train, options.seconds / kTurns);
  int lost = 0;
  const auto show = [&](const char* direction, double own, double others) {
    const double ratio = others / own;
    const bool good = ratio * options.margin >= 1;
    lost += !good;
    std::cout << (good ? "  " : "LOST  ") << c.title() << ' ' << dtype << ' ' << direction << ": "
              << ours.kernel->name() << std::fixed << std::setprecision(3) << ' ' << 1e3 * own << " ms, "
              << theirs.kernel->name() << ' ' << 1e3 * others << " ms, " << std::setprecision(2) << ratio << "x"
              << std::endl;
  };
  show("forward", ours.forward, theirs.forward);
  if (c.train) show("backward", ours.backward, theirs.backward);
  return lost;
}

int race(const Case& c, DType dtype, const Options& options) {
  int lost = race_once(c, dtype, options);
  for (int i = 1; i < kRaces && lost > 0; ++i) lost = race_once(c, dtype, options);
  return lost;
}

}  // namespace

int run_race(const std::vector<Case>& cases, const Options& options) {
  int lost = 0;
  for (const Case& c : cases)
    for (const DType dtype : options.dtypes)
      if (c.takes(dtype)) lost += race(c, dtype, options);
  std::cout << (lost == 0 ? "no own kernel loses to oneDNN" : join(lost, " races lost to oneDNN")) << " (margin "
            << std::setprecision(2) << options.margin << ")\n";
  return lost;
}

}  // namespace resnet::conformance
