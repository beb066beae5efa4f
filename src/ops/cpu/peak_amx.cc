// The most that AMX's bf16 products can do: four results and four operands, as the convolutions use the tiles, without loads.
// Only plain functions here, as in every file for one instruction set.
#include <immintrin.h>

#include "ops/cpu/amx_tiles.h"
#include "ops/cpu/peak_table.h"

namespace resnet {

namespace {

constexpr AmxTiles kConfig;
constexpr int64_t kTileProduct = 16 * 16 * 32;  // multiply-adds

void multiply_add(int64_t rounds, void* sink) {
  alignas(64) uint32_t ones[256], result[256];
  for (uint32_t& pair : ones) pair = 0x3c003c00;  // 1/128, twice
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
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, result, 64);
  _tile_release();
  *static_cast<uint32_t*>(sink) = result[0];
}

}  // namespace

PeakArithmetic peak_amx_bf16() { return {multiply_add, 2 * 4 * kTileProduct}; }

}  // namespace resnet
