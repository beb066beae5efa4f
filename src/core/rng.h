// A counter-based random generator: the n-th draw of a stream is a pure function of (key, n), so that what is drawn
// does not depend on workers, restarts or ranks. Philox2x32-10 (Salmon et al., SC 2011).
#pragma once

#include <cstdint>

namespace resnet {

class Rng {
 public:
  /// A stream of its own for every distinct (seed, a, b); for augmentation (seed, epoch, sample).
  explicit Rng(uint64_t seed, uint64_t a = 0, uint64_t b = 0);

  uint32_t next();                    ///< 32 uniform bits
  uint32_t below(uint32_t n);         ///< uniform in [0, n), n > 0, without modulo bias
  float uniform();                    ///< uniform in [0, 1)
  float uniform(float lo, float hi);  ///< uniform in [lo, hi)
  void seek(uint64_t n);              ///< goes to the n-th draw of 32 bits of the stream, n < 2^33
  float normal();                     ///< standard normal (Box–Muller)

 private:
  uint32_t key_;
  uint32_t stream_;
  uint32_t counter_ = 0;
  uint32_t spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace resnet
