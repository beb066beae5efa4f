// Reading what `resnet explain responses` writes.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "report/csv.h"
#include "report/figures.h"

namespace resnet {

namespace {

size_t column(const std::vector<std::string>& header, const std::string& name, const std::string& path) {
  const auto found = std::find(header.begin(), header.end(), name);
  CHECK(found != header.end(), path, ":1: the header has no column '", name,
        "'; a table with run,layer,index,std was expected");
  return static_cast<size_t>(found - header.begin());
}

}  // namespace

std::vector<Responses> parse_responses(const std::string& text, const std::string& path) {
  std::istringstream in(text);
  std::string line;
  CHECK(std::getline(in, line), path, " is empty; a table with run,layer,index,std was expected");
  const std::vector<std::string> header = split_csv(line);
  const size_t run = column(header, "run", path), index = column(header, "index", path),
               deviation = column(header, "std", path);
  std::vector<Responses> all;
  for (int64_t n = 2; std::getline(in, line); ++n) {
    if (line.empty() || line == "\r") continue;
    const std::string where = join(path, ":", n);
    const std::vector<std::string> fields = split_csv(line);
    CHECK(fields.size() == header.size(), where, ": ", fields.size(), " fields where the header has ", header.size());
    const auto value = csv_number<double>(fields[deviation], "std", where);
    CHECK(std::isfinite(value) && value >= 0, where, ": std is ", value, ", which no standard deviation can be");
    auto of_run = std::find_if(all.begin(), all.end(), [&](const Responses& r) { return r.run == fields[run]; });
    if (of_run == all.end()) of_run = all.insert(all.end(), Responses{fields[run], {}});
    of_run->layers.emplace_back(csv_number<int64_t>(fields[index], "index", where), value);
  }
  CHECK(!all.empty(), path, " has no rows");
  for (Responses& r : all) std::sort(r.layers.begin(), r.layers.end());
  return all;
}

std::vector<Responses> read_responses(const std::string& path) { return parse_responses(read_text(path), path); }

}  // namespace resnet
