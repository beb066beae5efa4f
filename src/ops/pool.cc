#include "ops/pool.h"

#include "core/check.h"

namespace resnet {

std::string describe_pool(const PoolAttributes& a) {
  if (a.kernel == 0) return "global";
  std::string s = join(a.kernel, "x", a.kernel, "/", a.stride);
  if (a.pad != 0) s += join(" pad ", a.pad);
  return s;
}

Shape infer_pool(std::string_view kind, const PoolAttributes& a, const std::vector<Shape>& x) {
  CHECK(x.size() == 1, kind, " takes one input, not ", x.size());
  CHECK(x[0].rank() == 4, kind, " reads [N,H,W,C], not ", x[0]);
  if (a.kernel == 0) return {x[0][0], 1, 1, x[0][3]};
  CHECK(a.kernel > 0 && a.stride > 0 && a.pad >= 0 && 2 * a.pad <= a.kernel, kind, " ", describe_pool(a),
        ": kernel and stride are positive and pad is at most half the kernel");
  CHECK(x[0][1] + 2 * a.pad >= a.kernel && x[0][2] + 2 * a.pad >= a.kernel, kind, " ", describe_pool(a), " on ", x[0],
        ": the picture is smaller than the window");
  return {x[0][0], (x[0][1] + 2 * a.pad - a.kernel) / a.stride + 1, (x[0][2] + 2 * a.pad - a.kernel) / a.stride + 1,
          x[0][3]};
}

}  // namespace resnet
