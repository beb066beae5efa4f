#include "data/synthetic.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/rng.h"

namespace resnet {

namespace {

// Where a pattern lies in its picture. Coordinates run from -1 to 1 over the picture.
struct Pose {
  float x, y;              // centre of shapes
  float radius;            // of shapes
  float thickness;         // of rings and bars, in units of the radius
  float frequency;         // of stripes and grids: periods over a length of 1
  float phase_x, phase_y;  // of stripes and grids, in periods
  float tilt;              // radians, small
  bool rising;             // which way diagonals run
};

Pose draw_pose(Rng& rng) {
  Pose p;
  p.x = rng.uniform(-0.35f, 0.35f);
  p.y = rng.uniform(-0.35f, 0.35f);
  p.radius = rng.uniform(0.35f, 0.65f);
  p.thickness = rng.uniform(0.25f, 0.4f);
  p.frequency = rng.uniform(1.0f, 2.25f);
  p.phase_x = rng.uniform();
  p.phase_y = rng.uniform();
  p.tilt = rng.uniform(-0.2f, 0.2f);
  p.rising = rng.below(2) == 1;
  return p;
}

// A point of the picture in two systems, both turned by the tilt.
struct Point {
  float s, t;  // periods from the picture's corner: for stripes and grids
  float u, v;  // radii from the centre: for shapes
};

// The part after the point, in [0, 1]; std::floor is a call on processors without SSE4.1.
float fraction(float v) {
  const float rest = v - static_cast<float>(static_cast<int>(v));
  return rest < 0 ? rest + 1 : rest;
}
bool band(float v) { return fraction(v) < 0.5f; }
float length(float a, float b) { return std::sqrt(a * a + b * b); }

// Each pattern says whether a point is figure or ground. No pattern turns into another one when it is mirrored left to
// right, so that flipping pictures is harmless.
struct Pattern {
  const char* name;
  bool (*inside)(const Pose& pose, const Point& p);
};

const Pattern kPatterns[] = {
    {"horizontal stripes", [](const Pose&, const Point& p) { return band(p.t); }},
    {"vertical stripes", [](const Pose&, const Point& p) { return band(p.s); }},
    {"diagonal stripes",
     [](const Pose& pose, const Point& p) { return band((pose.rising ? p.s + p.t : p.s - p.t) * 0.7071f); }},
    {"checkerboard", [](const Pose&, const Point& p) { return band(p.s) != band(p.t); }},
    {"polka dots",
     [](const Pose&, const Point& p) { return length(fraction(p.s) - 0.5f, fraction(p.t) - 0.5f) < 0.33f; }},
    {"disc", [](const Pose&, const Point& p) { return length(p.u, p.v) < 1; }},
    {"ring",
     [](const Pose& pose, const Point& p) {
       const float r = length(p.u, p.v);
       return r < 1 && r > 1 - pose.thickness;
     }},
    {"square", [](const Pose&, const Point& p) { return std::max(std::abs(p.u), std::abs(p.v)) < 0.85f; }},
    {"triangle", [](const Pose&, const Point& p) { return p.v < 0.7f && std::abs(p.u) < (p.v + 1) * 0.6f; }},
    {"cross",
     [](const Pose& pose, const Point& p) {
       const float near = std::min(std::abs(p.u), std::abs(p.v)), far = std::max(std::abs(p.u), std::abs(p.v));
       return far < 1 && near < pose.thickness * 0.75f;
     }},
};

struct Colours {
  float ground[3], figure[3];
};

// Two colours that differ clearly: which one is lighter is left to chance.
Colours draw_colours(Rng& rng) {
  Colours c{};
  float distance = 0;
  while (distance < 0.25f) {
    distance = 0;
    for (int k = 0; k < 3; ++k) {
      c.ground[k] = rng.uniform(0.1f, 0.9f);
      c.figure[k] = rng.uniform(0.1f, 0.9f);
      distance += (c.ground[k] - c.figure[k]) * (c.ground[k] - c.figure[k]);
    }
  }
  return c;
}

// One split. Nothing is stored: a picture is drawn when it is asked for.
class Synthetic : public Dataset {
 public:
  Synthetic(const SyntheticOptions& options, std::string split, int64_t count)
      : options_(options), split_(std::move(split)), count_(count) {
    const auto& all = synthetic_classes();
    classes_.assign(all.begin(), all.begin() + options.classes);
  }

  int64_t size() const override { return count_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  int label(int64_t i) const override { return static_cast<int>(i % options_.classes); }
  std::string id(int64_t i) const override { return join("synthetic ", split_, ":", i); }

  Tensor image(int64_t i) const override {
    Tensor picture({options_.size, options_.size, 3}, DType::u8);
    draw(i, picture.as<uint8_t>().data());
    return picture;
  }

  void image_into(int64_t i, const Fit& fit, uint8_t* out) const override {
    if (fit.size == options_.size && fit.resize == options_.size)
      draw(i, out);
    else
      Dataset::image_into(i, fit, out);
  }

 private:
  void draw(int64_t i, uint8_t* out) const;

  SyntheticOptions options_;
  std::string split_;
  int64_t count_;
  std::vector<std::string> classes_;
};

void Synthetic::draw(int64_t i, uint8_t* out) const {
  CHECK(i >= 0 && i < count_, "picture ", i, " of a data set of ", count_);
  Rng rng(options_.seed, split_ == "train" ? 0 : 1, static_cast<uint64_t>(i));
  const Pattern& pattern = kPatterns[label(i)];
  const Pose pose = draw_pose(rng);
  const Colours colours = draw_colours(rng);
  const float noise = rng.uniform(0.1f, 0.35f) / 128.0f;  // a step of a byte
  const float cosine = std::cos(pose.tilt), sine = std::sin(pose.tilt);
  const float step = 2.0f / static_cast<float>(options_.size);
  for (int64_t row = 0; row < options_.size; ++row)
    for (int64_t column = 0; column < options_.size; ++column) {
      const float x = (static_cast<float>(column) + 0.5f) * step - 1, y = (static_cast<float>(row) + 0.5f) * step - 1;
      const float dx = x - pose.x, dy = y - pose.y;
      const Point point{(x * cosine + y * sine) * pose.frequency + pose.phase_x,
                        (y * cosine - x * sine) * pose.frequency + pose.phase_y,
                        (dx * cosine + dy * sine) / pose.radius, (dy * cosine - dx * sine) / pose.radius};
      const bool figure = pattern.inside(pose, point);
      const float* colour = figure ? colours.figure : colours.ground;
      uint32_t bits = rng.next();  // one draw gives the three channels' noise
      for (int c = 0; c < 3; ++c, bits >>= 8) {
        const float value = colour[c] + noise * (static_cast<float>(bits & 255u) - 127.5f);
        *out++ = static_cast<uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255.0f + 0.5f);
      }
    }
}

}  // namespace

const std::vector<std::string>& synthetic_classes() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Pattern& pattern : kPatterns) all.emplace_back(pattern.name);
    return all;
  }();
  return names;
}

DataSplits open_synthetic(const SyntheticOptions& options) {
  const auto most = static_cast<int64_t>(synthetic_classes().size());
  CHECK(options.train > 0 && options.val > 0, "synthetic data of ", options.train, " + ", options.val,
        " pictures: train and val must be positive");
  CHECK(std::max(options.train, options.val) < (int64_t{1} << 32), "synthetic data of ", options.train, " + ",
        options.val, " pictures: less than 2^32 are possible");
  CHECK(options.classes >= 1 && options.classes <= most, "synthetic data of ", options.classes, " classes; 1 to ", most,
        " are possible");
  CHECK(options.size >= 8 && options.size <= 4096, "synthetic pictures of size ", options.size,
        "; 8 to 4096 are possible");
  DataSplits splits;
  splits.train = std::make_shared<Synthetic>(options, "train", options.train);
  splits.val = std::make_shared<Synthetic>(options, "val", options.val);
  splits.description = join("synthetic, ", options.train, " + ", options.val, " pictures of ", options.size, "x",
                            options.size, ", ", options.classes, " classes");
  return splits;
}

}  // namespace resnet
