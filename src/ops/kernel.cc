#include "ops/kernel.h"

#include <algorithm>

#include "core/check.h"

namespace resnet {

void Kernel::backward(const KernelArgs&) {
  throw Error(join(spec_.op->kind(), " is for inference: it has no backward"));
}

namespace {

std::vector<KernelEntry>& registry() {
  static std::vector<KernelEntry> entries;
  return entries;
}

}  // namespace

RegisterKernel::RegisterKernel(KernelEntry entry) { registry().push_back(std::move(entry)); }

std::string accept_all(const KernelSpec& /*spec*/) { return {}; }

std::vector<const KernelEntry*> kernels_of(std::string_view op, std::string_view backend) {
  std::vector<const KernelEntry*> found;
  for (const KernelEntry& e : registry())
    if (e.op == op && e.backend == backend) found.push_back(&e);
  std::stable_sort(found.begin(), found.end(), [](auto* a, auto* b) { return a->rank > b->rank; });
  return found;
}

KernelChoice choose_kernel(const KernelSpec& spec, std::string_view backend) {
  KernelChoice choice;
  for (const KernelEntry* e : kernels_of(spec.op->kind(), backend)) {
    const std::string reason = e->reject(spec);
    if (reason.empty()) {
      choice.kernel = e->make(spec);
      return choice;
    }
    choice.rejected += (choice.rejected.empty() ? "" : "; ") + e->name + ": " + reason;
  }
  throw Error(join("no '", backend, "' kernel for ", spec.op->kind(), " (", spec.op->describe(), ") in ", spec.dtype,
                   choice.rejected.empty() ? "" : ": ", choice.rejected));
}

}  // namespace resnet
