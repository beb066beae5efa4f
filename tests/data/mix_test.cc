// Mixed batches and erased pictures.
#include "data/augment/mix.h"

#include <gtest/gtest.h>

#include "data/augment/erase.h"
#include "data/fixtures.h"

namespace resnet {
namespace {

// Picture i is all i, its label too.
Batch counting(int64_t count) {
  Batch batch;
  batch.count = count;
  batch.images = Tensor({count, 8, 8, 3});
  batch.labels = Tensor({count}, DType::i32);
  batch.other_labels = Tensor({count}, DType::i32);
  for (int64_t i = 0; i < count; ++i) {
    batch.labels.i32()[i] = int32_t(i);
    std::fill_n(batch.images.f32() + i * 192, 192, float(i));
  }
  return batch;
}

TEST(Mix, BetaHasItsMoments) {
  for (const float alpha : {0.2f, 1.0f, 4.0f}) {
    double mean = 0, square = 0;
    for (uint64_t i = 0; i < 20000; ++i) {
      Rng rng(1, 0, i);
      const double v = draw_beta(alpha, rng);
      ASSERT_GE(v, 0);
      ASSERT_LE(v, 1);
      mean += v / 20000;
      square += v * v / 20000;
    }
    EXPECT_NEAR(mean, 0.5, 0.01);
    EXPECT_NEAR(square - mean * mean, 1 / (4 * (2 * alpha + 1)), 0.005) << alpha;
  }
}

TEST(Mix, MixupBlendsPictureAndLabels) {
  Augmentation a;
  a.mixup = 1;
  Rng rng(4);
  Batch batch = counting(5);
  mix(batch, a, rng);
  EXPECT_GT(batch.share, 0);
  EXPECT_LT(batch.share, 1);
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(batch.other_labels.i32()[i], 4 - i);
    EXPECT_NEAR(batch.images.f32()[i * 192 + 77], batch.share * float(i) + (1 - batch.share) * float(4 - i), 1e-5);
  }
}

TEST(Mix, CutMixSwapsABoxOfTheSizeThatTheLabelsSay) {
  Augmentation a;
  a.cutmix = 1;
  for (uint64_t k = 0; k < 50; ++k) {
    Rng rng(4, k);
    Batch batch = counting(4);
    mix(batch, a, rng);
    for (int64_t i = 0; i < 4; ++i) {
      int own = 0;
      for (int v = 0; v < 192; ++v) {
        const float x = batch.images.f32()[i * 192 + v];
        own += x == float(i);
        ASSERT_TRUE(x == float(i) || x == float(3 - i));
      }
      EXPECT_NEAR(batch.share, own / 192.0, 1e-6);
    }
  }
}

TEST(Mix, TheLoaderMixesAlikeWithAnyNumberOfWorkers) {
  const DataSplits data = open_data("synthetic:train=50,size=12");
  const Preprocessing p = measure_preprocessing(*data.train, "pixel", 12);
  LoaderOptions options;
  options.batch = 16;
  options.shuffle = true;
  options.augmentation.mixup = options.augmentation.cutmix = 0.8f;
  options.augmentation.crop = Augmentation::Crop::resized;
  options.augmentation.brightness = options.augmentation.hue = 0.3f;
  options.augmentation.trivial_augment = true;
  options.augmentation.color_pca = 0.1f;
  options.augmentation.erase = 0.5f;
  const auto epoch = [&](int workers) {
    options.workers = workers;
    Loader loader(data.train, p, options);
    loader.seek(2);
    std::vector<float> all;
    for (Batch batch; loader.next(batch);) {
      const auto x = batch.images.as<float>();
      all.insert(all.end(), x.begin(), x.end());
      for (int64_t i = 0; i < batch.count; ++i) all.push_back(float(batch.other_labels.i32()[i]));
      all.push_back(batch.share);
    }
    return all;
  };
  const std::vector<float> want = epoch(0);
  EXPECT_EQ(epoch(1), want);
  EXPECT_EQ(epoch(3), want);
}

TEST(Erase, ZeroesARectangleAsOftenAsAskedFor) {
  int erased = 0;
  double area = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    std::vector<float> picture(20 * 20 * 3, 1.0f);
    Rng rng(1, 0, i);
    erase(picture.data(), 20, 0.25f, rng);
    int64_t zeros = 0, top = 20, bottom = -1, left = 20, right = -1;
    for (int64_t k = 0; k < 400; ++k) {
      if (picture[size_t(3 * k + 2)] != 0) continue;
      ++zeros;
      top = std::min(top, k / 20), bottom = std::max(bottom, k / 20);
      left = std::min(left, k % 20), right = std::max(right, k % 20);
    }
    if (zeros == 0) continue;
    EXPECT_EQ(zeros, (bottom - top + 1) * (right - left + 1));
    ++erased;
    area += double(zeros) / 400;
  }
  EXPECT_NEAR(erased, 250, 45);
  EXPECT_NEAR(area / erased, 0.17, 0.03);
}

}  // namespace
}  // namespace resnet
