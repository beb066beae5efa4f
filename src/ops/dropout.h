// Dropout (Srivastava et al. 2014), inverted: in training y = x / (1-p) where a random draw keeps the element, else 0; in
// inference y = x. Element i's draw is the i-th of the stream (seed, step, stream): the same on every machine, with any
// number of threads, and after a restart.
#pragma once

#include "core/rng.h"
#include "ops/kernel.h"
#include "resnet/graph.h"

namespace resnet {

struct Dropout final : Op {
  struct Attributes {
    float p = 0.5f;      ///< of an element being dropped, in [0, 1)
    int64_t stream = 0;  ///< tells a network's dropouts apart
  };

  explicit Dropout(Attributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "dropout"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;

  /// The stream of draws of one training step.
  Rng rng(const RandomKey& key) const;
  /// An element is dropped when its draw is below this.
  uint64_t threshold() const { return static_cast<uint64_t>(static_cast<double>(a.p) * 0x1p32); }

  const Attributes a;
};

}  // namespace resnet
