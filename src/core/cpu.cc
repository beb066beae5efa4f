#include "core/cpu.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "core/check.h"

namespace resnet {

namespace {

constexpr std::array<std::string_view, 5> kNames = {"generic", "avx2", "avx512", "avx512_bf16", "amx"};
// oneDNN's name for the same level (ONEDNN_MAX_CPU_ISA).
constexpr std::array<const char*, 5> kOnednnNames = {"SSE41", "AVX2", "AVX512_CORE_VNNI", "AVX512_CORE_BF16",
                                                     "AVX512_CORE_AMX"};

bool amx_granted() {
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return false;
  const bool tile = edx & (1u << 24), bf16 = edx & (1u << 22), int8 = edx & (1u << 25);
  if (!tile || !bf16 || !int8) return false;
  constexpr long kArchReqXcompPerm = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kTileData) == 0;
}

Isa detect() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::generic;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512vnni"))
    return Isa::avx2;
  if (!__builtin_cpu_supports("avx512bf16")) return Isa::avx512;
  return amx_granted() ? Isa::amx : Isa::avx512_bf16;
}

Isa chosen() {
  const Isa best = detected_isa();
  const char* wanted = std::getenv("RESNET_ISA");
  if (wanted == nullptr || *wanted == '\0') return best;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] != wanted) continue;
    CHECK(i <= static_cast<size_t>(best), "RESNET_ISA=", wanted, ": this processor (", cpu_model(), ") has only ",
          name_of(best));
    setenv("ONEDNN_MAX_CPU_ISA", kOnednnNames[i], /*overwrite=*/1);
    return static_cast<Isa>(i);
  }
  throw Error(join("RESNET_ISA=", wanted, " is unknown (generic, avx2, avx512, avx512_bf16 or amx)"));
}

}  // namespace

std::string_view name_of(Isa isa) { return kNames[static_cast<size_t>(isa)]; }

Isa detected_isa() {
  static const Isa detected = detect();
  return detected;
}

Isa isa() {
  static const Isa level = chosen();
  return level;
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  std::string family, number;
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(0, line.find('\t')), value = line.substr(colon + 2);
    if (key == "cpu family") family = value;
    if (key == "model") number = value;
    if (key == "model name") return family.empty() ? value : join(value, ", family ", family, " model ", number);
  }
  return "unknown";
}

}  // namespace resnet
