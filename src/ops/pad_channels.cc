#include "ops/pad_channels.h"

#include "core/check.h"

namespace resnet {

std::string PadChannels::describe() const { return join(a.out, " /", a.stride); }

Shape PadChannels::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == 1, "pad_channels takes one input, not ", x.size());
  CHECK(x[0].rank() == 4, "pad_channels reads [N,H,W,C], not ", x[0]);
  CHECK(a.stride > 0 && a.before >= 0 && a.out >= x[0][3] + a.before, "pad_channels ", describe(), " on ", x[0],
        ": it cannot drop channels");
  return {x[0][0], (x[0][1] + a.stride - 1) / a.stride, (x[0][2] + a.stride - 1) / a.stride, a.out};
}

}  // namespace resnet
