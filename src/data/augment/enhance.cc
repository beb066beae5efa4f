#include "data/augment/enhance.h"

#include <algorithm>
#include <cmath>

namespace resnet {

namespace {

uint8_t clipped(float v) { return static_cast<uint8_t>(std::clamp(v, 0.0f, 255.0f)); }

uint8_t blend(int other, int value, float factor) {
  return clipped(static_cast<float>(other) + factor * static_cast<float>(value - other));
}

// ITU-R 601-2 luma in 16-bit fixed point.
int grey(const uint8_t* rgb) { return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16; }

void blend_with_constant(Pixels p, int other, float factor) {
  uint8_t table[256];
  for (int v = 0; v < 256; ++v) table[v] = blend(other, v, factor);
  for (int64_t i = 0; i < 3 * p.count(); ++i) p.data[i] = table[p.data[i]];
}

struct Hsv {
  uint8_t hue, saturation, value;
};

Hsv to_hsv(const uint8_t* rgb) {
  const auto [low, high] = std::minmax({rgb[0], rgb[1], rgb[2]});
  if (low == high) return {0, 0, high};
  const float range = static_cast<float>(high - low);
  const auto below = [&](int c) { return static_cast<float>(high - rgb[c]) / range; };
  double sixth;  // of the circle
  if (rgb[0] == high)
    sixth = below(2) - below(1);
  else if (rgb[1] == high)
    sixth = 2.0 + below(0) - below(2);
  else
    sixth = 4.0 + below(1) - below(0);
  const float hue = static_cast<float>(std::fmod(static_cast<float>(sixth) / 6.0 + 1.0, 1.0));
  const float saturation = range / static_cast<float>(high);
  return {static_cast<uint8_t>(hue * 255.0), static_cast<uint8_t>(saturation * 255.0), high};
}

void to_rgb(const Hsv& hsv, uint8_t* rgb) {
  const uint8_t v = hsv.value;
  const float position = static_cast<float>(hsv.hue * 6.0 / 255.0), sector = std::floor(position);
  const double f = position - sector, s = static_cast<float>(hsv.saturation / 255.0);
  const auto part = [&](double share) {
    return static_cast<uint8_t>(std::clamp(std::round(static_cast<double>(v) * share), 0.0, 255.0));
  };
  const uint8_t p = part(1.0 - s), q = part(1.0 - s * f), t = part(1.0 - s * (1.0 - f));
  const uint8_t table[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  std::copy_n(table[static_cast<int>(sector) % 6], 3, rgb);
}

}  // namespace

void adjust_brightness(Pixels p, float factor) { blend_with_constant(p, 0, factor); }

void adjust_contrast(Pixels p, float factor) {
  int64_t sum = 0;
  for (int64_t i = 0; i < p.count(); ++i) sum += grey(p.data + 3 * i);
  blend_with_constant(p, static_cast<int>(static_cast<double>(sum) / static_cast<double>(p.count()) + 0.5), factor);
}

void adjust_saturation(Pixels p, float factor) {
  for (int64_t i = 0; i < p.count(); ++i) {
    uint8_t* rgb = p.data + 3 * i;
    const int other = grey(rgb);
    for (int c = 0; c < 3; ++c) rgb[c] = blend(other, rgb[c], factor);
  }
}

// The smoothed picture weighs a pixel 5 and its eight neighbours 1; the border is not smoothed.
void adjust_sharpness(Pixels p, float factor, std::vector<uint8_t>& scratch) {
  const int64_t row = 3 * p.width;
  scratch.assign(p.data, p.data + p.height * row);
  const uint8_t* in = scratch.data();
  for (int64_t y = 1; y + 1 < p.height; ++y)
    for (int64_t i = y * row + 3; i < (y + 1) * row - 3; ++i) {
      int sum = 4 * in[i];
      for (const int64_t line : {i - row, i, i + row}) sum += in[line - 3] + in[line] + in[line + 3];
      p.data[i] = blend((2 * sum + 13) / 26, in[i], factor);
    }
}

void adjust_hue(Pixels p, float turn) {
  const auto shift = static_cast<uint8_t>(static_cast<int>(static_cast<double>(turn) * 255.0));
  for (int64_t i = 0; i < p.count(); ++i) {
    Hsv hsv = to_hsv(p.data + 3 * i);
    hsv.hue = static_cast<uint8_t>(hsv.hue + shift);
    to_rgb(hsv, p.data + 3 * i);
  }
}

}  // namespace resnet
