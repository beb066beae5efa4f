#include "ops/flatten.h"

#include "ops/cpu/pool_shape.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

template <class T> class CpuFlatten final : public Kernel {
 public:
  explicit CpuFlatten(const KernelSpec& spec) : Kernel(spec) {}

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    over_pictures<T>(spec_, [&](int64_t, int64_t x, int64_t y) {
      transpose(static_cast<const T*>(k.x[0]) + x, static_cast<T*>(k.y) + y, pixels(), spec_.x[0][3]);
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    over_pictures<T>(spec_, [&](int64_t, int64_t x, int64_t y) {
      transpose(static_cast<const T*>(k.dy) + y, static_cast<T*>(k.dx[0]) + x, spec_.x[0][3], pixels());
    });
  }

 private:
  int64_t pixels() const { return spec_.x[0][1] * spec_.x[0][2]; }

  /// from [rows, columns] -> to [columns, rows]
  static void transpose(const T* from, T* to, int64_t rows, int64_t columns) {
    for (int64_t c = 0; c < columns; ++c)
      for (int64_t r = 0; r < rows; ++r) to[c * rows + r] = from[r * columns + c];
  }
};

const RegisterKernel registered{{"flatten", "cpu", "own", 10, accept_all, make_for_dtype<CpuFlatten>}};

}  // namespace

}  // namespace resnet
