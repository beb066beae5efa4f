// Winograd's transforms of tiles, a register of channels at a time, and the f32 products between them.
#include "ops/cpu/conv_winograd_loops.h"

#include "ops/cpu/conv_winograd_products.h"
#include "ops/cpu/conv_winograd_transforms.h"
#include "ops/cpu/simd.h"

namespace resnet {
namespace {

// As many floats as a register has, because what is computed here stays in registers. Micro-kernels have tiles of kRows rows
// and 16 columns, or kColumns where there are as many.
#if defined(__AVX512F__)
constexpr int kLanes = 16, kRows = 14, kColumns = 32;
#elif defined(__AVX2__)
constexpr int kLanes = 8, kRows = 6, kColumns = 16;
#else
constexpr int kLanes = 4, kRows = 2, kColumns = 16;
#endif
typedef float V __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
typedef uint32_t VU __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
typedef uint16_t VH __attribute__((vector_size(2 * kLanes), aligned(2), may_alias));

V get(const float* p) { return *reinterpret_cast<const V*>(p); }
V get(const uint16_t* p) {
#if defined(__AVX512F__)
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return reinterpret_cast<V>(_mm512_slli_epi32(wide, 16));
#else
  return reinterpret_cast<V>(__builtin_convertvector(*reinterpret_cast<const VH*>(p), VU) << 16);
#endif
}
void put(float* p, V v) { *reinterpret_cast<V*>(p) = v; }
void put(uint16_t* p, V v) {
#ifdef __AVX512BF16__
  *reinterpret_cast<VH*>(p) = reinterpret_cast<VH>(_mm512_cvtneps_pbh(reinterpret_cast<__m512>(v)));
#else
  const VU u = reinterpret_cast<VU>(v);
  *reinterpret_cast<VH*>(p) = __builtin_convertvector((u + 0x7fffu + ((u >> 16) & 1u)) >> 16, VH);
#endif
}

template <class P> constexpr int kPacked = 1;
template <> constexpr int kPacked<uint32_t> = 2;

// What is next to each other in the sum of a product: two vectors of bf16 in turn. Of f32 there is one.
void put_pair(float* p, V first, V) { put(p, first); }
void put_pair(uint32_t* p, V first, V second) {
#ifdef __AVX512BF16__
  const __m512i halves =
      reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(reinterpret_cast<__m512>(second), reinterpret_cast<__m512>(first)));
  alignas(64) static constexpr uint16_t kInTurn[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                       8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  _mm512_storeu_si512(p, _mm512_permutexvar_epi16(_mm512_load_si512(kInTurn), halves));
#else
  const VU a = reinterpret_cast<VU>(first), b = reinterpret_cast<VU>(second);
  *reinterpret_cast<VU*>(p) =
      ((a + 0x7fffu + ((a >> 16) & 1u)) >> 16) | ((b + 0x7fffu + ((b >> 16) & 1u)) & 0xffff0000u);
#endif
}

constexpr V kZero = {};

struct TransformMath {
  typedef resnet::V Vector;
  // Fused by hand: the compiler keeps a product that both take, and adds it twice.
#if defined(__AVX512F__)
  static V plus(V sum, V a, float b) {
    return reinterpret_cast<V>(
        _mm512_fmadd_ps(reinterpret_cast<__m512>(a), _mm512_set1_ps(b), reinterpret_cast<__m512>(sum)));
  }
  static V minus(V sum, V a, float b) {
    return reinterpret_cast<V>(
        _mm512_fnmadd_ps(reinterpret_cast<__m512>(a), _mm512_set1_ps(b), reinterpret_cast<__m512>(sum)));
  }
#else
  static V plus(V sum, V a, float b) { return sum + a * b; }
  static V minus(V sum, V a, float b) { return sum - a * b; }
#endif
};
template <int M> using F = WinogradTransform<TransformMath, M>;

// What is at p, or zeros where the mask is zero; else it is kInside<T>.
template <class T> constexpr uint32_t kInside = 0xffff;
template <> constexpr uint32_t kInside<uint16_t> = 0xaaaaaaaa;
#if defined(__AVX512F__)
V get_if(uint32_t mask, const float* p) {
  return reinterpret_cast<V>(_mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), p));
}
V get_if(uint32_t mask, const uint16_t* p) {
  alignas(64) static constexpr uint16_t kUpperHalves[32] = {0, 0, 0, 1, 0, 2,  0, 3,  0, 4,  0, 5,  0, 6,  0, 7,
                                                            0, 8, 0, 9, 0, 10, 0, 11, 0, 12, 0, 13, 0, 14, 0, 15};
  const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return reinterpret_cast<V>(
      _mm512_maskz_permutexvar_epi16(mask, _mm512_load_si512(kUpperHalves), _mm512_castsi256_si512(halves)));
}
#else
template <class T> V get_if(uint32_t mask, const T* p) { return mask ? get(p) : kZero; }
#endif

// The pixels of a tile, row by row.
template <class T, int N> struct Pixels {
  explicit Pixels(const WinogradInput& x) {
#pragma GCC unroll 6
    for (int i = 0; i < N; ++i) {
      const int64_t row_at = x.tile->row[i], column_at = x.tile->column[i];
      row[i] = row_at < 0 ? nullptr : static_cast<const T*>(x.x) + row_at;
      column[i] = column_at < 0 ? 0 : column_at;
      inside[i] = column_at < 0 ? 0 : kInside<T>;
    }
  }
  // kLanes channels of row i from c on.
  [[gnu::always_inline]] void load(int i, int64_t c, V (&v)[N]) const {
    if (row[i] == nullptr) {
#pragma GCC unroll 6
      for (int j = 0; j < N; ++j) v[j] = kZero;
      return;
    }
#pragma GCC unroll 6
    for (int j = 0; j < N; ++j) v[j] = get_if(inside[j], row[i] + column[j] + c);
  }

  const T* row[N];
  int64_t column[N];
  uint32_t inside[N];
};

// One group of kLanes channels of a tile, transformed.
template <int M, class T> struct Input {
  static constexpr int kIn = F<M>::kIn;
  typedef Pixels<T, kIn> From;
  [[gnu::always_inline]] static void transform(const From& from, int64_t c, V (&d)[kIn][kIn]) {
#pragma GCC unroll 6
    for (int i = 0; i < kIn; ++i) {
      from.load(i, c, d[i]);
      F<M>::input(d[i]);
    }
#pragma GCC unroll 6
    for (int j = 0; j < kIn; ++j) {
      V x[kIn];
#pragma GCC unroll 6
      for (int i = 0; i < kIn; ++i) x[i] = d[i][j];
      F<M>::input(x);
#pragma GCC unroll 6
      for (int i = 0; i < kIn; ++i) d[i][j] = x[i];
    }
  }
};

template <int M, class T> struct Gradient {
  static constexpr int kIn = F<M>::kIn;
  typedef Pixels<T, M> From;
  [[gnu::always_inline]] static void transform(const From& from, int64_t c, V (&d)[kIn][kIn]) {
    V z[M][kIn];
#pragma GCC unroll 6
    for (int i = 0; i < M; ++i) {
      V y[M];
      from.load(i, c, y);
      F<M>::gradient(y, z[i]);
    }
#pragma GCC unroll 6
    for (int j = 0; j < kIn; ++j) {
      V y[M], x[kIn];
#pragma GCC unroll 6
      for (int i = 0; i < M; ++i) y[i] = z[i][j];
      F<M>::gradient(y, x);
#pragma GCC unroll 6
      for (int i = 0; i < kIn; ++i) d[i][j] = x[i];
    }
  }
};

template <int M, class T, class E> void input(const WinogradInput& x, int64_t channels, void* v, int64_t plane) {
  constexpr int kIn = F<M>::kIn;
  const Pixels<T, kIn> from(x);
  for (int64_t c = 0; c < channels; c += kLanes) {
    V d[kIn][kIn];
    Input<M, T>::transform(from, c, d);
    E* to = static_cast<E*>(v) + c;
#pragma GCC unroll 36
    for (int p = 0; p < kIn * kIn; ++p) put(to + p * plane, d[p / kIn][p % kIn]);
  }
}

template <int M, class Transform, class P> void pair(const WinogradInput* x, int64_t channels, void* v, int64_t plane) {
  constexpr int kIn = F<M>::kIn;
  const typename Transform::From first(x[0]), second(x[kPacked<P> - 1]);
  for (int64_t c = 0; c < channels; c += kLanes) {
    V a[kIn][kIn], b[kIn][kIn];
    Transform::transform(first, c, a);
    if constexpr (kPacked<P> == 2) Transform::transform(second, c, b);
    P* to = static_cast<P*>(v) + c;
#pragma GCC unroll 36
    for (int p = 0; p < kIn * kIn; ++p) put_pair(to + p * plane, a[p / kIn][p % kIn], b[p / kIn][p % kIn]);
  }
}

// What is added up over the pixels of a tile.
enum class Sums { none, squares, gated, masked };
template <Sums kSums> struct Summed {
  V sum = {}, product = {};

  template <class T> V take(const WinogradOutput& o, int64_t at, int64_t c, V v) {
    V other = v;
    if constexpr (kSums == Sums::gated || kSums == Sums::masked) other = get(static_cast<const T*>(o.gate) + at);
    if constexpr (kSums == Sums::gated) v = other * get(o.scale + c) + get(o.shift + c) > kZero ? v : kZero;
    if constexpr (kSums == Sums::masked) {
      VU bits = {};
      for (int i = 0; i < kLanes; ++i) bits[i] = 1u << i;
      v = (bits & o.mask[at / 16]) != 0 ? v : kZero;
    }
    sum += v;
    product += v * other;
    return v;
  }
  void finish(const WinogradOutput& o, int64_t c) const {
    put(o.sums + c, get(o.sums + c) + sum);
    put(o.sums + o.channels + c, get(o.sums + o.channels + c) + product);
  }
};
template <> struct Summed<Sums::none> {
  template <class T> V take(const WinogradOutput&, int64_t, int64_t, V v) { return v; }
  void finish(const WinogradOutput&, int64_t) const {}
};

template <class T, Sums kSums>
void finish(const WinogradOutput& o, int64_t pixel, int64_t c, V v, Summed<kSums>& summed) {
  if (pixel < 0) return;
  if (o.bias) v += get(o.bias + c);
  if (o.addend) v += get(static_cast<const T*>(o.addend) + pixel + c);
  if (o.relu) v = v < kZero ? kZero : v;  // NaN stays
  put(static_cast<T*>(o.y) + pixel + c, summed.template take<T>(o, pixel + c, c, v));
}

template <int M, class T, Sums kSums> void output_with(const WinogradOutput& o) {
  constexpr int kIn = F<M>::kIn;
  for (int64_t c = 0; c < o.channels; c += kLanes) {
    V z[M][kIn];
#pragma GCC unroll 6
    for (int j = 0; j < kIn; ++j) {
      V x[kIn], y[M];
#pragma GCC unroll 6
      for (int i = 0; i < kIn; ++i) x[i] = get(o.m + (i * kIn + j) * o.plane + c);
      F<M>::output(x, y);
#pragma GCC unroll 6
      for (int i = 0; i < M; ++i) z[i][j] = y[i];
    }
    Summed<kSums> summed;
#pragma GCC unroll 6
    for (int i = 0; i < M; ++i) {
      V y[M];
      F<M>::output(z[i], y);
#pragma GCC unroll 6
      for (int j = 0; j < M; ++j) finish<T>(o, o.tile->row[i] + o.tile->column[j], c, y[j], summed);
    }
    summed.finish(o, c);
  }
}

template <int M, class T> void output(const WinogradOutput& o) {
  if constexpr (kLanes == 16 && sizeof(T) == 2) {
    if (o.sums)
      return o.mask   ? output_with<M, T, Sums::masked>(o)
             : o.gate ? output_with<M, T, Sums::gated>(o)
                      : output_with<M, T, Sums::squares>(o);
  }
  output_with<M, T, Sums::none>(o);
}

// The 3x3 weights of kLanes outputs for one input, transformed.
template <int M> void transformed(const WinogradWeights& w, int64_t o, int64_t i, V u[F<M>::kIn][F<M>::kIn]) {
  constexpr int kIn = F<M>::kIn;
  V columns[3][kIn];
  for (int x = 0; x < 3; ++x) {
    float taps[3][kLanes];
    for (int y = 0; y < 3; ++y) {
      const int tap = w.turned ? 8 - (y * 3 + x) : y * 3 + x;
      const float* p = w.w + o * w.out_step + i * w.in_step + tap;
      for (int lane = 0; lane < kLanes; ++lane) taps[y][lane] = p[lane * w.out_step];
    }
    const V g[3] = {get(taps[0]), get(taps[1]), get(taps[2])};
    F<M>::weights(g, columns[x]);
  }
  for (int y = 0; y < kIn; ++y) {
    const V g[3] = {columns[0][y], columns[1][y], columns[2][y]};
    F<M>::weights(g, u[y]);
  }
}

template <int M, class P>
void weights(const WinogradWeights& w, int64_t o, int64_t in, void* to, int64_t plane, int64_t columns) {
  constexpr int kIn = F<M>::kIn;
  for (int64_t i = 0; i < in; i += kPacked<P>)
    for (int part = 0; part < 16; part += kLanes) {
      V first[kIn][kIn], second[kIn][kIn];
      transformed<M>(w, o + part, i, first);
      if constexpr (kPacked<P> == 2) transformed<M>(w, o + part, i + 1, second);
      P* u = static_cast<P*>(to) + i / kPacked<P> * columns + part;
      for (int p = 0; p < kIn * kIn; ++p)
        put_pair(u + p * plane / kPacked<P>, first[p / kIn][p % kIn], second[p / kIn][p % kIn]);
    }
}

template <int M>
void gradient_lanes(const float* du, int64_t plane, int64_t out, int64_t o, int64_t in, const WinogradWeights& w) {
  constexpr int kIn = F<M>::kIn;
  for (int64_t i = 0; i < in; ++i) {
    V half[kIn][3];
    for (int y = 0; y < kIn; ++y) {
      V u[kIn];
      for (int x = 0; x < kIn; ++x) u[x] = get(du + (y * kIn + x) * plane + i * out + o);
      F<M>::weight_gradient(u, half[y]);
    }
    for (int x = 0; x < 3; ++x) {
      V u[kIn], g[3];
      for (int y = 0; y < kIn; ++y) u[y] = half[y][x];
      F<M>::weight_gradient(u, g);
      for (int y = 0; y < 3; ++y)
        for (int lane = 0; lane < kLanes; ++lane) w.w[(o + lane) * w.out_step + i * w.in_step + y * 3 + x] = g[y][lane];
    }
  }
}

template <int M>
void weight_gradient(const float* du, int64_t plane, int64_t out, int64_t o, int64_t in, const WinogradWeights& w) {
  for (int part = 0; part < 16; part += kLanes) gradient_lanes<M>(du, plane, out, o + part, in, w);
}

// --- products ---------------------------------------------------------------------------------------------------------

struct F32Math {
  typedef V Vector;
  static constexpr int kLanes = resnet::kLanes, kRows = resnet::kRows, kColumns = resnet::kColumns;
  static V load(const float* p) { return get(p); }
  static void store(float* p, V v) { put(p, v); }
  static V multiply_add(V sum, V w, const float* a) { return sum + w * *a; }
};

// T: of activations, E: of transformed inputs, P: what the products take as an element.
template <int M, class T, class E, class P>
constexpr WinogradTransforms kTransforms = {M,
                                            input<M, T, E>,
                                            pair<M, Input<M, T>, P>,
                                            pair<M, Gradient<M, T>, P>,
                                            output<M, T>,
                                            weights<M, P>,
                                            weight_gradient<M>};

}  // namespace

namespace SIMD_NS {
extern const WinogradTable winograd_table;
const WinogradTable winograd_table = {
    kTransforms<4, float, float, float>,          kTransforms<2, float, float, float>,
    kTransforms<4, uint16_t, float, float>,       kTransforms<4, uint16_t, uint16_t, uint32_t>,
    kTransforms<2, uint16_t, uint16_t, uint32_t>, {multiply<F32Math>, accumulate<F32Math>, kColumns, kRows, 1}};
}  // namespace SIMD_NS

}  // namespace resnet
