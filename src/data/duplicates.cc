#include "data/duplicates.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "core/check.h"
#include "data/encoded.h"

namespace resnet {

namespace {

struct Picture {
  uint64_t key;
  size_t split;
  int64_t i;
};

const Dataset& data_of(const std::vector<Fingerprints>& splits, const Picture& p) { return *splits[p.split].data; }

std::string where(const std::vector<Fingerprints>& splits, const Picture& p) {
  const Dataset& data = data_of(splits, p);
  const auto* encoded = dynamic_cast<const EncodedDataset*>(&data);
  return encoded != nullptr ? encoded->path(p.i) : data.id(p.i);
}

bool same_bytes(Bytes a, Bytes b) { return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0; }

bool same_files(const std::vector<Fingerprints>& splits, const Picture& a, const Picture& b) {
  const auto* x = dynamic_cast<const EncodedDataset*>(&data_of(splits, a));
  const auto* y = dynamic_cast<const EncodedDataset*>(&data_of(splits, b));
  std::vector<uint8_t> first, second;
  return x != nullptr && y != nullptr && same_bytes(x->bytes(a.i, first), y->bytes(b.i, second));
}

bool same_pixels(const std::vector<Fingerprints>& splits, const Picture& a, const Picture& b) {
  const Tensor x = data_of(splits, a).image(a.i), y = data_of(splits, b).image(b.i);
  return x.shape() == y.shape() && std::memcmp(x.raw(), y.raw(), x.bytes()) == 0;
}

Finding finding(const std::vector<Fingerprints>& splits, const Picture& first, const Picture& again) {
  const bool files = same_files(splits, first, again);
  const std::string here = where(splits, again);
  const Dataset &a = data_of(splits, first), &b = data_of(splits, again);
  const std::string &label = a.classes()[static_cast<size_t>(a.label(first.i))],
                    &other = b.classes()[static_cast<size_t>(b.label(again.i))];
  const bool conflict = label != other, both = first.split != again.split;
  const std::string message =
      join(here, files ? " is the same file as " : " has the same pixels as ", where(splits, first),
           conflict ? join(", but one is a '", label, "' and the other a '", other, "'") : "",
           both ? ", and one is trained on, the other validated" : "");
  return {conflict ? "conflicting_labels"
          : both   ? "in_both_splits"
          : files  ? "same_file"
                   : "same_pixels",
          conflict, here, message};
}

}  // namespace

uint64_t hash(Bytes bytes, uint64_t seed) {
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
  uint64_t h = (seed ^ bytes.size()) * kFactor;
  const auto mix = [&](uint64_t word) {
    h = (h ^ word) * kFactor;
    h ^= h >> 32;
  };
  size_t at = 0;
  for (uint64_t word; at + 8 <= bytes.size(); at += 8) {
    std::memcpy(&word, bytes.data() + at, 8);
    mix(word);
  }
  uint64_t rest = 0;
  if (at < bytes.size()) std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
  mix(rest);
  return h;
}

std::vector<Finding> find_duplicates(const std::vector<Fingerprints>& splits) {
  std::vector<Picture> pictures;
  for (size_t s = 0; s < splits.size(); ++s)
    for (size_t i = 0; i < splits[s].pictures.size(); ++i)
      if (splits[s].pictures[i].readable)
        pictures.push_back({splits[s].pictures[i].pixels, s, static_cast<int64_t>(i)});
  std::sort(pictures.begin(), pictures.end(), [](const Picture& a, const Picture& b) {
    return std::tie(a.key, a.split, a.i) < std::tie(b.key, b.split, b.i);
  });
  std::map<std::pair<size_t, int64_t>, Finding> found;  // in the order of the pictures
  for (size_t first = 0, i = 1; i < pictures.size(); ++i) {
    if (pictures[i].key != pictures[first].key) {
      first = i;
      continue;
    }
    try {
      if (same_pixels(splits, pictures[first], pictures[i]))
        found.emplace(std::pair{pictures[i].split, pictures[i].i}, finding(splits, pictures[first], pictures[i]));
    } catch (const Error&) {  // gone since it was read
    }
  }
  std::vector<Finding> findings;
  for (auto& [place, duplicate] : found) findings.push_back(std::move(duplicate));
  return findings;
}

}  // namespace resnet
