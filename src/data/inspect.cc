#include "data/inspect.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <future>
#include <thread>

#include "core/check.h"
#include "data/duplicates.h"
#include "data/encoded.h"

namespace resnet {

namespace {

// What one worker has seen of a split.
struct Part {
  SplitReport report;
  std::vector<std::pair<int64_t, Finding>> findings;  // and the pictures they are about
};

void add_pixels(const Tensor& image, SplitReport& report) {
  const auto pixels = image.as<uint8_t>();
  for (size_t i = 0; i + 2 < pixels.size(); i += 3)
    for (size_t c = 0; c < 3; ++c) {
      const uint32_t v = pixels[i + c];
      report.sum[c] += v;
      report.squares[c] += v * v;
    }
  report.pixels += pixels.size() / 3;
}

// Says when a name promises another format than the file has.
void check_suffix(Bytes file, const std::string& path, int64_t i, Part& part) {
  const std::string_view format = picture_format(file), promised = format_of_name(path);
  if (!format.empty() && !promised.empty() && format != promised)
    part.findings.emplace_back(i, Finding{"wrong_suffix", false, path, join(path, " is a ", format, " file")});
}

void look_at(const Dataset& data, int64_t i, std::vector<uint8_t>& buffer, Fingerprint& print, Part& part) {
  const auto* encoded = dynamic_cast<const EncodedDataset*>(&data);
  const std::string where = encoded != nullptr ? encoded->path(i) : data.id(i);
  try {
    Tensor image;
    if (encoded != nullptr) {
      const Bytes file = encoded->bytes(i, buffer);
      if (file.empty()) {
        part.findings.emplace_back(i, Finding{"empty_file", true, where, where + " is empty"});
        return;
      }
      check_suffix(file, where, i, part);
      image = decode_image(file, where);
    } else {
      image = data.image(i);
    }
    print.pixels = hash({image.as<uint8_t>().data(), image.bytes()}, static_cast<uint64_t>(image.shape()[1]));
    print.readable = true;
    add_pixels(image, part.report);
    ++part.report.per_class[static_cast<size_t>(data.label(i))];
    ++part.report.pictures;
  } catch (const Error& error) {
    part.findings.emplace_back(i, Finding{"unreadable", true, where, error.what()});
  }
}

// Shares of the split's pictures, each by a thread of its own, which asks for the next as long as there is one.
std::vector<Part> look_at_all(const Dataset& data, std::vector<Fingerprint>& prints,
                              const std::function<void(int64_t)>& progress) {
  std::atomic<int64_t> next{0};
  const auto work = [&] {
    Part part;
    part.report.per_class.assign(data.classes().size(), 0);
    std::vector<uint8_t> buffer;
    for (int64_t i = 0; (i = next++) < data.size();) look_at(data, i, buffer, prints[static_cast<size_t>(i)], part);
    return part;
  };
  std::vector<std::future<Part>> running(std::clamp(std::thread::hardware_concurrency(), 1u, 64u));
  for (auto& worker : running) worker = std::async(std::launch::async, work);
  std::vector<Part> parts;
  for (auto& worker : running) {
    while (worker.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready)
      progress(std::min<int64_t>(next, data.size()));
    parts.push_back(worker.get());
  }
  return parts;
}

SplitReport merge(const std::string& name, const Dataset& data, std::vector<Part>& parts,
                  std::vector<Finding>& findings) {
  SplitReport whole;
  whole.name = name;
  whole.classes = data.classes();
  whole.per_class.assign(data.classes().size(), 0);
  std::vector<std::pair<int64_t, Finding>> found;
  for (Part& part : parts) {
    whole.pictures += part.report.pictures;
    whole.pixels += part.report.pixels;
    for (size_t k = 0; k < whole.per_class.size(); ++k) whole.per_class[k] += part.report.per_class[k];
    for (size_t c = 0; c < 3; ++c) whole.sum[c] += part.report.sum[c];
    for (size_t c = 0; c < 3; ++c) whole.squares[c] += part.report.squares[c];
    std::move(part.findings.begin(), part.findings.end(), std::back_inserter(found));
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [i, finding] : found) findings.push_back(std::move(finding));
  for (size_t k = 0; k < whole.per_class.size(); ++k)
    if (data.size() > 0 && whole.per_class[k] == 0)
      findings.push_back(
          {"empty_class", false, data.classes()[k], join(data.classes()[k], ": no picture of this class in ", name)});
  return whole;
}

}  // namespace

double SplitReport::mean(size_t channel) const {
  return static_cast<double>(sum[channel]) / (255.0 * static_cast<double>(pixels));
}

double SplitReport::std(size_t channel) const {
  const double square = static_cast<double>(squares[channel]) / (255.0 * 255.0 * static_cast<double>(pixels));
  return std::sqrt(std::max(0.0, square - mean(channel) * mean(channel)));
}

Inspection inspect(const DataSplits& data, const InspectionProgress& progress) {
  struct Named {
    std::string name;
    const Dataset* set;
  };
  const bool one = data.train == data.val;
  std::vector<Named> sets;
  if (!one && data.train->size() > 0) sets.push_back({"train", data.train.get()});
  sets.push_back({one ? "all" : "val", data.val.get()});
  const int64_t all = data.val->size() + (one ? 0 : data.train->size());
  Inspection result;
  std::vector<Fingerprints> prints;
  int64_t done = 0;
  for (const auto& [name, set] : sets) {
    prints.push_back({set, std::vector<Fingerprint>(static_cast<size_t>(set->size()))});
    std::vector<Part> parts =
        look_at_all(*set, prints.back().pictures, [&](int64_t here) { progress(done + here, all); });
    result.splits.push_back(merge(name, *set, parts, result.findings));
    done += set->size();
  }
  for (Finding& finding : find_duplicates(prints)) result.findings.push_back(std::move(finding));
  return result;
}

}  // namespace resnet
