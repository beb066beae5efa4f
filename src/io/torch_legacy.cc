#include "io/torch_legacy.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "io/pickle.h"
#include "io/torch_state.h"

namespace resnet {

namespace {

using pickle::Kind;
using pickle::Pickle;

/// Protocol 2 and the long 0x1950a86a20f9469cfc6c.
constexpr std::string_view kMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr int64_t kVersion = 1001;

/// Bytes of an element by the storage's key: only the ids in the pickle say of what type a storage is.
std::map<std::string, size_t, std::less<>> element_sizes(const Pickle& p, const std::string& file) {
  std::map<std::string, size_t, std::less<>> sizes;
  for (const pickle::Value& v : p.values) {
    if (v.kind != Kind::persistent || p[v.args].items.empty() || p[p[v.args].items[0]].text != "storage") continue;
    const TorchStorageId id = torch_storage_id(p, v, file);
    const size_t size = id.typed ? size_of(id.dtype) : 1;
    const auto [at, added] = sizes.emplace(id.key, size);
    CHECK(added || at->second == size, file, ": a storage is said to hold elements of two types; the file is damaged");
  }
  return sizes;
}

}  // namespace

bool is_torch_legacy(std::span<const uint8_t> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

SafetensorsFile parse_torch_legacy(std::span<const uint8_t> bytes, const std::shared_ptr<void>& owner,
                                   const std::string& file) {
  size_t at = kMagic.size();
  const auto next = [&] {
    Pickle p = pickle::read_pickle(bytes.subspan(at), file);
    at += p.bytes;
    return p;
  };
  const Pickle version = next();
  CHECK(version[version.root].kind == Kind::integer && version[version.root].integer == kVersion, file,
        ": an unknown version of PyTorch's older format; load it in PyTorch and save it anew");
  next();  // about the machine that wrote it; storages are little-endian whatever it was
  const Pickle object = next(), keys = next();
  const auto sizes = element_sizes(object, file);
  TorchStorages storages;
  storages.owner = owner;
  storages.file = file;
  for (const pickle::Id id : keys[keys.root].items) {
    const std::string key(keys[id].text);
    const auto size = sizes.find(key);
    CHECK(size != sizes.end(), file, ": the storage '", key.substr(0, 80),
          "' belongs to no tensor; the file is damaged");
    uint64_t elements = 0;
    CHECK(bytes.size() - at >= sizeof elements, file, ": the file ends before the storage '", key.substr(0, 80), "'");
    std::memcpy(&elements, bytes.data() + at, sizeof elements);
    at += sizeof elements;
    CHECK(elements <= (bytes.size() - at) / size->second, file, ": the storage '", key.substr(0, 80), "' claims ",
          elements, " elements, the file has ", bytes.size() - at, " bytes left; it is truncated or damaged");
    CHECK(storages.by_key.emplace(key, bytes.subspan(at, elements * size->second)).second, file, ": the storage '",
          key.substr(0, 80), "' is in the file twice");
    at += elements * size->second;
  }
  return torch_tensors(object, storages);
}

}  // namespace resnet
