// Batches: the same ones whatever the number of workers and wherever reading begins; augmentation that does what it says.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "data/fixtures.h"

namespace resnet {
namespace {

struct Copy {
  std::vector<float> images;
  std::vector<int32_t> labels;
  std::vector<int64_t> index;
  int64_t count;
  bool operator==(const Copy&) const = default;
};

// The rest of the epoch from batch `first` on.
std::vector<Copy> read(Loader& loader, int64_t epoch, int64_t first = 0) {
  std::vector<Copy> all;
  Batch batch;
  loader.seek(epoch, first);
  while (loader.next(batch)) {
    const auto x = batch.images.as<float>();
    const auto labels = batch.labels.as<int32_t>();
    all.push_back({{x.begin(), x.end()}, {labels.begin(), labels.end()}, batch.index, batch.count});
  }
  return all;
}

std::vector<int64_t> order(Loader& loader, int64_t epoch) {
  std::vector<int64_t> all;
  for (const Copy& batch : read(loader, epoch)) all.insert(all.end(), batch.index.begin(), batch.index.end());
  return all;
}

LoaderOptions training(int workers) {
  LoaderOptions options;
  options.batch = 16;
  options.shuffle = true;
  options.seed = 5;
  options.workers = workers;
  options.augmentation = {2, true};
  return options;
}

TEST(Loader, WorkersAndSeekingChangeNothing) {
  const DataSplits data = open_data("synthetic:train=150,size=12");
  const Preprocessing p = measure_preprocessing(*data.train, "pixel", 12);
  Loader reference(data.train, p, training(0));
  const std::vector<std::vector<Copy>> epochs = {read(reference, 0), read(reference, 1)};
  ASSERT_EQ(epochs[0].size(), 10u);
  for (int workers : {0, 1, 3}) {
    LoaderOptions options = training(workers);
    options.prefetch = workers + 1;
    Loader loader(data.train, p, options);
    EXPECT_EQ(read(loader, 1), epochs[1]) << workers;
    EXPECT_EQ(read(loader, 0), epochs[0]) << workers;
    // In the middle of an epoch, while workers are busy with what follows.
    Batch batch;
    loader.seek(0, 2);
    ASSERT_TRUE(loader.next(batch));
    EXPECT_EQ(read(loader, 1, 7), (std::vector<Copy>{epochs[1].begin() + 7, epochs[1].end()})) << workers;
    EXPECT_TRUE(read(loader, 1, 10).empty());
  }
}

TEST(Loader, EachEpochHasAPermutationOfItsOwn) {
  auto data = std::make_shared<CountingData>(100, 4);
  Loader loader(data, measure_preprocessing(*data, "none", 4), training(2));
  const std::vector<int64_t> first = order(loader, 0), second = order(loader, 1);
  EXPECT_NE(first, second);
  EXPECT_EQ(order(loader, 0), first);
  for (std::vector<int64_t> seen : {first, second}) {
    std::sort(seen.begin(), seen.end());
    for (size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], int64_t(i));
    ASSERT_EQ(seen.size(), 100u);
  }
  LoaderOptions other = training(1);
  other.seed = 6;
  Loader another(data, measure_preprocessing(*data, "none", 4), other);
  EXPECT_NE(order(another, 0), first);
}

TEST(Loader, LastBatchIsPaddedOrDropped) {
  auto data = std::make_shared<CountingData>(10, 4);
  const Preprocessing p = measure_preprocessing(*data, "none", 4);
  LoaderOptions options;
  options.batch = 4;
  Loader loader(data, p, options);
  const std::vector<Copy> batches = read(loader, 0);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[2].count, 2);
  EXPECT_EQ(batches[2].index, (std::vector<int64_t>{8, 9}));
  EXPECT_EQ(batches[2].labels, (std::vector<int32_t>{0, 1, 0, 0}));
  EXPECT_NEAR(batches[2].images[48], 9 / 255.0f, 1e-7);
  EXPECT_TRUE(std::all_of(batches[2].images.begin() + 2 * 48, batches[2].images.end(), [](float v) { return v == 0; }));
  options.drop_last = true;
  EXPECT_EQ(Loader(data, p, options).batches_per_epoch(), 2);
  options.batch = 11;
  EXPECT_NE(error_of([&] { Loader(data, p, options); }).find("no full batch of 11"), std::string::npos);
}

TEST(Loader, RethrowsWhatAWorkerThrew) {
  auto data = std::make_shared<CountingData>(10, 4, 5);
  const Preprocessing p = measure_preprocessing(CountingData(10, 4), "none", 4);
  for (int workers : {0, 2}) {
    LoaderOptions options;
    options.batch = 2;
    options.workers = workers;
    Loader loader(data, p, options);
    Batch batch;
    loader.seek(0);
    EXPECT_TRUE(loader.next(batch));
    EXPECT_TRUE(loader.next(batch));
    EXPECT_EQ(error_of([&] { loader.next(batch); }), "picture 5 is broken");
    EXPECT_TRUE(loader.next(batch));  // the batch after it
    EXPECT_EQ(batch.index[0], 6);
  }
}

// Rebuilds each sample by hand from every possible shift and flip: exactly one fits, and all occur.
TEST(Loader, AugmentationShiftsAndFlips) {
  const DataSplits data = open_data("synthetic:train=600,size=8");
  const Preprocessing p = measure_preprocessing(*data.train, "pixel", 8);
  LoaderOptions options = training(1);
  options.augmentation = {1, true};
  Loader loader(data.train, p, options);
  std::set<std::vector<int>> seen;
  for (const Copy& batch : read(loader, 3))
    for (size_t n = 0; n < size_t(batch.count); ++n) {
      std::vector<float> plain(8 * 8 * 3);
      normalize(data.train->image(batch.index[n]), p, plain.data());
      int fits = 0;
      for (int top = -1; top <= 1; ++top)
        for (int left = -1; left <= 1; ++left)
          for (int flip = 0; flip <= 1; ++flip) {
            bool same = true;
            for (int k = 0; k < 8 * 8 * 3 && same; ++k) {
              const int y = k / 24 + top, column = k / 3 % 8, x = (flip ? 7 - column : column) + left;
              const bool inside = y >= 0 && y < 8 && x >= 0 && x < 8;
              const float want = inside ? plain[size_t((y * 8 + x) * 3 + k % 3)] : 0.0f;
              same = batch.images[n * 192 + size_t(k)] == want;
            }
            if (same) seen.insert({top, left, flip});
            fits += same;
          }
      ASSERT_EQ(fits, 1);
    }
  EXPECT_EQ(seen.size(), 18u);
}

TEST(Loader, AlternateFlipMirrorsEveryPictureInEveryOtherEpoch) {
  const DataSplits data = open_data("synthetic:train=64,size=8");
  const Preprocessing p = measure_preprocessing(*data.train, "none", 8);
  LoaderOptions options = training(1);
  options.augmentation = {.flip = true, .alternate_flip = true};
  Loader loader(data.train, p, options);
  int mirrored_first = 0;
  std::vector<std::vector<float>> last(64);
  for (int64_t epoch = 0; epoch < 4; ++epoch)
    for (const Copy& batch : read(loader, epoch))
      for (size_t n = 0; n < size_t(batch.count); ++n) {
        std::vector<float> plain(192), mirror(192),
            now(batch.images.begin() + ptrdiff_t(n) * 192, batch.images.begin() + ptrdiff_t(n + 1) * 192);
        normalize(data.train->image(batch.index[n]), p, plain.data());
        for (size_t k = 0; k < 192; ++k) mirror[k] = plain[k / 24 * 24 + (7 - k / 3 % 8) * 3 + k % 3];
        ASSERT_NE(plain, mirror);
        mirrored_first += epoch == 0 && now == mirror;
        std::vector<float>& before = last[size_t(batch.index[n])];
        if (epoch > 0) EXPECT_EQ(now, before == plain ? mirror : plain) << epoch;
        before = now;
      }
  EXPECT_GT(mirrored_first, 16);
  EXPECT_LT(mirrored_first, 48);
}

TEST(Loader, ASampleLooksTheSameInEveryBatchSizeAndOtherwiseInEveryEpoch) {
  const DataSplits data = open_data("synthetic:train=64,size=8");
  const Preprocessing p = measure_preprocessing(*data.train, "none", 8);
  LoaderOptions options = training(1);
  const auto pictures = [&](int64_t batch, int64_t epoch) {
    options.batch = batch;
    Loader loader(data.train, p, options);
    std::vector<std::vector<float>> all(64);
    for (const Copy& b : read(loader, epoch))
      for (size_t n = 0; n < size_t(b.count); ++n)
        all[size_t(b.index[n])].assign(b.images.begin() + ptrdiff_t(n) * 192,
                                       b.images.begin() + ptrdiff_t(n + 1) * 192);
    return all;
  };
  EXPECT_EQ(pictures(16, 0), pictures(7, 0));
  EXPECT_NE(pictures(16, 0), pictures(16, 1));
}

TEST(Loader, EndsInTheMiddleOfAnEpoch) {
  auto data = std::make_shared<CountingData>(1000, 8);
  const Preprocessing p = measure_preprocessing(*data, "none", 8);
  for (int round = 0; round < 20; ++round) {
    Loader loader(data, p, training(3));
    Batch batch;
    if (round % 2 == 0) loader.seek(0);
    if (round % 4 == 0) {
      EXPECT_TRUE(loader.next(batch));
    }
  }
}

TEST(Loader, ScalesPicturesOfAnotherSize) {
  const DataSplits data = open_data("synthetic:train=4,size=20");
  const Preprocessing p = measure_preprocessing(*data.train, "channel", 8);
  LoaderOptions options;
  options.batch = 4;
  Loader loader(data.train, p, options);
  const Copy batch = read(loader, 0).at(0);
  std::vector<float> plain(8 * 8 * 3);
  normalize(resize_and_crop(data.train->image(1), 8), p, plain.data());
  EXPECT_TRUE(std::equal(plain.begin(), plain.end(), batch.images.begin() + 192));
}

TEST(Loader, RefusesSettingsThatCannotWork) {
  auto data = std::make_shared<CountingData>(10, 4);
  const Preprocessing p = measure_preprocessing(*data, "none", 4);
  LoaderOptions options;
  options.augmentation.pad = 5;
  EXPECT_NE(error_of([&] { Loader(data, p, options); }).find("padding by 5"), std::string::npos);
  options = {};
  options.batch = 0;
  EXPECT_NE(error_of([&] { Loader(data, p, options); }).find("batches of 0"), std::string::npos);
  options = {};
  options.workers = -2;
  EXPECT_NE(error_of([&] { Loader(data, p, options); }).find("-2 data workers"), std::string::npos);
  Loader loader(data, p, {});
  Batch batch;
  EXPECT_NE(error_of([&] { loader.next(batch); }).find("before seek"), std::string::npos);
  EXPECT_NE(error_of([&] { loader.seek(0, 2); }).find("batch 2 of an epoch of 1"), std::string::npos);
}

}  // namespace
}  // namespace resnet
