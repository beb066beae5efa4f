#include "data/augmenter.h"

#include <algorithm>
#include <limits>

#include "core/check.h"
#include "data/augment/color_jitter.h"
#include "data/augment/color_pca.h"
#include "data/augment/erase.h"
#include "data/augment/random_crop.h"
#include "data/augment/trivial_augment.h"

namespace resnet {

namespace {

constexpr uint64_t kEveryEpoch = std::numeric_limits<uint64_t>::max();

void check_crop(const Augmentation& a, int64_t size) {
  CHECK(a.pad >= 0 && a.pad <= size, "padding by ", a.pad, " pixels a side; 0 to ", size,
        " (the picture's size) are possible");
  CHECK(a.resize[0] == 0 || a.resize[0] >= size, "the shorter side is scaled to ", a.resize[0],
        " or more, less than the crop's ", size);
  CHECK(a.resize[1] == 0 || a.resize[1] >= a.resize[0], "the shorter side is scaled to ", a.resize[0], " to ",
        a.resize[1], ": the second number must not be less than the first");
  CHECK(a.area[0] > 0 && a.area[0] <= a.area[1] && a.area[1] <= 1, "crops of ", a.area[0], " to ", a.area[1],
        " of the area: 0 < least <= most <= 1 is possible");
  CHECK(a.ratio[0] > 0 && a.ratio[0] <= a.ratio[1], "crops of a width by height of ", a.ratio[0], " to ", a.ratio[1],
        ": 0 < least <= most is possible");
}

}  // namespace

Augmenter::Augmenter(const Preprocessing& preprocessing, const Augmentation& augmentation)
    : normalizer_(preprocessing), a_(augmentation) {
  check_crop(a_, size());
  for (int c = 0; c < 3; ++c) shift_scale_[c] = 1.0f / preprocessing.std.f32()[c];
}

bool Augmenter::mirrors(int64_t sample, Draw draw, Rng& rng) const {
  if (!a_.flip) return false;
  if (!a_.alternate_flip) return rng.below(2) == 1;
  const uint64_t first = Rng(draw.seed, kEveryEpoch, static_cast<uint64_t>(sample)).below(2);
  return (first + draw.epoch) % 2 == 1;
}

void Augmenter::make(const Dataset& data, int64_t sample, Draw draw, Scratch& s, float* out) const {
  Rng rng(draw.seed, draw.epoch, static_cast<uint64_t>(sample));
  s.picture.resize(static_cast<size_t>(size() * size() * 3));
  s.row.resize(static_cast<size_t>(size() * 3));
  Place place;
  if (a_.crop != Augmentation::Crop::pad) {
    const auto read = [&](const ChoosePart& choose) { return data.part(sample, choose); };
    random_crop(read, normalizer_.fit(), a_, rng, s.picture.data());
  } else {
    data.image_into(sample, normalizer_.fit(), s.picture.data());
    const auto offset = [&] { return static_cast<int64_t>(rng.below(static_cast<uint32_t>(2 * a_.pad + 1))) - a_.pad; };
    if (a_.pad > 0) place.top = offset(), place.left = offset();
  }
  const bool mirror = mirrors(sample, draw, rng);
  const Pixels picture{s.picture.data(), size(), size()};
  if (jitters_color(a_)) color_jitter(picture, a_, rng);
  if (a_.trivial_augment) trivial_augment(picture, rng, s.other);
  std::array<float, 3> shift{};
  if (a_.color_pca > 0) shift = draw_color_shift(a_, rng);
  for (size_t c = 0; c < 3; ++c) shift[c] *= shift_scale_[c];
  normalize(picture.data, place, mirror, a_.color_pca > 0 ? shift.data() : nullptr, s.row, out);
  if (a_.erase > 0) erase(out, size(), a_.erase, rng);
}

// The window of the zero-padded, normalised picture that begins at `place`, mirrored or not; `shift` is added to its
// channels unless it is null. Normalising comes first, so that the padding is zero whatever the mean.
void Augmenter::normalize(const uint8_t* picture, Place place, bool mirror, const float* shift, std::vector<float>& row,
                          float* out) const {
  const auto [top, left] = place;
  const int64_t size = this->size();
  const int64_t begin = std::max<int64_t>(left, 0), end = std::min(size, left + size);  // columns that are seen
  for (int64_t y = 0; y < size; ++y, out += size * 3) {
    const int64_t from = y + top;
    if (from < 0 || from >= size || begin >= end) {
      std::fill_n(out, size * 3, 0.0f);
      continue;
    }
    float* target = mirror ? row.data() : out;
    float* seen = target + (begin - left) * 3;
    std::fill_n(target, (begin - left) * 3, 0.0f);
    normalizer_.row(from, begin, end - begin, picture + (from * size + begin) * 3, seen);
    for (int64_t k = 0; shift != nullptr && k < (end - begin) * 3; ++k) seen[k] += shift[k % 3];
    std::fill_n(target + (end - left) * 3, (left + size - end) * 3, 0.0f);
    if (!mirror) continue;
    for (int64_t x = 0; x < size; ++x)
      for (int64_t c = 0; c < 3; ++c) out[x * 3 + c] = row[static_cast<size_t>((size - 1 - x) * 3 + c)];
  }
}

}  // namespace resnet
