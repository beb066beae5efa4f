#include "core/parallel.h"

#include <omp.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <thread>

namespace resnet {

namespace {

int g_threads = 0;
thread_local int t_share = 0;  // of a ThreadShare; 0: none

// Distinct (package, core) pairs; hyper-threads add nothing to kernels that are bound by the vector units.
int physical_cores() {
  std::set<std::pair<std::string, std::string>> cores;
  const int logical = std::max(1, omp_get_num_procs());
  for (int cpu = 0; cpu < logical; ++cpu) {
    const std::string dir = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    std::string package, core;
    if (std::ifstream(dir + "physical_package_id") >> package && std::ifstream(dir + "core_id") >> core)
      cores.emplace(package, core);
  }
  return cores.empty() ? logical : std::min(logical, static_cast<int>(cores.size()));
}

}  // namespace

void set_threads(int n) {
  // Not beyond OMP_THREAD_LIMIT: oneDNN waits for threads that would never come.
  g_threads = std::min(n > 0 ? n : physical_cores(), omp_get_thread_limit());
  omp_set_num_threads(g_threads);
}

ThreadShare::ThreadShare(int n) : share_before_(t_share), openmp_before_(omp_get_max_threads()) {
  t_share = n;
  omp_set_num_threads(n);
}

ThreadShare::~ThreadShare() {
  t_share = share_before_;
  omp_set_num_threads(openmp_before_);
}

int threads() {
  if (t_share > 0) return t_share;
  if (g_threads == 0) set_threads(0);
  return g_threads;
}

int spare_processors() { return std::max(0, omp_get_num_procs() - threads()); }

void parallel_for(int64_t n, const std::function<void(int64_t, int64_t, int)>& body) {
  const int64_t parts = threads();
  if (parts == 1 || n <= 1) {
    if (n > 0) body(0, n, 0);
    return;
  }
#pragma omp parallel num_threads(static_cast <int>(parts))
  {
    // The team can be smaller than asked for (OMP_THREAD_LIMIT): its threads then take several parts.
    for (int64_t part = omp_get_thread_num(); part < parts; part += omp_get_num_threads()) {
      const int64_t begin = n * part / parts, end = n * (part + 1) / parts;
      if (begin < end) body(begin, end, static_cast<int>(part));
    }
  }
}

std::vector<int> threads_with_part(int64_t n) {
  std::vector<int> found;
  const int64_t parts = n > 1 ? threads() : n;
  for (int64_t part = 0; part < parts; ++part)
    if (n * part / parts < n * (part + 1) / parts) found.push_back(static_cast<int>(part));
  return found;
}

}  // namespace resnet
