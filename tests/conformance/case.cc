#include "conformance/case.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "core/check.h"

namespace resnet::conformance {

namespace {

std::map<std::string, ParseCase>& parsers() {
  static std::map<std::string, ParseCase> all;
  return all;
}

uint64_t fnv1a(const std::string& text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

Case parse_case(const Line& line, uint64_t seed) {
  const auto parser = parsers().find(line.kind());
  CHECK(parser != parsers().end(), line.place(), ": no op is called '", line.kind(), "'");
  Case c = parser->second(line);
  c.name = line.text("name", "");
  c.seed = seed;
  c.line = std::make_shared<Line>(line);
  if (line.flag("infer")) c.train = false;
  if (line.flag("no_dx")) c.need_dx = {false, false};
  if (line.flag("int8")) c.int8 = true;
  if (c.int8) c.train = false;
  line.check_all_used();
  try {
    c.op->infer(c.x);
  } catch (const Error& e) {
    throw Error(join(line.place(), ": ", e.what()));
  }
  return c;
}

}  // namespace

RegisterCase::RegisterCase(std::string kind, ParseCase parse) { parsers().emplace(std::move(kind), std::move(parse)); }

KernelSpec Case::spec(DType dtype) const {
  KernelSpec s;
  s.op = op.get();
  s.x = x;
  s.y = op->infer(x);
  s.dtype = dtype;
  s.train = train;
  for (size_t i = 0; i < x.size(); ++i) s.need_dx[i] = train && need_dx[i];
  return s;
}

std::string Case::title() const {
  std::string s = join(op->kind(), name.empty() ? "" : " ", name, " ", x[0]);
  const std::string attributes = op->describe();
  return attributes.empty() ? s : s + " " + attributes;
}

std::vector<Case> load_cases(const std::vector<std::string>& files, const std::string& only_op) {
  std::vector<Case> cases;
  for (const std::string& path : files) {
    std::ifstream file(path);
    CHECK(file, path, ": cannot be read; --shapes takes a file of cases such as bench/shapes_cifar.txt");
    int number = 0;
    for (std::string text; std::getline(file, text);) {
      ++number;
      text = text.substr(0, text.find('#'));
      const Line line(text, join(path, ":", number));
      const bool wanted = !line.kind().empty() && (only_op.empty() || line.kind() == only_op);
      if (wanted) cases.push_back(parse_case(line, fnv1a(text)));
    }
  }
  CHECK(!cases.empty(), "no case", only_op.empty() ? "" : " of op ", only_op, " in the shapes files");
  return cases;
}

Case reduced(const Case& c, double multiply_adds) {
  constexpr int64_t kLowest = 8;
  const double work = static_cast<double>(c.op->multiply_adds(c.x)) + 256.0 * static_cast<double>(c.x[0].elements());
  Shape x = c.x[0];
  if (work <= multiply_adds) return c;
  if (x[0] > c.min_batch)
    x[0] = std::max(c.min_batch, x[0] / 2);
  else if (x[1] > kLowest)
    x[1] = std::max(kLowest, x[1] / 2);
  else
    return c;
  return reduced(parse_case(c.line->with("x", x), c.seed), multiply_adds);
}

}  // namespace resnet::conformance
