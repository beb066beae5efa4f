// The one pool of math threads (OpenMP's, which oneDNN shares). Data workers are plain threads and never enter it.
#pragma once

#include <cstdint>
#include <functional>

namespace resnet {

void set_threads(int n);  ///< 0: one a physical core
int threads();            ///< as set, or the default
int spare_processors();   ///< that this process may use and threads() leaves idle

/// While it lives, this thread's parallel_for does all work itself and threads() is 1, for oneDNN too: for plans and runs
/// inside a thread of the pool.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  bool alone_before_;
  int openmp_before_;
};

/// Splits [0, n) into one contiguous range a thread and calls body(begin, end, thread) for each range that is not empty.
/// The split depends on n and threads() only. An exception in a body ends the program: bodies do not throw.
void parallel_for(int64_t n, const std::function<void(int64_t begin, int64_t end, int thread)>& body);

/// Whether this thread has one of the ranges of parallel_for(n).
bool has_part(int64_t n, int thread);

}  // namespace resnet
