// Zip archives whose members are stored, not compressed, as PyTorch writes them: members can then be used where they lie in
// a mapped file, which no library for zip archives offers.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resnet {

/// "PK\3\4" at the start.
bool is_zip(std::span<const uint8_t> bytes);

/// The members by name, as views of `bytes`; every one lies inside. Throws Error naming `file` for an archive that is
/// damaged, compressed, encrypted, in several parts or of more than 4 GB (zip64), or that has a name twice.
std::map<std::string, std::span<const uint8_t>> read_zip(std::span<const uint8_t> bytes, const std::string& file);

using ZipMember = std::pair<std::string, std::span<const std::byte>>;
/// An archive of these members in this order, each starting at a multiple of 64 bytes. `storage` receives what stands
/// between the members; the parts refer to it and to the members. Throws Error when the whole is more than 4 GB.
std::vector<std::span<const std::byte>> format_zip(const std::vector<ZipMember>& members,
                                                   std::vector<std::string>& storage);

}  // namespace resnet
