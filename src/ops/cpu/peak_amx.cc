// The most that AMX's products can do, of bf16 and of bytes: four results and four operands, as the convolutions use the tiles,
// without loads.
// Only plain functions here, as in every file for one instruction set.
#include <immintrin.h>

#include "ops/cpu/amx_tiles.h"
#include "ops/cpu/peak_table.h"

namespace resnet {

namespace {

constexpr AmxTiles kConfig;
constexpr int64_t kTileProduct = 16 * 16 * 32;  // multiply-adds in bf16; twice as many of bytes

template <bool kInt8> void multiply_add(int64_t rounds, void* sink) {
  alignas(64) uint32_t ones[256], result[256];
  for (uint32_t& few : ones) few = kInt8 ? 0x01010101 : 0x3c003c00;  // ones, or 1/128 twice
  _tile_loadconfig(&kConfig);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, ones, 64);
  _tile_loadd(5, ones, 64);
  _tile_loadd(6, ones, 64);
  _tile_loadd(7, ones, 64);
  for (int64_t r = 0; r < rounds; ++r) {
    if constexpr (kInt8) {
      _tile_dpbusd(0, 4, 6);
      _tile_dpbusd(1, 4, 7);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    } else {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, result, 64);
  _tile_release();
  *static_cast<uint32_t*>(sink) = result[0];
}

}  // namespace

PeakArithmetic peak_amx_bf16() { return {multiply_add<false>, 2 * 4 * kTileProduct}; }
PeakArithmetic peak_int8_amx() { return {multiply_add<true>, 2 * 4 * 2 * kTileProduct}; }

}  // namespace resnet
