// Changes of single pictures: the same bytes as torchvision's on Pillow (make_augment_goldens.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "data/augment/enhance.h"
#include "data/augment/trivial_augment.h"
#include "data/fixtures.h"

namespace resnet {
namespace {

constexpr int64_t kSide = 24;
constexpr size_t kBytes = kSide * kSide * 3;

// The golden file's pictures one after another.
class Augment : public testing::Test {
 protected:
  std::vector<uint8_t> block(size_t i) const {
    const auto all = golden_.as<uint8_t>();
    return {all.begin() + ptrdiff_t(i * kBytes), all.begin() + ptrdiff_t((i + 1) * kBytes)};
  }

  // The change is made to the first picture and compared with the next one.
  template <class Change> void expect_next(const std::string& what, const Change& change) {
    std::vector<uint8_t> picture = block(0);
    change(Pixels{picture.data(), kSide, kSide});
    const std::vector<uint8_t> want = block(next_++);
    int64_t different = 0;
    int most = 0;
    for (size_t k = 0; k < kBytes; ++k) {
      different += picture[k] != want[k];
      most = std::max(most, std::abs(picture[k] - want[k]));
    }
    EXPECT_EQ(different, 0) << what << ", by up to " << most;
  }

  const Tensor golden_ = read_ppm(golden("augment.ppm"));
  size_t next_ = 1;
  std::vector<uint8_t> scratch_;
};

TEST_F(Augment, SameBytesAsPillow) {
  for (const float v : {0.3f, 1.7f}) expect_next("brightness", [&](Pixels p) { adjust_brightness(p, v); });
  for (const float v : {0.3f, 1.7f}) expect_next("contrast", [&](Pixels p) { adjust_contrast(p, v); });
  for (const float v : {0.0f, 1.7f}) expect_next("saturation", [&](Pixels p) { adjust_saturation(p, v); });
  for (const float v : {0.3f, 1.7f}) expect_next("sharpness", [&](Pixels p) { adjust_sharpness(p, v, scratch_); });
  for (const float v : {-0.5f, -0.1f, 0.3f}) expect_next("hue", [&](Pixels p) { adjust_hue(p, v); });
  for (int change = 0; change < kChanges; ++change)
    for (const int strength : {7, 30})
      for (const bool negative : {false, true}) {
        const bool directed = change >= int(Change::shear_x) && change <= int(Change::sharpness);
        if (negative && !directed) continue;
        expect_next("change " + std::to_string(change) + " strength " + std::to_string(strength),
                    [&](Pixels p) { apply_change(p, Change(change), strength, negative, scratch_); });
      }
  EXPECT_EQ(next_ * kBytes, golden_.bytes());
}

TEST_F(Augment, StrengthZeroChangesNothing) {
  for (int change = 0; change < int(Change::autocontrast); ++change) {
    if (change == int(Change::solarize)) continue;  // inverts 255
    std::vector<uint8_t> picture = block(0);
    apply_change({picture.data(), kSide, kSide}, Change(change), 0, false, scratch_);
    EXPECT_EQ(picture, block(0)) << change;
  }
}

TEST_F(Augment, OnePixelAndOneColour) {
  for (int change = 0; change < kChanges; ++change) {
    uint8_t dot[3] = {9, 200, 77};
    apply_change({dot, 1, 1}, Change(change), 15, true, scratch_);
  }
  uint8_t grey[12];
  std::fill_n(grey, 12, uint8_t{100});
  adjust_hue({grey, 2, 2}, 0.3f);
  adjust_saturation({grey, 2, 2}, 0.2f);
  apply_change({grey, 2, 2}, Change::autocontrast, 0, false, scratch_);
  apply_change({grey, 2, 2}, Change::equalize, 0, false, scratch_);
  for (const uint8_t v : grey) EXPECT_EQ(v, 100);
}

TEST_F(Augment, TrivialAugmentDrawsEveryChange) {
  std::set<std::vector<uint8_t>> seen;
  for (uint64_t i = 0; i < 300; ++i) {
    Rng rng(1, 2, i);
    std::vector<uint8_t> picture = block(0);
    trivial_augment({picture.data(), kSide, kSide}, rng, scratch_);
    seen.insert(picture);
  }
  EXPECT_GT(seen.size(), 150u);
}

}  // namespace
}  // namespace resnet
