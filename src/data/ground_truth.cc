#include "data/ground_truth.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "core/check.h"

namespace resnet {

namespace {

constexpr std::string_view kBetween = " \t\r,";
constexpr size_t kImageNetClasses = 1000;

std::optional<size_t> number(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// "n02119789": an identifier of WordNet.
bool is_wordnet_id(std::string_view text) {
  return text.size() == 9 && text[0] == 'n' && number(text.substr(1)).has_value();
}

struct Line {
  std::string_view whole;
  std::vector<std::string_view> words;  // the first three
  size_t number;                        // from 1
};

std::vector<Line> lines_of(const TextFile& file) {
  std::vector<Line> lines;
  std::string_view rest = file.text;
  if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);  // byte order mark
  for (size_t count = 1; !rest.empty(); ++count) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    Line found{line, {}, count};
    while (found.words.size() < 3) {
      line.remove_prefix(std::min(line.find_first_not_of(kBetween), line.size()));
      if (line.empty()) break;
      found.words.push_back(line.substr(0, line.find_first_of(kBetween)));
      line.remove_prefix(found.words.back().size());
    }
    if (!found.words.empty()) lines.push_back(std::move(found));
  }
  CHECK(!lines.empty(), file.path, " is empty");
  return lines;
}

// The classes of a list by their numbers, of which the smallest is `first`.
std::map<size_t, std::string> read_list(const TextFile& file, size_t first) {
  const std::vector<Line> lines = lines_of(file);
  const auto all = [&](const auto& condition) { return std::all_of(lines.begin(), lines.end(), condition); };
  const bool ids = all([](const Line& line) { return is_wordnet_id(line.words[0]); });
  const bool numbered = all([](const Line& line) { return line.words.size() > 1 && number(line.words[1]); });
  std::map<size_t, std::string> classes;
  std::set<std::string_view> seen;
  for (size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    const std::string_view name = ids || numbered ? line.words[0] : line.whole;
    const size_t place = numbered ? *number(line.words[1]) : first + i;
    CHECK(seen.insert(name).second && classes.emplace(place, name).second, file.path, ", line ", line.number,
          ": the class '", name, "' or its number ", place, " stands there twice");
  }
  return classes;
}

// The digits at the end of a file's name: ILSVRC2012_val_00000012.JPEG -> 12.
std::optional<size_t> number_in_name(std::string_view name) {
  name = name.substr(0, name.rfind('.'));
  const size_t begin = name.find_last_not_of("0123456789") + 1;
  return number(name.substr(begin));
}

std::string_view stem(std::string_view name) {
  name = name.substr(name.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

struct Truth {
  const TextFile& file;
  std::vector<Line> lines;
  bool named;  // lines name the pictures
};

Truth read_truth(const TextFile& file) {
  Truth truth{file, lines_of(file), false};
  if (truth.lines[0].words[0] == "ImageId") truth.lines.erase(truth.lines.begin());
  CHECK(!truth.lines.empty(), file.path, " holds no label");
  truth.named = truth.lines[0].words.size() > 1;
  for (const Line& line : truth.lines)
    CHECK((line.words.size() > 1) == truth.named, file.path, ", line ", line.number, ": '", line.whole,
          "' where the lines before give ", truth.named ? "a picture and its label" : "one label each");
  return truth;
}

// The line of each picture.
std::vector<const Line*> match(const Truth& truth, const std::vector<std::string>& pictures) {
  std::vector<const Line*> found;
  std::map<std::string_view, const Line*> by_name;
  if (truth.named)
    for (const Line& line : truth.lines) by_name.emplace(stem(line.words[0]), &line);
  const bool by_number = std::all_of(pictures.begin(), pictures.end(), [&](const std::string& name) {
    const std::optional<size_t> n = number_in_name(name);
    return n && *n >= 1 && *n <= truth.lines.size();
  });
  CHECK(truth.named || by_number || pictures.size() == truth.lines.size(), truth.file.path, " has ", truth.lines.size(),
        " labels for ", pictures.size(), " pictures, and the numbers in their names (", pictures.front(),
        ", …) are not all from 1 to ", truth.lines.size());
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (!truth.named) {
      found.push_back(&truth.lines[by_number ? *number_in_name(pictures[i]) - 1 : i]);
      continue;
    }
    const auto line = by_name.find(stem(pictures[i]));
    CHECK(line != by_name.end(), truth.file.path, " gives no label of ", pictures[i]);
    found.push_back(line->second);
  }
  return found;
}

// ILSVRC numbers the classes of its own ground truth in an order of its own, and usual lists are sorted: together they
// would give wrong labels without a word.
void check_order(const Truth& truth, const TextFile& list, const std::map<size_t, std::string>& classes) {
  const bool of_imagenet = classes.size() == kImageNetClasses && is_wordnet_id(classes.begin()->second);
  const bool sorted =
      std::is_sorted(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  CHECK(truth.named || !of_imagenet || !sorted, list.path, " has the classes in the order of their names, but ",
        truth.file.path, " numbers them in ILSVRC's own order: give ILSVRC's list (map_clsloc.txt, with lines as ",
        "'n02119789 1 kit_fox') instead");
}

}  // namespace

GroundTruth read_ground_truth(const TextFile& truth_file, const TextFile& list, const std::vector<std::string>& known,
                              const std::vector<std::string>& pictures) {
  const Truth truth = read_truth(truth_file);
  const size_t first = truth.named ? 0 : 1;
  std::map<size_t, std::string> numbered;
  if (!list.path.empty()) numbered = read_list(list, first);
  if (list.path.empty() && truth.named)  // as other programs number them: in the order of their names
    for (size_t k = 0; k < known.size(); ++k) numbered[k] = known[k];
  const auto numeric = static_cast<size_t>(std::count_if(truth.lines.begin(), truth.lines.end(), [&](const Line& line) {
    return number(line.words[first == 0 ? 1 : 0]).has_value();
  }));
  const bool numbers = 2 * numeric > truth.lines.size();  // a damaged line is then the one that is named
  if (numbers && !numbered.empty()) check_order(truth, list, numbered);
  CHECK(!numbers || !numbered.empty() || truth.file.path.find("ILSVRC") == std::string::npos, truth.file.path,
        " numbers the classes in ILSVRC's own order; put its list beside it: map_clsloc.txt of the development kit, "
        "with ",
        "lines as 'n02119789 1 kit_fox'");

  std::vector<std::string> names(truth.lines.size());  // of the lines' classes
  std::set<std::string> classes(known.begin(), known.end());
  for (const auto& [place, name] : numbered) classes.insert(name);
  const bool closed = !classes.empty();
  for (size_t i = 0; i < names.size(); ++i) {
    const Line& line = truth.lines[i];
    const std::string label(line.words[truth.named ? 1 : 0]);
    const std::optional<size_t> k = number(label);
    const auto place = numbers && k ? numbered.find(*k) : numbered.end();
    names[i] = place != numbered.end() ? place->second : label;
    CHECK(!closed || classes.contains(names[i]), truth.file.path, ", line ", line.number, ": the class '", label,
          "' is none of the ", classes.size(), " of ", list.path.empty() ? "the training pictures" : list.path);
    classes.insert(names[i]);
  }

  GroundTruth result;
  result.classes.assign(classes.begin(), classes.end());
  if (numeric == names.size() && !closed)  // 10 comes behind 9
    std::stable_sort(result.classes.begin(), result.classes.end(),
                     [](const auto& a, const auto& b) { return *number(a) < *number(b); });
  std::map<std::string_view, int> labels;
  for (size_t k = 0; k < result.classes.size(); ++k) labels[result.classes[k]] = static_cast<int>(k);
  for (const Line* line : match(truth, pictures))
    result.labels.push_back(labels.at(names[static_cast<size_t>(line - truth.lines.data())]));
  return result;
}

}  // namespace resnet
