// The labels of pictures that lie in one folder, as the text files that come with ImageNet's validation pictures give them.
#pragma once

#include <string>
#include <vector>

namespace resnet {

/// A text file and where it lies, for messages.
struct TextFile {
  std::string path, text;
};

struct GroundTruth {
  std::vector<std::string> classes;  ///< sorted
  std::vector<int> labels;           ///< of the pictures that were asked for
};

/// Lines of `truth` hold a label each, or a picture's name and its label (blanks, commas or tabs between; what follows is
/// ignored). A line of one label belongs to the picture whose name ends in the line's number, else to the picture at that
/// place. Labels are names of classes, or numbers: lines of the list from 1 on, or from 0 on where lines name the pictures.
/// `list` (path "" for none): a class a line, first the name and perhaps its number ("n02119789 1 kit_fox"). Without it
/// `known` are the classes, sorted; without these too, the names or numbers in `truth` themselves.
/// Throws Error naming file and line.
GroundTruth read_ground_truth(const TextFile& truth, const TextFile& list, const std::vector<std::string>& known,
                              const std::vector<std::string>& pictures);

}  // namespace resnet
