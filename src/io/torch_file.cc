// Files of torch.save: which of the two formats it is, and the zip format in both directions.
#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "data/mapped_file.h"
#include "io/atomic_file.h"
#include "io/safetensors.h"
#include "io/state_dict.h"
#include "io/torch_legacy.h"
#include "io/torch_pickle.h"
#include "io/torch_state.h"
#include "io/weights_file.h"
#include "io/zip_archive.h"

namespace resnet {

namespace {

using Members = std::map<std::string, std::span<const uint8_t>>;

constexpr std::string_view kOwnMember = "resnet.safetensors";  ///< of ours, beside PyTorch's: texts and further tensors

/// "archive/" of "archive/data.pkl", the one member of that name.
std::string folder_of(const Members& members, const std::string& file) {
  for (const auto& [name, bytes] : members)
    if (name.ends_with("/data.pkl") && name.find('/') == name.size() - 9) return name.substr(0, name.size() - 8);
  throw Error(join(file, ": a zip archive without a data.pkl; it was not written by torch.save"));
}

SafetensorsFile read_zip_format(std::span<const uint8_t> bytes, const std::shared_ptr<void>& owner,
                                const std::string& file) {
  const Members members = read_zip(bytes, file);
  const std::string folder = folder_of(members, file);
  CHECK(!members.contains(folder + "constants.pkl"), file,
        ": a TorchScript program, not weights; save the network's state_dict() instead");
  TorchStorages storages;
  storages.owner = owner;
  storages.file = file;
  for (const auto& [name, data] : members)
    if (name.starts_with(folder + "data/")) storages.by_key[name.substr(folder.size() + 5)] = data;
  if (const auto order = members.find(folder + "byteorder"); order != members.end())
    storages.swapped =
        std::string_view(reinterpret_cast<const char*>(order->second.data()), order->second.size()) == "big";
  SafetensorsFile weights = torch_tensors(pickle::read_pickle(members.at(folder + "data.pkl"), file), storages);
  if (const auto own = members.find(folder + std::string(kOwnMember)); own != members.end()) {
    SafetensorsFile more = parse_safetensors(own->second, owner, file);
    weights.metadata = std::move(more.metadata);
    weights.tensors.merge(more.tensors);
  }
  return weights;
}

std::span<const std::byte> bytes_of(std::string_view s) { return std::as_bytes(std::span(s.data(), s.size())); }

}  // namespace

SafetensorsFile parse_torch(std::span<const uint8_t> bytes, const std::shared_ptr<void>& owner,
                            const std::string& file) {
  if (is_zip(bytes)) return read_zip_format(bytes, owner, file);
  CHECK(is_torch_legacy(bytes), file, ": not a file of torch.save (neither its zip format nor the older one)");
  return parse_torch_legacy(bytes, owner, file);
}

SafetensorsFile read_torch(const std::string& path) {
  const auto file = std::make_shared<MappedFile>(path, MappedFile::Access::copy_on_write);
  return parse_torch(file->bytes(), file, path);
}

void write_torch(const std::string& path, const SafetensorsFile& weights) {
  StateDict network, more;
  for (const auto& [name, tensor] : weights.tensors) (is_network_tensor(name) ? network : more)[name] = tensor;
  const std::string folder = "archive/";
  const std::string data = torch_pickle(network), own = format_safetensors(more, weights.metadata);
  std::vector<ZipMember> members{{folder + "data.pkl", bytes_of(data)}, {folder + "byteorder", bytes_of("little")}};
  size_t key = 0;
  for (const auto& [name, tensor] : network)
    members.emplace_back(join(folder, "data/", key++),
                         std::span(static_cast<const std::byte*>(tensor.raw()), tensor.bytes()));
  if (!more.empty() || !weights.metadata.empty()) members.emplace_back(folder + std::string(kOwnMember), bytes_of(own));
  members.emplace_back(folder + "version", bytes_of("3\n"));
  std::vector<std::string> storage;
  write_file_atomically(path, format_zip(members, storage));
}

}  // namespace resnet
