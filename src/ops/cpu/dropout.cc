// Dropout: the mask is drawn anew in the backward pass instead of being kept.
#include "ops/dropout.h"

#include <cstring>

#include "ops/cpu/element.h"
#include "ops/cpu/parallel_elements.h"
#include "ops/cpu/pool_shape.h"

namespace resnet {

namespace {

template <class T> class CpuDropout final : public Kernel {
 public:
  explicit CpuDropout(const KernelSpec& spec)
      : Kernel(spec), a_(spec.as<Dropout>().a), threshold_(spec.as<Dropout>().threshold()) {
    needs_.y_over_x[0] = true;
    needs_.dx_over_dy[0] = true;
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    if (spec_.train)
      mask(*k.random, static_cast<const T*>(k.x[0]), static_cast<T*>(k.y));
    else if (k.y != k.x[0])
      std::memcpy(k.y, k.x[0], static_cast<size_t>(spec_.y.elements()) * sizeof(T));
  }

  void backward(const KernelArgs& k) override {
    if (k.dx[0]) mask(*k.random, static_cast<const T*>(k.dy), static_cast<T*>(k.dx[0]));
  }

 private:
  void mask(const RandomKey& key, const T* from, T* to) const {
    const Rng stream = Dropout(a_).rng(key);
    const float scale = static_cast<float>(1.0 / (1.0 - a_.p));
    parallel_elements(spec_.y.elements(), [&](int64_t at, int64_t n) {
      Rng rng = stream;
      rng.seek(static_cast<uint64_t>(at));
      for (int64_t i = at; i < at + n; ++i)
        store_element(to + i, rng.next() < threshold_ ? 0.0f : load_element(from + i) * scale);
    });
  }

  const Dropout::Attributes a_;
  const uint64_t threshold_;
};

const RegisterKernel registered{{"dropout", "cpu", "own", 10, accept_all, make_for_dtype<CpuDropout>}};

}  // namespace

}  // namespace resnet
