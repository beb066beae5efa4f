// Fuzz target: files of labels and lists of classes; a line "%" parts the two.
#include <cstdlib>

#include "data/ground_truth.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return resnet::fuzz([&] {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const size_t cut = std::min(text.find("%\n"), text.size());
    const resnet::TextFile truth{"t", text.substr(0, cut)};
    const resnet::TextFile list{cut < text.size() ? "l" : "", text.substr(std::min(cut + 2, text.size()))};
    const std::vector<std::string> pictures = {"v_1.JPEG", "v_2.JPEG", "x/v_3.JPEG"};
    for (const std::vector<std::string>& known : {std::vector<std::string>{}, {"a", "b"}}) {
      resnet::fuzz([&] {
        const resnet::GroundTruth found = read_ground_truth(truth, list, known, pictures);
        for (const int label : found.labels)
          if (label < 0 || static_cast<size_t>(label) >= found.classes.size()) std::abort();
      });
    }
  });
}
