// What the processor can do, and what this process may use of it.
#pragma once

#include <string>
#include <string_view>

namespace resnet {

/// In rising order: each level includes those before it.
enum class Isa { generic, avx2, avx512, avx512_bf16, amx };

std::string_view name_of(Isa isa);
/// The best level of this processor (AMX only if the kernel grants its tiles), held back by RESNET_ISA if that is set.
/// Also holds oneDNN back, which must therefore not have been used before the first call. Throws Error on an unknown
/// RESNET_ISA or one that the processor does not have.
Isa isa();
Isa detected_isa();  ///< without RESNET_ISA
/// As /proc/cpuinfo has it ("AMD EPYC, family 25 model 17": virtual machines name several generations alike), or "unknown".
std::string cpu_model();

}  // namespace resnet
