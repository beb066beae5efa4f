#include "ops/dropout.h"

#include "core/check.h"

namespace resnet {

std::string Dropout::describe() const { return join("p ", a.p); }

Shape Dropout::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == 1, "dropout takes one input, not ", x.size());
  CHECK(a.p >= 0 && a.p < 1, "dropout of ", a.p, ": the probability is in [0, 1)");
  return x[0];
}

Rng Dropout::rng(const RandomKey& key) const {
  return Rng(key.seed, key.step, 0x64726f706f757400u + static_cast<uint64_t>(a.stream));
}

}  // namespace resnet
