// Every implementation against the oracle: fresh and repeated, accumulating, with shared buffers, with fewer gradients.
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>

#include "conformance/compare.h"
#include "conformance/modes.h"
#include "conformance/run.h"
#include "core/check.h"
#include "core/cpu.h"

namespace resnet::conformance {

namespace {

// Work of the oracle a case: a picture of a ResNet-50 layer has about 1.2e8 multiply-adds.
constexpr double kBudget = 4e7;

struct Tally {
  int passed = 0, failed = 0, not_taken = 0;
  double worst_nmse = 0;
};

/// One case in one dtype: the oracle's outputs, and every implementation held against them.
class CaseTest {
 public:
  CaseTest(const Case& c, DType dtype)
      : case_(c),
        dtype_(dtype),
        data_(make_data(c, dtype)),
        other_(make_data(c, dtype, 1)),
        expected_(run(*oracle(c.spec(dtype)), c, data_)) {}

  /// The failures, one a line; empty when all is well.
  std::vector<std::string> check(const KernelEntry& entry) {
    failures_.clear();
    worst_nmse_ = 0;
    const KernelSpec spec = case_.spec(dtype_);
    const std::unique_ptr<Kernel> kernel = entry.make(spec);
    kernel_ = kernel->name();
    run(*kernel, case_, other_);  // other weights first: a kernel that does not re-pack them is found out
    const Outputs first = run(*kernel, case_, data_);
    expect("", first);
    expect_same_bits(first, run(*kernel, case_, data_));
    for (size_t i = 0; i < case_.x.size(); ++i) check_input(*kernel, i);
    check_fewer_gradients(entry, spec);
    return failures_;
  }
  double worst_nmse() const { return worst_nmse_; }

 private:
  void fail(const std::string& variant, const std::string& text) {
    failures_.push_back(variant.empty() ? text : variant + ": " + text);
  }

  void check_input(Kernel& kernel, size_t i) {
    const int index = static_cast<int>(i);
    if (kernel.needs().y_over_x[i]) expect(join("y over x[", i, "]"), run(kernel, case_, data_, {.y_over_x = index}));
    if (!kernel.spec().need_dx[i]) return;
    if (kernel.needs().dx_over_dy[i])
      expect(join("dx[", i, "] over dy"), run(kernel, case_, data_, {.dx_over_dy = index}));
    if (kernel.needs().accumulates[i]) {
      RunOptions options;
      options.accumulate[i] = true;
      expect(join("accumulating dx[", i, "]"), run(kernel, case_, data_, options), options);
    }
  }

  void check_fewer_gradients(const KernelEntry& entry, const KernelSpec& full) {
    for (size_t i = 0; i < case_.x.size(); ++i) {
      KernelSpec spec = full;
      spec.need_dx[i] = false;
      if (!full.need_dx[i] || !entry.reject(spec).empty()) continue;
      expect(join("without dx[", i, "]"), run(*entry.make(spec), case_, data_));
    }
  }

  void expect(const std::string& variant, const Outputs& actual, const RunOptions& options = {}) {
    if (!actual.fault.empty()) fail(variant, actual.fault);
    for (const Output& output : actual.all) {
      const auto same = [&output](const Output& o) { return o.name == output.name; };
      std::vector<float> expected = std::find_if(expected_.all.begin(), expected_.all.end(), same)->values;
      for (size_t i = 0; i < 2; ++i)
        if (options.accumulate[i] && output.name == join("dx[", i, "]"))
          for (size_t k = 0; k < expected.size(); ++k)
            expected[k] = rounded(expected[k] + data_.prior[i][k], output.dtype);
      const double floor = output.name[0] == 'd' ? case_.floor : 0;
      const Comparison c =
          compare(output.values, expected, tolerance_of(dtype_ == DType::u8 ? output.dtype : dtype_, kernel_), floor);
      worst_nmse_ = std::max(worst_nmse_, c.nmse);
      if (!c.failure.empty()) fail(variant, output.name + ": " + c.failure);
    }
  }

  void expect_same_bits(const Outputs& a, const Outputs& b) {
    for (size_t i = 0; i < a.all.size(); ++i)
      if (a.all[i].values != b.all[i].values) fail("second run", a.all[i].name + " differs from the first run's");
  }

  const Case& case_;
  const DType dtype_;
  const Data data_, other_;
  const Outputs expected_;
  std::string kernel_;
  std::vector<std::string> failures_;
  double worst_nmse_ = 0;
};

class TestMode {
 public:
  explicit TestMode(const Options& options) : options_(options) {}

  void check(const Case& c, DType dtype) {
    set_current(join("the oracle on ", c.title(), " ", dtype));
    CaseTest test(c, dtype);
    bool taken = false;
    for (const KernelEntry* entry : implementations(c, options_)) {
      const std::string reason = entry->reject(c.spec(dtype));
      const std::string label = join(c.op->kind(), " ", dtype, " ", entry->name);
      taken |= reason.empty();
      if (reason.empty())
        check(test, *entry, c.title(), tally_[label], label);
      else
        ++tally_[label].not_taken;
    }
    // Without a processor that computes in bf16 a backend may leave that dtype to others.
    if (!taken && options_.implementation.empty() && (dtype != DType::bf16 || isa() >= Isa::avx512_bf16)) {
      std::cout << "FAILED " << c.title() << " " << dtype << ": no implementation takes it\n";
      ++nobody_;
    }
  }

  int summary() const {
    int passed = 0, failed = nobody_;
    std::cout << std::left << std::setw(44) << "op, dtype, implementation" << std::right << std::setw(8) << "passed"
              << std::setw(8) << "failed" << std::setw(11) << "not taken" << std::setw(13) << "worst nmse\n";
    for (const auto& [label, t] : tally_) {
      std::cout << std::left << std::setw(44) << label << std::right << std::setw(8) << t.passed << std::setw(8)
                << t.failed << std::setw(11) << t.not_taken << std::setw(12) << std::setprecision(2) << t.worst_nmse
                << "\n";
      passed += t.passed;
      failed += t.failed;
    }
    std::cout << passed << " passed, " << failed << " failed\n";
    return failed;
  }

 private:
  void check(CaseTest& test, const KernelEntry& entry, const std::string& title, Tally& tally,
             const std::string& label) {
    const std::string what = join(entry.backend, "/", label, ": ", title);
    set_current(what);
    std::vector<std::string> failures;
    try {
      failures = test.check(entry);
    } catch (const std::exception& e) {
      failures = {join("threw: ", e.what())};
    }
    tally.worst_nmse = std::max(tally.worst_nmse, test.worst_nmse());
    ++(failures.empty() ? tally.passed : tally.failed);
    if (!failures.empty())
      std::cout << "FAILED " << what << "\n";
    else if (options_.verbose)
      std::cout << "passed " << what << " (nmse " << test.worst_nmse() << ")\n";
    for (const std::string& f : failures) std::cout << "    " << f << "\n";
    std::cout << std::flush;
  }

  const Options& options_;
  std::map<std::string, Tally> tally_;
  int nobody_ = 0;
};

}  // namespace

int run_test(const std::vector<Case>& cases, const Options& options) {
  TestMode mode(options);
  for (const Case& c : cases)
    for (const DType dtype : options.dtypes)
      if (c.takes(dtype)) mode.check(reduced(c, kBudget), dtype);
  return mode.summary();
}

}  // namespace resnet::conformance
