// max_pool | avg_pool x=N,H,W,C [kernel= stride= pad=]; without a kernel the window is the whole picture.
#include "ops/pool.h"

#include <algorithm>
#include <numeric>

#include "conformance/case.h"
#include "conformance/data.h"
#include "core/rng.h"

namespace resnet::conformance {
namespace {

/// All values at least 0.05 apart, in random order.
void separate(const Case& c, Data& d) {
  Rng rng(c.seed, 1);
  std::iota(d.x[0].begin(), d.x[0].end(), -0.5f * static_cast<float>(d.x[0].size()));
  for (float& v : d.x[0]) v *= 0.05f;
  for (size_t i = d.x[0].size(); i > 1; --i) std::swap(d.x[0][i - 1], d.x[0][rng.below(static_cast<uint32_t>(i))]);
}

template <class Pool> Case parse(const Line& line) {
  PoolAttributes a;
  a.kernel = line.integer("kernel", 0);
  a.stride = line.integer("stride", 1);
  a.pad = line.integer("pad", 0);
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Pool>(a);
  if (std::is_same_v<Pool, MaxPool>) c.smooth = separate;
  return c;
}

const RegisterCase max_pool("max_pool", parse<MaxPool>);
const RegisterCase avg_pool("avg_pool", parse<AvgPool>);

}  // namespace
}  // namespace resnet::conformance
