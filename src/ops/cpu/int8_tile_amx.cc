// Int8Isa on AMX: sums stay in tile registers over the whole reduction, operands are loaded straight from memory.
// Only plain functions here: an inline one shared with other files might be linked in with these instructions.
#include <immintrin.h>

#include "ops/cpu/amx_tiles.h"
#include "ops/cpu/int8_tile.h"

namespace resnet {

namespace {

constexpr AmxTiles kConfig;
constexpr int kRowBytes = 64;
constexpr int64_t kResultTile = 256;

void begin() { _tile_loadconfig(&kConfig); }

void end() { _tile_release(); }

int64_t apart(const Int8Product& p, int tile) { return p.pixel[tile][1] - p.pixel[tile][0]; }
const uint8_t* first(const Int8Product& p, int tile) { return p.a[tile] + p.pixel[tile][0]; }

void two_tiles(const Int8Product& p) {
  const uint8_t *a0 = first(p, 0), *a1 = first(p, 1);
  const int64_t apart0 = apart(p, 0), apart1 = apart(p, 1);
  if (p.accumulate) {
    _tile_loadd(0, p.c, kRowBytes);
    _tile_loadd(1, p.c + kResultTile, kRowBytes);
    _tile_loadd(2, p.c + 2 * kResultTile, kRowBytes);
    _tile_loadd(3, p.c + 3 * kResultTile, kRowBytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const int8_t* b = p.b;
  for (int64_t k = 0; k < p.blocks; ++k, b += kInt8Block) {
    _tile_loadd(6, b, kRowBytes);
    _tile_loadd(4, a0 + p.a_step[k], apart0);
    _tile_loadd(7, b + kInt8Block / 2, kRowBytes);
    _tile_loadd(5, a1 + p.a_step[k], apart1);
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_stored(0, p.c, kRowBytes);
  _tile_stored(1, p.c + kResultTile, kRowBytes);
  _tile_stored(2, p.c + 2 * kResultTile, kRowBytes);
  _tile_stored(3, p.c + 3 * kResultTile, kRowBytes);
}

void one_tile(const Int8Product& p) {
  const uint8_t* a = first(p, 0);
  if (p.accumulate) {
    _tile_loadd(0, p.c, kRowBytes);
    _tile_loadd(1, p.c + kResultTile, kRowBytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
  }
  const int8_t* b = p.b;
  for (int64_t k = 0; k < p.blocks; ++k, b += kInt8Block) {
    _tile_loadd(4, a + p.a_step[k], apart(p, 0));
    _tile_loadd(6, b, kRowBytes);
    _tile_dpbusd(0, 4, 6);
    _tile_loadd(7, b + kInt8Block / 2, kRowBytes);
    _tile_dpbusd(1, 4, 7);
  }
  _tile_stored(0, p.c, kRowBytes);
  _tile_stored(1, p.c + kResultTile, kRowBytes);
}

void multiply(const Int8Product& p) {
  if (p.tiles == 2)
    two_tiles(p);
  else
    one_tile(p);
}

void finish(const Int8Product& p, const Int8Store& s) {
  multiply(p);
  int8_avx512().store(s);
}

}  // namespace

const Int8Isa& int8_amx() {
  static const Int8Isa isa = {"amx int8", true, begin, end, multiply, int8_avx512().store, finish};
  return isa;
}

}  // namespace resnet
