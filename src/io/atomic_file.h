// Files that are either whole or not there: written beside their final place, synced to the disk, then renamed over it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace resnet {

/// Replaces the file at `path` by `parts`, one after the other. Throws Error naming the file and the reason (full disk,
/// read-only folder); what was at `path` is then untouched and no temporary file is left.
void write_file_atomically(const std::string& path, const std::vector<std::span<const std::byte>>& parts);
void write_file_atomically(const std::string& path, std::string_view text);

/// The whole file. Throws Error naming the file and the reason.
std::string read_text_file(const std::string& path);

}  // namespace resnet
