// What the kernels that work on rows of pictures share.
#pragma once

#include <algorithm>

#include "core/parallel.h"
#include "ops/cpu/past_caches.h"
#include "ops/cpu/pool_loops.h"
#include "ops/kernel.h"
#include "ops/pool.h"

namespace resnet {

inline PoolShape pool_shape(const PoolAttributes& a, const Shape& x, const Shape& y) {
  const bool global = a.kernel == 0;
  return {x[1], x[2], x[3], y[1], y[2], global ? x[1] : a.kernel, global ? x[2] : a.kernel, global ? 1 : a.stride,
          a.pad};
}

/// Calls body(n, first, last + 1) for ranges of the `rows` rows of every picture, on all threads.
template <class Body> void over_rows(const KernelSpec& spec, int64_t rows, const Body& body) {
  parallel_for(spec.x[0][0] * rows, [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin / rows; n * rows < end; ++n)
      body(n, std::max<int64_t>(begin - n * rows, 0), std::min(end - n * rows, rows));
  });
}

/// The elements before picture n.
inline int64_t picture(const Shape& s, int64_t n) { return n * (s.elements() / s[0]); }

template <class T> bool past_caches(const Shape& s) {
  return past_caches(s.elements() * static_cast<int64_t>(sizeof(T)));
}

/// K<float> or K<uint16_t>, by the spec's dtype.
template <template <class> class K> std::unique_ptr<Kernel> make_for_dtype(const KernelSpec& spec) {
  if (spec.dtype == DType::f32) return std::make_unique<K<float>>(spec);
  return std::make_unique<K<uint16_t>>(spec);
}

}  // namespace resnet
