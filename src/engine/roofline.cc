#include "engine/roofline.h"

#include <algorithm>
#include <chrono>

#include "core/arena.h"
#include "core/parallel.h"
#include "ops/cpu/peak.h"

namespace resnet {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSmallest = int64_t{1} << 20, kLargest = int64_t{256} << 20, kStep = 4;
constexpr int kTries = 3;
constexpr double kTrySeconds = 0.03;

struct alignas(64) Sink {
  char bytes[256];
};

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The best of several tries of body(repetitions) on all threads, in amounts a second.
template <class Body> double best_rate(double amount_a_repetition, const Body& body) {
  double best = 0;
  int64_t repetitions = 1;
  for (int tries = 0; tries < kTries;) {
    const Clock::time_point start = Clock::now();
    parallel_for(threads(), [&](int64_t, int64_t, int thread) { body(thread, repetitions); });
    const double seconds = since(start);
    best = std::max(best, amount_a_repetition * static_cast<double>(repetitions) / seconds);
    if (seconds < kTrySeconds)
      repetitions *= 2;
    else
      ++tries;
  }
  return best;
}

double measure_arithmetic(DType dtype) {
  const PeakArithmetic peak = peak_arithmetic(dtype);
  std::vector<Sink> sinks(static_cast<size_t>(threads()));
  constexpr int64_t kRounds = 1000;
  return best_rate(static_cast<double>(kRounds * peak.flops_a_round * threads()), [&](int thread, int64_t repetitions) {
    peak.run(kRounds * repetitions, &sinks[static_cast<size_t>(thread)]);
  });
}

Bandwidth measure_bandwidth(const Arena& arena, int64_t bytes) {
  const PeakMemory& peak = peak_memory();
  const int64_t n = bytes / 2 / 4 / threads() / 64 * 64;  // floats a thread reads, and as many that it writes
  auto* base = reinterpret_cast<float*>(arena.at(0));
  std::vector<Sink> sinks(static_cast<size_t>(threads()));
  const auto x = [&](int thread) { return base + 2 * n * thread; };
  const double moved = 2.0 * 4.0 * static_cast<double>(n * threads());
  const auto rate = [&](auto move) {
    return best_rate(moved, [&](int thread, int64_t repetitions) {
      for (int64_t r = 0; r < repetitions; ++r) move(x(thread), thread);
    });
  };
  Bandwidth b{.bytes = bytes};
  b.bytes_per_second = std::max(rate([&](float* from, int) { peak.copy(from, from + n, n); }),
                                rate([&](float* from, int) { peak.stream(from, from + n, n); }));
  b.read_per_second = rate([&](float* from, int t) { peak.read(from, 2 * n, &sinks[static_cast<size_t>(t)]); });
  return b;
}

}  // namespace

double Roofline::bandwidth(double bytes) const {
  for (const Bandwidth& b : bandwidths)
    if (bytes <= static_cast<double>(b.bytes)) return std::max(b.bytes_per_second, b.read_per_second);
  return bandwidths.empty() ? 0 : std::max(bandwidths.back().bytes_per_second, bandwidths.back().read_per_second);
}

double Roofline::seconds(double flops, double bytes) const {
  return std::max(flops / flops_per_second, bytes / bandwidth(bytes));
}

Roofline measure_roofline(DType dtype) {
  Roofline roof{.dtype = dtype, .threads = threads(), .flops_per_second = measure_arithmetic(dtype), .bandwidths = {}};
  const Arena arena(static_cast<size_t>(kLargest));
  for (int64_t bytes = kSmallest; bytes <= kLargest; bytes *= kStep)
    roof.bandwidths.push_back(measure_bandwidth(arena, bytes));
  return roof;
}

double flops_of(const StepInfo& step) {
  return 2.0 * static_cast<double>(step.multiply_adds + step.backward_multiply_adds);
}

double least_seconds(const Roofline& roof, const StepInfo& step) {
  return roof.seconds(2.0 * static_cast<double>(step.multiply_adds), static_cast<double>(step.forward_bytes)) +
         roof.seconds(2.0 * static_cast<double>(step.backward_multiply_adds), static_cast<double>(step.backward_bytes));
}

double least_seconds(const Roofline& roof, const std::vector<StepInfo>& steps) {
  double seconds = 0;
  for (const StepInfo& step : steps) seconds += least_seconds(roof, step);
  return seconds;
}

}  // namespace resnet
