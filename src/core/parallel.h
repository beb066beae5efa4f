// The one pool of math threads (OpenMP's, which oneDNN shares). Data workers are plain threads and never enter it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace resnet {

void set_threads(int n);  ///< 0: one a physical core
int threads();            ///< as set, or the default
int spare_processors();   ///< that this process may use and threads() leaves idle

/// While it lives, the thread that made it computes with n threads, in parallel_for and in oneDNN, and threads() says so: 1
/// inside a thread of the pool, more where several threads run plans of their own side by side.
class ThreadShare {
 public:
  explicit ThreadShare(int n);
  ~ThreadShare();
  ThreadShare(const ThreadShare&) = delete;
  ThreadShare& operator=(const ThreadShare&) = delete;

 private:
  int share_before_, openmp_before_;
};

/// Splits [0, n) into one contiguous range a thread and calls body(begin, end, thread) for each range that is not empty.
/// The split depends on n and threads() only. An exception in a body ends the program: bodies do not throw.
void parallel_for(int64_t n, const std::function<void(int64_t begin, int64_t end, int thread)>& body);

/// Bytes left free, at least, between what two threads write again and again: a page, for prefetching by the hardware goes no
/// further. One that reads to the end of its own would else take lines away from the other core, time after time.
constexpr int64_t kThreadGap = 4096;

/// The threads that have one of the ranges of parallel_for(n), in their order.
std::vector<int> threads_with_part(int64_t n);

}  // namespace resnet
