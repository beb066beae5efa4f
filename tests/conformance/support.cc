// Which implementation takes which case, and why not: tab-separated, one line a case, dtype and implementation.
#include <iostream>

#include "conformance/modes.h"

namespace resnet::conformance {

int run_support(const std::vector<Case>& cases, const Options& options) {
  std::cout << "case\tdtype\tmode\timplementation\ttaken\treason\n";
  for (const Case& c : cases)
    for (const DType dtype : options.dtypes) {
      if (!c.takes(dtype)) continue;
      bool first = true;
      for (const KernelEntry* entry : implementations(c, options)) {
        const std::string reason = entry->reject(c.spec(dtype));
        const char* taken = !reason.empty() ? "no" : first ? "chosen" : "yes";
        first &= !reason.empty();
        std::cout << c.title() << '\t' << dtype << '\t' << (c.train ? "train" : "infer") << '\t' << entry->name << '\t'
                  << taken << '\t' << reason << '\n';
      }
    }
  return 0;
}

}  // namespace resnet::conformance
