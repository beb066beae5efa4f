// A kernel with buffers around it, ready to be called again and again: what perf and race measure.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "conformance/data.h"
#include "conformance/run.h"
#include "core/arena.h"

namespace resnet::conformance {

/// Of a call, in seconds.
struct Times {
  double least = 0, median = 0;
};

/// Buffers for one kernel, filled once. `data` must outlive it.
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
    args_.targets = data.targets.data();
    for (size_t i = 0; i < data.w.size(); ++i) {
      args_.w.push_back(static_cast<float*>(filled(data.w[i], c.params()[i].dtype)));
      args_.dw.push_back(static_cast<float*>(filled(data.w[i], DType::f32)));
    }
    args_.saved = bytes(kernel.needs().saved_bytes);
    args_.workspace = bytes(kernel.needs().workspace_bytes);
    kernel.pack(args_.w);
  }

  Times forward_seconds(double budget) {
    return measure(budget, [this] { kernel_.forward(args_); });
  }
  Times backward_seconds(double budget) {
    return measure(budget, [this] { kernel_.backward(args_); });
  }

 private:
  void* bytes(size_t n) {
    buffers_.push_back(std::make_unique<Arena>(n));  // huge pages, as a plan has them
    return buffers_.back()->at(0);
  }

  void* filled(const std::vector<float>& values, DType dtype) {
    void* to = bytes(values.size() * size_of(dtype));
    for (size_t i = 0; i < values.size(); ++i) store(to, dtype, i, values[i]);
    return to;
  }

  template <class Call> static Times measure(double budget, const Call& call) {
    using Clock = std::chrono::steady_clock;
    call();
    std::vector<double> times;
    for (double sum = 0; sum < budget || times.size() < 3; sum += times.back()) {
      const auto start = Clock::now();
      call();
      times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    return {times.front(), times[times.size() / 2]};
  }

  Kernel& kernel_;
  const Data& data_;
  KernelArgs args_;
  std::vector<std::unique_ptr<Arena>> buffers_;
};

}  // namespace resnet::conformance
