// How fast every implementation is on every case, at the full batch: the median time of a call, and the rate (GFLOP/s,
// a multiply-add being two, or, for ops without any, GB/s of inputs and output each moved once).
#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>

#include "conformance/guarded.h"
#include "conformance/modes.h"
#include "conformance/run.h"
#include "core/check.h"

namespace resnet::conformance {

namespace {

/// Buffers for one kernel, filled once.
class Stage {
 public:
  Stage(Kernel& kernel, const Case& c, const Data& data) : kernel_(kernel), data_(data) {
    const KernelSpec& spec = kernel.spec();
    for (size_t i = 0; i < c.x.size(); ++i) {
      args_.x[i] = filled(data.x[i], c.x_dtype(spec.dtype));
      if (spec.need_dx[i]) args_.dx[i] = filled(data.prior[i], c.x_dtype(spec.dtype));
    }
    args_.y = filled(data.dy, c.y_dtype(spec.dtype));
    args_.dy = filled(data.dy, c.y_dtype(spec.dtype));
    args_.labels = data.labels.data();
    for (size_t i = 0; i < data.w.size(); ++i) {
      args_.w.push_back(static_cast<float*>(filled(data.w[i], c.params()[i].dtype)));
      args_.dw.push_back(static_cast<float*>(filled(data.w[i], DType::f32)));
    }
    args_.saved = bytes(kernel.needs().saved_bytes);
    args_.workspace = bytes(kernel.needs().workspace_bytes);
    kernel.pack(args_.w);
  }

  double forward_seconds(double budget) {
    return median(budget, [this] { kernel_.forward(args_); });
  }
  double backward_seconds(double budget) {
    return median(budget, [this] { kernel_.backward(args_); });
  }

 private:
  void* bytes(size_t n) {
    buffers_.push_back(std::make_unique<Guarded>(n));
    return buffers_.back()->data();
  }

  void* filled(const std::vector<float>& values, DType dtype) {
    void* to = bytes(values.size() * size_of(dtype));
    for (size_t i = 0; i < values.size(); ++i) store(to, dtype, i, values[i]);
    return to;
  }

  template <class Call> static double median(double budget, const Call& call) {
    using Clock = std::chrono::steady_clock;
    call();
    std::vector<double> times;
    for (double sum = 0; sum < budget || times.size() < 3; sum += times.back()) {
      const auto start = Clock::now();
      call();
      times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + static_cast<int64_t>(times.size() / 2), times.end());
    return times[times.size() / 2];
  }

  Kernel& kernel_;
  const Data& data_;
  KernelArgs args_;
  std::vector<std::unique_ptr<Guarded>> buffers_;
};

/// Work of a direction, in 1e9 floating-point operations or bytes.
double giga(const Case& c, DType dtype, bool backward) {
  const double multiply_adds = static_cast<double>(c.op->multiply_adds(c.x));
  const bool dx = c.need_dx[0];
  if (multiply_adds > 0) return 2e-9 * multiply_adds * (backward && dx ? 2 : 1);
  double elements = static_cast<double>(c.op->infer(c.x).elements());
  for (const Shape& x : c.x) elements += static_cast<double>(x.elements());
  return 1e-9 * elements * static_cast<double>(size_of(c.x_dtype(dtype)));
}

std::string cell(double seconds, double work) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(3) << std::setw(10) << 1e3 * seconds << std::setprecision(1) << std::setw(10)
      << work / seconds;
  return std::move(out).str();
}

void measure(const Case& c, DType dtype, const KernelEntry& entry, const Data& data, const Options& options) {
  if (!entry.reject(c.spec(dtype)).empty()) return;
  set_current(join(entry.name, " on ", c.title(), " ", dtype));
  const std::unique_ptr<Kernel> kernel = entry.make(c.spec(dtype));
  Stage stage(*kernel, c, data);
  std::cout << std::left << std::setw(72) << c.title() << std::setw(6) << name_of(dtype) << std::setw(40)
            << kernel->name() << cell(stage.forward_seconds(options.seconds), giga(c, dtype, false));
  if (c.train) std::cout << cell(stage.backward_seconds(options.seconds), giga(c, dtype, true));
  std::cout << std::endl;
}

}  // namespace

int run_perf(const std::vector<Case>& cases, const Options& options) {
  std::cout << std::left << std::setw(72) << "case" << std::setw(6) << "dtype" << std::setw(40) << "kernel"
            << std::right << std::setw(10) << "fwd ms" << std::setw(10) << "GF|GB/s" << std::setw(10) << "bwd ms"
            << std::setw(10) << "GF|GB/s\n";
  for (const Case& c : cases)
    for (const DType dtype : options.dtypes) {
      if (!c.takes(dtype)) continue;
      const Data data = make_data(c, dtype);
      for (const KernelEntry* entry : implementations(c, options)) measure(c, dtype, *entry, data, options);
    }
  return 0;
}

}  // namespace resnet::conformance
