#include "report/csv.h"

#include <fstream>
#include <sstream>

namespace resnet {

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file.good(), "cannot read ", path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::vector<std::string> split_csv(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> fields;
  size_t from = 0;
  for (size_t comma = line.find(','); comma != std::string::npos; from = comma + 1, comma = line.find(',', from))
    fields.push_back(line.substr(from, comma - from));
  fields.push_back(line.substr(from));
  return fields;
}

}  // namespace resnet
