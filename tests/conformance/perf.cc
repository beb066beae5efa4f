// How fast every implementation is on every case, at the full batch: the median time of a call, and the rate (GFLOP/s,
// a multiply-add being two, or, for ops without any, GB/s of inputs and output each moved once).
#include <iomanip>
#include <iostream>

#include "conformance/modes.h"
#include "conformance/stage.h"
#include "core/check.h"

namespace resnet::conformance {

namespace {

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
            << kernel->name() << cell(stage.forward_seconds(options.seconds).median, giga(c, dtype, false));
  if (c.train) std::cout << cell(stage.backward_seconds(options.seconds).median, giga(c, dtype, true));
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
