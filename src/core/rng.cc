#include "core/rng.h"

#include <cmath>
#include <numbers>

namespace resnet {

namespace {

// splitmix64's finaliser: spreads every input bit over the word.
uint64_t mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(uint64_t seed, uint64_t a, uint64_t b) {
  const uint64_t h = mix(mix(mix(seed) ^ a) ^ b);
  key_ = static_cast<uint32_t>(h);
  stream_ = static_cast<uint32_t>(h >> 32);
}

uint32_t Rng::next() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  uint32_t lo = counter_++, hi = stream_, key = key_;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product = 0xd256d193u * static_cast<uint64_t>(lo);
    lo = static_cast<uint32_t>(product >> 32) ^ key ^ hi;
    hi = static_cast<uint32_t>(product);
    key += 0x9e3779b9u;
  }
  spare_ = hi;
  has_spare_ = true;
  return lo;
}

void Rng::seek(uint64_t n) {
  counter_ = static_cast<uint32_t>(n / 2);
  has_spare_ = false;
  if (n % 2 == 1) next();
}

uint32_t Rng::below(uint32_t n) {
  // Lemire: the high word of next() * n, rejecting the few low words that would favour small results.
  const uint32_t reject_below = (0u - n) % n;
  while (true) {
    const uint64_t product = static_cast<uint64_t>(next()) * n;
    if (static_cast<uint32_t>(product) >= reject_below) return static_cast<uint32_t>(product >> 32);
  }
}

float Rng::uniform() { return static_cast<float>(next() >> 8) * 0x1p-24f; }
float Rng::uniform(float lo, float hi) { return lo + (hi - lo) * uniform(); }

float Rng::normal() {
  const float u = 1.0f - uniform();
  const float v = uniform();
  return std::sqrt(-2.0f * std::log(u)) * std::cos(2.0f * std::numbers::pi_v<float> * v);
}

}  // namespace resnet
