#include "core/memory.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>

namespace resnet {

namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();

// The number behind `key` in a file of such lines; kUnknown where there is none.
int64_t number_after(const char* path, const std::string& key) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key)) return std::strtoll(line.c_str() + key.size(), nullptr, 10);
  return kUnknown;
}

// Of a control group (version 2), whose files in memory can be dropped.
int64_t left_in_group() {
  int64_t most = 0;
  const int64_t used = number_after("/sys/fs/cgroup/memory.stat", "anon ");
  if (std::ifstream in("/sys/fs/cgroup/memory.max"); !(in >> most) || used == kUnknown) return kUnknown;  // "max"
  return std::max<int64_t>(most - used, 0);
}

int64_t left_on_machine() {
  const int64_t kib = number_after("/proc/meminfo", "MemAvailable:");
  return kib == kUnknown ? kUnknown : kib * 1024;
}

}  // namespace

int64_t available_memory() { return std::min(left_on_machine(), left_in_group()); }

}  // namespace resnet
