#include "train/augmentation.h"

#include <algorithm>

#include "core/check.h"

namespace resnet {

namespace {

template <class T, size_t N> void put(const std::vector<double>& from, std::array<T, N>& to) {
  if (!from.empty()) std::transform(from.begin(), from.end(), to.begin(), [](double v) { return static_cast<T>(v); });
}

void check_length(const std::vector<double>& list, size_t wanted, const char* key) {
  CHECK(list.empty() || list.size() == wanted, key, " has ", list.size(), " numbers; it needs ", wanted);
}

void check_range(const std::vector<double>& range, const char* key) {
  check_length(range, 2, key);
  CHECK(range.empty() || range[0] <= range[1], key, " = [", range[0], ", ", range[1],
        "]: the first number must not be more than the second");
}

}  // namespace

Augmentation augmentation_of(const TrainConfig& c) {
  Augmentation a;
  if (c.crop == "random") a.crop = Augmentation::Crop::random;
  if (c.crop == "resized") a.crop = Augmentation::Crop::resized;
  a.pad = a.crop == Augmentation::Crop::pad ? c.pad : 0;
  a.flip = c.flip;
  a.alternate_flip = c.alternate_flip;
  put(c.crop_resize, a.resize);
  put(c.crop_area, a.area);
  put(c.crop_ratio, a.ratio);
  a.brightness = c.brightness;
  a.contrast = c.contrast;
  a.saturation = c.saturation;
  a.hue = c.hue;
  a.trivial_augment = c.trivial_augment;
  a.color_pca = c.color_pca;
  put(c.pca_values, a.pca_values);
  put(c.pca_vectors, a.pca_vectors);
  a.erase = c.erase;
  a.mixup = c.mixup;
  a.cutmix = c.cutmix;
  return a;
}

void validate_augmentation(const TrainConfig& c) {
  check_range(c.crop_resize, "data.crop_resize");
  check_range(c.crop_area, "data.crop_area");
  check_range(c.crop_ratio, "data.crop_ratio");
  check_length(c.pca_values, 3, "data.pca_values");
  check_length(c.pca_vectors, 9, "data.pca_vectors");
  CHECK(c.pca_values.empty() == c.pca_vectors.empty(),
        "data.pca_values and data.pca_vectors belong together; give both (resnet data pca prints them) or none");
  CHECK(c.flip || !c.alternate_flip, "data.alternate_flip has no meaning without data.flip = true; remove one of them");
  CHECK(c.crop == "auto" || c.crop == "random" || c.crop_resize.empty(), "data.crop_resize has no meaning for ",
        "data.crop = '", c.crop, "'; use crop = \"random\" or remove it");
}

}  // namespace resnet
