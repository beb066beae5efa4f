// For *.simd.cc files: walks rows of C channels as they lie in memory, a few whole cache lines at a time, with the lines of
// the tile that comes next on their way. A tile's sums a channel stay in registers.
#pragma once

#include "ops/cpu/simd.h"

namespace resnet {
namespace {

// Vectors of sixteen channels that a block is wide: whole cache lines, and few enough for the registers.
#ifdef __AVX512F__
constexpr int kVectors = 4;
#else
constexpr int kVectors = 2;
#endif
constexpr int64_t kWidth = 16 * kVectors;

template <int kV> struct Vectors { F16 v[kV]; };

// A number of vectors, to be handed to a body.
template <int kV> struct Count { static constexpr int n = kV; };

template <int kV, class T, class L> inline Vectors<kV> load_vectors(const T* p, L lanes) {
  Vectors<kV> x;
  for (int j = 0; j < kV; ++j) x.v[j] = load16(p + 16 * j, lanes);
  return x;
}

// With `stream` two vectors or more go past the caches; p is then a multiple of 64 bytes.
template <int kV, class T, class L> inline void store_vectors(T* p, const Vectors<kV>& x, L lanes, bool stream) {
  if constexpr (kV == 1)
    store16(p, x.v[0], lanes);
  else if (stream)
    for (int j = 0; j < kV; j += 2) stream32(p + 16 * j, x.v[j], x.v[j + 1]);
  else
    for (int j = 0; j < kV; j += 2) store32(p + 16 * j, x.v[j], x.v[j + 1]);
}

// Rows of a tile, kV vectors wide. Where a row of the tensor is narrower than kWidth (16 or 32 channels), a row of the
// block holds several of them.
template <int kV, class L> struct Block {
  static constexpr int kCount = kV;
  int64_t rows;
  int64_t at, stride;    // elements from the tensor's start to the first row, and from row to row
  int64_t word, words;   // the same in a mask of one bit an element (batch_norm_loops.h)
  int64_t channel;       // of the first element
  int64_t channel_bits;  // all ones, or C - 1 where a row holds several pixels
  int64_t ahead;         // elements from a place in this tile to the same in the next
  L lanes;

  int64_t channel_of(int vector) const { return (channel + 16 * vector) & channel_bits; }
};

// Rows of `stride` elements that a tile has: about 8 KB, so that a tile of each operand and the next one fit into L1.
// No float sums up more terms than this.
template <class T> inline int64_t tile_rows(int64_t stride) {
  const int64_t n = 8192 / (stride * static_cast<int64_t>(sizeof(T)));
  return n < 8 ? 8 : n > 64 ? 64 : n;
}

template <class T, class Body> inline void narrow_blocks(int64_t first, int64_t rows, int64_t c, const Body& body) {
  const int64_t tile = tile_rows<T>(c), words = (c + 15) / 16;
  for (int64_t r = first; r < rows; r += tile)
    for_channels(c, [&](int64_t k, auto lanes) {
      const int64_t n = rows - r < tile ? rows - r : tile;
      body(Block<1, decltype(lanes)>{n, r * c + k, c, r * words + k / 16, words, k, -1, tile * c, lanes});
    });
}

// Calls body(Block) for every block of `rows` rows of C channels, the last tile first if `from_end`.
template <class T, class Body> inline void for_blocks(int64_t rows, int64_t c, bool from_end, const Body& body) {
  const bool several = c == 16 || c == 32;
  const int64_t width = several && c < kWidth ? kWidth : c;
  if (width % kWidth) return narrow_blocks<T>(0, rows, c, body);
  const int64_t wide = rows * c / width, tile = tile_rows<T>(width), tiles = (wide + tile - 1) / tile;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t r = tile * (from_end ? tiles - 1 - t : t), n = wide - r < tile ? wide - r : tile;
    for (int64_t k = 0; k < width; k += kWidth)
      body(Block<kVectors, All>{n, r * width + k, width, (r * width + k) / 16, width / 16, k, several ? c - 1 : -1,
                                from_end ? -tile * width : tile * width, All{}});
  }
  narrow_blocks<T>(wide * width / c, rows, c, body);
}

// Reads row i of a block.
template <class T, int kV, class L> inline Vectors<kV> read(const T* p, const Block<kV, L>& b, int64_t i) {
  p += b.at + i * b.stride;
  for (int64_t line = 0; line < 16 * kV; line += 64 / static_cast<int64_t>(sizeof(T)))
    __builtin_prefetch(p + b.ahead + line);
  return load_vectors<kV>(p, b.lanes);
}

// Writes row i of a block.
template <class T, int kV, class L>
inline void write(T* p, const Block<kV, L>& b, int64_t i, const Vectors<kV>& x, bool stream) {
  store_vectors(p + b.at + i * b.stride, x, b.lanes, stream);
}

// A value a channel.
template <int kV, class L> inline Vectors<kV> of_channels(const float* p, const Block<kV, L>& b) {
  Vectors<kV> x;
  for (int j = 0; j < kV; ++j) x.v[j] = load16(p + b.channel_of(j), b.lanes);
  return x;
}

inline void add_to(double* total, F16 v, All) {
  for (int i = 0; i < 16; ++i) total[i] += static_cast<double>(v[i]);
}
inline void add_to(double* total, F16 v, First lanes) {
  for (int64_t i = 0; i < lanes.n; ++i) total[i] += static_cast<double>(v[i]);
}
template <int kV, class L> inline void add_to_channels(double* total, const Vectors<kV>& x, const Block<kV, L>& b) {
  for (int j = 0; j < kV; ++j) add_to(total + b.channel_of(j), x.v[j], b.lanes);
}

// dz where the mask is set, else zero; a null mask is set everywhere.
template <int kV, class L>
inline Vectors<kV> masked(const uint16_t* mask, const Block<kV, L>& b, int64_t i, Vectors<kV> dz) {
  if (!mask) return dz;
  for (int j = 0; j < kV; ++j) dz.v[j] = select(mask[b.word + i * b.words + j], dz.v[j]);
  return dz;
}

}  // namespace
}  // namespace resnet
