#include "ops/cpu/conv_pass.h"

#include <algorithm>

#include "core/check.h"
#include "core/parallel.h"
#include "ops/cpu/conv.h"

namespace resnet {

namespace {

std::vector<ConvPassEntry>& registry() {
  static std::vector<ConvPassEntry> entries;
  return entries;
}

}  // namespace

void check_planned_threads(const std::string& name, int planned) {
  CHECK(threads() == planned, name, " convolution: planned for ", planned, " threads, run on ", threads(),
        "; set the number of threads before the plan is made");
}

RegisterConvPass::RegisterConvPass(ConvPassEntry entry) {
  register_conv_kernel(entry.name, entry.rank);
  registry().push_back(std::move(entry));
  std::stable_sort(registry().begin(), registry().end(), [](auto& a, auto& b) { return a.rank > b.rank; });
}

const std::vector<ConvPassEntry>& conv_passes() { return registry(); }

}  // namespace resnet
