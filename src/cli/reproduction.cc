#include "cli/reproduction.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include "cli/text.h"
#include "core/check.h"
#include "io/atomic_file.h"
#include "train/expect.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

// "resnet56" before "resnet110".
bool before(const std::string& a, const std::string& b) {
  const auto digit = [](const std::string& text, size_t at) {
    return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
  };
  const auto number_at = [&](const std::string& text, size_t& at) {
    const size_t from = at;
    while (digit(text, at)) ++at;
    return text.substr(std::min(text.find_first_not_of('0', from), at), at - from);
  };
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (digit(a, i) && digit(b, j)) {
      const std::string x = number_at(a, i), y = number_at(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i, ++j;
    }
  }
  return a.size() < b.size();
}

// The runs of one recipe together.
struct Group {
  std::vector<const Reproduction*> runs;
  double mean = 0, spread = 0;
};

std::vector<Group> groups_of(const std::vector<Reproduction>& runs) {
  std::vector<Group> groups;
  for (const Reproduction& run : runs) {
    if (groups.empty() || groups.back().runs[0]->recipe != run.recipe) groups.emplace_back();
    groups.back().runs.push_back(&run);
  }
  for (Group& g : groups) {
    const auto n = static_cast<double>(g.runs.size());
    for (const Reproduction* run : g.runs) g.mean += run->ours / n;
    for (const Reproduction* run : g.runs) g.spread += (run->ours - g.mean) * (run->ours - g.mean);
    g.spread = n > 1 ? std::sqrt(g.spread / (n - 1)) : 0;
  }
  return groups;
}

std::string met(const Reproduction& run, double value) {
  switch (judge(run.expect, run.steps, value)) {
    case Verdict::reached:
      return "yes";
    case Verdict::missed:
      return "no";
    case Verdict::shortened:
      return "not judged: shortened";
    case Verdict::none:
      break;
  }
  return "";
}

std::string papers_value(const TrainConfig& c) {
  if (c.expect_metric.empty()) return "–";
  return fmt::format("{}{:.2f}", c.expect_bound == "at_least" ? "> " : "", c.expect_value);
}

std::string mean_cell(const Group& g) {
  if (g.runs.size() < 2) return "–";
  const std::string verdict = met(*g.runs[0], g.mean);
  return fmt::format("{:.2f} ± {:.2f}{}", g.mean, g.spread, verdict.empty() ? "" : ", met: " + verdict);
}

// "25 %: step 2,300"; empty where the recipe has no target.
std::string target_cell(const Reproduction& r) {
  if (r.expect.target_error == 0) return "";
  return fmt::format("{:.4g} %: {}", r.expect.target_error,
                     r.target_step ? "step " + grouped(*r.target_step) : "not in " + grouped(r.steps) + " steps");
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace

std::string Reproduction::folder() const { return fmt::format("{}-seed{}", recipe, seed); }

Json to_json(const Reproduction& r) {
  return {{"recipe", r.recipe},
          {"seed", r.seed},
          {"expect_metric", r.expect.expect_metric},
          {"expect_bound", r.expect.expect_bound},
          {"expect_value", r.expect.expect_value},
          {"expect_tolerance", r.expect.expect_tolerance},
          {"expect_steps", r.expect.expect_steps},
          {"expect_source", r.expect.expect_source},
          {"test_error", r.ours},
          {"met", met(r, r.ours)},
          {"steps", r.steps},
          {"target_error", r.expect.target_error},
          {"target_step", r.target_step ? Json(*r.target_step) : Json()},
          {"seconds", r.seconds},
          {"machine", r.machine},
          {"commit", r.commit}};
}

Reproduction parse_reproduction(const std::string& text, const std::string& path) {
  Reproduction r;
  try {
    const Json json = Json::parse(text);
    json.at("recipe").get_to(r.recipe);
    json.at("seed").get_to(r.seed);
    json.at("expect_metric").get_to(r.expect.expect_metric);
    json.at("expect_bound").get_to(r.expect.expect_bound);
    json.at("expect_value").get_to(r.expect.expect_value);
    json.at("expect_tolerance").get_to(r.expect.expect_tolerance);
    json.at("expect_steps").get_to(r.expect.expect_steps);
    json.at("expect_source").get_to(r.expect.expect_source);
    json.at("test_error").get_to(r.ours);
    json.at("steps").get_to(r.steps);
    json.at("target_error").get_to(r.expect.target_error);
    if (json.at("target_step").is_number()) r.target_step = json.at("target_step").get<int64_t>();
    json.at("seconds").get_to(r.seconds);
    json.at("machine").get_to(r.machine);
    json.at("commit").get_to(r.commit);
  } catch (const Json::exception& error) {
    throw Error(join(path, ": not the result of a run (", error.what(), "); delete it to evaluate the run anew"));
  }
  return r;
}

std::vector<Reproduction> finished_runs(const std::string& folder) {
  std::vector<Reproduction> runs;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (const fs::path file = entry.path() / "result.json"; fs::exists(file))
      runs.push_back(parse_reproduction(read_text_file(file.string()), file.string()));
  std::sort(runs.begin(), runs.end(), [](const Reproduction& a, const Reproduction& b) {
    return a.recipe == b.recipe ? a.seed < b.seed : before(a.recipe, b.recipe);
  });
  return runs;
}

std::string markdown_table(const std::vector<Reproduction>& runs) {
  const bool targets =
      std::any_of(runs.begin(), runs.end(), [](const Reproduction& r) { return r.expect.target_error > 0; });
  std::string text = fmt::format(
      "# Recipes and what they reached\n\nWritten by `resnet reproduce`. Test error after the last step in percent; "
      "spread is "
      "the sample standard deviation over the seeds.\nSettings and curve of a run are in the folder "
      "RECIPE-seedSEED.{}\n\n"
      "| recipe | seed | the paper's | ours | mean ± spread | met |{} time | machine | commit "
      "|\n|---|---|---|---|---|---|{}---|---|---|\n",
      targets ? " Training error fell below: mean of 100 steps." : "", targets ? " training error below |" : "",
      targets ? "---|" : "");
  for (const Group& group : groups_of(runs))
    for (const Reproduction* r : group.runs)
      text += fmt::format("| {} | {} | {} | {:.2f} | {} | {} |{} {} | {} | {} |\n", r->recipe, r->seed,
                          papers_value(r->expect), r->ours, r == group.runs[0] ? mean_cell(group) : "",
                          met(*r, r->ours), targets ? fmt::format(" {} |", target_cell(*r)) : "",
                          human_duration(r->seconds), r->machine, r->commit);
  return text;
}

std::string csv_table(const std::vector<Reproduction>& runs) {
  std::string text =
      "recipe,seed,metric,bound,paper,tolerance,ours,mean,spread,seeds,met,steps,target_error,target_step,seconds,"
      "machine,commit,source\n";
  for (const Group& group : groups_of(runs))
    for (const Reproduction* r : group.runs) {
      const TrainConfig& e = r->expect;
      const std::string paper =
          e.expect_metric.empty() ? ",," : fmt::format("{},{},{}", e.expect_bound, e.expect_value, e.expect_tolerance);
      const std::string target = fmt::format("{},{}", e.target_error > 0 ? fmt::format("{}", e.target_error) : "",
                                             r->target_step ? std::to_string(*r->target_step) : "");
      text += fmt::format("{},{},{},{},{:.6g},{:.6g},{:.6g},{},{},{},{},{:.0f},{},{},{}\n", quoted(r->recipe), r->seed,
                          e.expect_metric, paper, r->ours, group.mean, group.spread, group.runs.size(),
                          quoted(met(*r, r->ours)), r->steps, target, r->seconds, quoted(r->machine), quoted(r->commit),
                          quoted(e.expect_source));
    }
  return text;
}

}  // namespace resnet::cli
