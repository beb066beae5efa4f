// The micro-kernels of Winograd's products: a tile of R rows and N vectors of columns stays in registers. For files that are
// compiled for one instruction set (see simd.h): all is in an anonymous namespace. A Math says what an element is (32 bits: a
// float, or a pair of bf16), how wide registers are, and how `sum + w * broadcast(*a)` is computed.
#pragma once

#include <cstdint>

namespace resnet {
namespace {

template <class Math, int R, int N>
void multiply_tile(const float* v, int64_t ldv, const float* u, int64_t k, float* m) {
  constexpr int kLanes = Math::kLanes;
  typename Math::Vector sum[R][N] = {};
  // Of every three rows the first has a pointer of its own: few enough registers, and no multiplication.
  const float* row[(R + 2) / 3];
#pragma GCC unroll 16
  for (int r = 0; r < R; r += 3) row[r / 3] = v + r * ldv;
  for (int64_t i = 0; i < k; ++i, u += kLanes * N) {
    typename Math::Vector b[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) {
      b[n] = Math::load(u + kLanes * n);
      __builtin_prefetch(u + kLanes * (k * N + n), 0, 3);  // the next position's weights
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) sum[r][n] = Math::multiply_add(sum[r][n], b[n], row[r / 3] + (r % 3) * ldv + i);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) Math::store(m + (r * N + n) * kLanes, sum[r][n]);
}

template <class Math, int R, int N>
void accumulate_tile(const float* v, int64_t ldv, const float* d, int64_t ldd, int64_t tiles, bool fresh, float* du,
                     int64_t ldu) {
  constexpr int kLanes = Math::kLanes;
  typename Math::Vector sum[R][N] = {};
  if (!fresh) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) sum[r][n] = Math::load(du + r * ldu + kLanes * n);
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) __builtin_prefetch(du + (R + r) * ldu + kLanes * n, 1, 2);  // the next rows
  for (int64_t t = 0; t < tiles; ++t, v += ldv, d += ldd) {
    typename Math::Vector b[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) b[n] = Math::load(d + kLanes * n);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) sum[r][n] = Math::multiply_add(sum[r][n], b[n], v + r);
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) Math::store(du + r * ldu + kLanes * n, sum[r][n]);
}

// Calls body.template operator()<R>(first row) so that all rows are covered by tiles of about the same height.
template <int R, class Body> void for_height(int64_t rows, const Body& body) {
  if constexpr (R > 1) {
    if (rows < R) return for_height<R - 1>(rows, body);
  }
  body.template operator()<R>();
}
template <int kRows, class Body> void for_rows(int64_t rows, const Body& body) {
  for (int64_t first = 0, left = (rows + kRows - 1) / kRows; first < rows; --left) {
    const int64_t height = (rows - first + left - 1) / left;
    for_height<kRows>(height, [&]<int R>() { body.template operator()<R>(first); });
    first += height;
  }
}

template <class Math>
void multiply(const void* v_, int64_t ldv, int64_t rows, const void* u_, int64_t k, int64_t columns, float* m) {
  constexpr int kLanes = Math::kLanes, kColumns = Math::kColumns;
  const float *v = static_cast<const float*>(v_), *u = static_cast<const float*>(u_);
  for_rows<Math::kRows>(rows, [&]<int R>(int64_t r) {
    if (columns == 16)
      multiply_tile<Math, R, 16 / kLanes>(v + r * ldv, ldv, u, k, m + r * 16);
    else
      multiply_tile<Math, R, kColumns / kLanes>(v + r * ldv, ldv, u, k, m + r * kColumns);
  });
}

template <class Math>
void accumulate(const void* v_, int64_t ldv, int64_t rows, const void* d_, int64_t ldd, int64_t columns, int64_t tiles,
                bool fresh, float* du, int64_t ldu) {
  constexpr int kLanes = Math::kLanes, kColumns = Math::kColumns;
  const float *v = static_cast<const float*>(v_), *d = static_cast<const float*>(d_);
  for (int64_t c = 0; c < columns; c += kColumns)
    for_rows<Math::kRows>(rows, [&]<int R>(int64_t r) {
      if (columns - c < kColumns)
        accumulate_tile<Math, R, 16 / kLanes>(v + r, ldv, d + c, ldd, tiles, fresh, du + r * ldu + c, ldu);
      else
        accumulate_tile<Math, R, kColumns / kLanes>(v + r, ldv, d + c, ldd, tiles, fresh, du + r * ldu + c, ldu);
    });
}

}  // namespace
}  // namespace resnet
