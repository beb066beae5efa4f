// The oracle's backward pass against finite differences. For L = Σ y·dy and a random direction v, the derivative of L
// along v is Σ dx·v; it is compared with (L(x+εv) - L(x-εv)) / 2ε, for every input and every parameter.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "conformance/modes.h"
#include "conformance/run.h"
#include "core/check.h"
#include "core/rng.h"

namespace resnet::conformance {

namespace {

constexpr int64_t kBudget = 5000000;
constexpr float kStep = 2e-3f;
constexpr double kTolerance = 3e-3;  // of the typical size of a derivative along a random direction
constexpr int kDirections = 2;

class GradientCheck {
 public:
  explicit GradientCheck(const Case& c)
      : case_(c), data_(make_data(c, DType::f32)), kernel_(oracle(c.spec(DType::f32))) {
    if (c.smooth) c.smooth(c, data_);
    gradients_ = run(*kernel_, c, data_);
  }

  std::vector<std::string> check() {
    for (size_t i = 0; i < case_.x.size(); ++i)
      if (case_.need_dx[i])
        check(
            join("dx[", i, "]"), [i](Data & d) -> auto& { return d.x[i]; });
    const std::vector<ParamSpec> params = case_.params();
    for (size_t i = 0; i < params.size(); ++i)
      if (params[i].trainable())
        check(
            "dw " + params[i].suffix, [i](Data & d) -> auto& { return d.w[i]; });
    return failures_;
  }

 private:
  double loss(const Data& d) {
    const Outputs out = run(*kernel_, case_, d, {.backward = false});
    double sum = 0;
    for (size_t i = 0; i < d.dy.size(); ++i) sum += double{out.all[0].values[i]} * d.dy[i];
    return sum;
  }

  template <class Select> void check(const std::string& name, const Select& select) {
    const std::vector<float>* gradient = nullptr;
    for (const Output& o : gradients_.all)
      if (o.name == name) gradient = &o.values;
    CHECK(gradient, "the oracle gave no ", name);
    Rng rng(case_.seed, 2);
    for (int k = 0; k < kDirections; ++k) {
      Data up = data_, down = data_;
      double analytic = 0, size = 0;
      for (size_t i = 0; i < gradient->size(); ++i) {
        const float v = rng.normal(), at = select(data_)[i];
        select(up)[i] = at + kStep * v;
        select(down)[i] = at - kStep * v;
        // The step that was taken, after rounding.
        const double product = (double{select(up)[i]} - select(down)[i]) / (2 * kStep) * (*gradient)[i];
        analytic += product;
        size += product * product;
      }
      const double numeric = (loss(up) - loss(down)) / (2 * kStep);
      const double allowed = kTolerance * (std::sqrt(size) + std::max(1e-2, 0.1 * case_.floor));
      if (!(std::abs(numeric - analytic) <= allowed))
        failures_.push_back(join(name, ": ", analytic, " along a random direction, finite differences say ", numeric,
                                 " (allowed difference ", allowed, ")"));
    }
  }

  const Case& case_;
  Data data_;
  std::unique_ptr<Kernel> kernel_;
  Outputs gradients_;
  std::vector<std::string> failures_;
};

}  // namespace

int run_grad(const std::vector<Case>& cases, const Options& options) {
  int passed = 0, failed = 0;
  for (const Case& full : cases) {
    const Case c = reduced(full, kBudget);
    // Layers of many pixels have nothing here that smaller ones lack.
    const bool large = std::max(c.op->multiply_adds(c.x), 4 * c.x[0].elements()) > kBudget;
    if (!c.train || large) continue;
    set_current("the oracle on " + c.title());
    const std::vector<std::string> failures = GradientCheck(c).check();
    ++(failures.empty() ? passed : failed);
    if (!failures.empty())
      std::cout << "FAILED " << c.title() << "\n";
    else if (options.verbose)
      std::cout << "passed " << c.title() << "\n";
    for (const std::string& f : failures) std::cout << "    " << f << "\n";
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed;
}

}  // namespace resnet::conformance
