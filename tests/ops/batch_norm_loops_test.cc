// The passes of batch norm: past the caches or not, in place or not, the same bits, on every width of a row.
#include "ops/cpu/batch_norm_loops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/arena.h"
#include "core/bf16.h"

namespace resnet {
namespace {

constexpr int64_t kWidths[] = {1, 5, 16, 32, 48, 64, 96, 192}, kRows[] = {1, 3, 70, 333};

float value(int64_t i) { return static_cast<float>((i * 2654435761u >> 7) % 1021) / 256.0f - 2.0f; }
void put(float* p, float v) { *p = v; }
void put(uint16_t* p, float v) { *p = f32_to_bf16(v); }
float get(float v) { return v; }
float get(uint16_t v) { return bf16_to_f32(v); }
const BatchNormLoops<float>& loops(float) { return batch_norm_table().f32; }
const BatchNormLoops<uint16_t>& loops(uint16_t) { return batch_norm_table().bf16; }

// A tensor on huge pages' alignment, so that nothing but the width keeps it from streaming.
template <class T> struct Buffer {
  explicit Buffer(int64_t n, int64_t seed = 0) : arena(static_cast<size_t>(n) * sizeof(T)), size(n) {
    for (int64_t i = 0; i < n; ++i) put(data() + i, value(i + seed));
  }
  T* data() const { return reinterpret_cast<T*>(arena.at(0)); }
  std::vector<T> values() const { return {data(), data() + size}; }
  Arena arena;
  int64_t size;
};

template <class T> class BatchNormPasses : public testing::Test {};
using Types = testing::Types<float, uint16_t>;
TYPED_TEST_SUITE(BatchNormPasses, Types);

TYPED_TEST(BatchNormPasses, ForwardStreamsTheSameBits) {
  using T = TypeParam;
  for (const int64_t c : kWidths)
    for (const int64_t rows : kRows) {
      const Buffer<T> x(rows * c), addend(rows * c, 5), plain(rows * c), streamed(rows * c, 9);
      const Buffer<float> scale(c, 11), shift(c, 3);
      std::vector<uint16_t> mask(static_cast<size_t>(rows * mask_words(c))), other(mask.size());
      const auto run = [&](T* y, bool stream, uint16_t* bits) {
        loops(T{}).normalize(x.data(), addend.data(), y, bits, true, stream, rows, c, scale.data(), shift.data());
      };
      run(plain.data(), false, mask.data());
      run(streamed.data(), true, other.data());
      EXPECT_EQ(plain.values(), streamed.values()) << rows << " rows of " << c;
      EXPECT_EQ(mask, other);
      for (int64_t i = 0; i < rows * c; ++i) {
        const float v = get(x.data()[i]) * scale.data()[i % c] + shift.data()[i % c] + get(addend.data()[i]);
        const bool set = mask[static_cast<size_t>(i / c * mask_words(c) + i % c / 16)] >> (i % c % 16) & 1u;
        EXPECT_NEAR(get(plain.data()[i]), v > 0 ? v : 0.0f, 0.04f) << "element " << i << " of rows of " << c;
        EXPECT_TRUE(std::abs(v) < 0.01f || set == (v > 0)) << "element " << i << " of rows of " << c;
      }
    }
}

TYPED_TEST(BatchNormPasses, BackwardStreamsTheSameBits) {
  using T = TypeParam;
  for (const int64_t c : kWidths)
    for (const int64_t rows : kRows) {
      const Buffer<T> x(rows * c), dy(rows * c, 5), dx(rows * c), d_addend(rows * c), dx2(rows * c, 9),
          over(rows * c, 5);
      const Buffer<float> p(c, 11), q(c, 3), r(c, 4);
      std::vector<uint16_t> mask(static_cast<size_t>(rows * mask_words(c)));
      for (size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<uint16_t>(i * 40503u);
      const auto run = [&](const T* dz, T* to, T* addend, bool stream) {
        loops(T{}).backward(x.data(), dz, mask.data(), to, addend, false, stream, rows, c, p.data(), q.data(),
                            r.data());
      };
      run(dy.data(), dx.data(), d_addend.data(), false);
      run(over.data(), dx2.data(), over.data(), true);
      EXPECT_EQ(dx.values(), dx2.values()) << rows << " rows of " << c;
      EXPECT_EQ(d_addend.values(), over.values());
      run(dy.data(), dy.data(), nullptr, true);
      EXPECT_EQ(dx.values(), dy.values());
    }
}

TYPED_TEST(BatchNormPasses, SumsAreThoseOfTheElements) {
  using T = TypeParam;
  for (const int64_t c : kWidths)
    for (const int64_t rows : kRows) {
      const Buffer<T> x(rows * c), dy(rows * c, 5);
      const Buffer<float> mean(c, 7);
      const auto n = static_cast<size_t>(c);
      std::vector<double> sum(n), square(n), d_sum(n), product(n);
      loops(T{}).moments(x.data(), rows, c, mean.data(), sum.data(), square.data());
      loops(T{}).backward_sums(x.data(), dy.data(), nullptr, rows, c, mean.data(), d_sum.data(), product.data());
      for (int64_t i = 0; i < rows * c; ++i) {
        const auto k = static_cast<size_t>(i % c);
        const double v = static_cast<double>(get(x.data()[i])) - mean.data()[k], d = get(dy.data()[i]);
        sum[k] -= v;
        square[k] -= v * v;
        d_sum[k] -= d;
        product[k] -= d * v;
      }
      for (size_t k = 0; k < n; ++k)
        for (const double left : {sum[k], square[k], d_sum[k], product[k]})
          EXPECT_NEAR(left, 0.0, 1e-3) << rows << " rows of " << c << ", channel " << k;
    }
}

}  // namespace
}  // namespace resnet
