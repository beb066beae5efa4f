#include "cli/plan_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cli/stage_table.h"
#include "report/bars.h"

namespace resnet::cli {

namespace {

constexpr size_t kMostBars = 40;

struct Group {
  std::string name;
  double forward = 0, backward = 0, least = 0;  // seconds
  double all() const { return forward + backward; }
};

// In order of their first step.
std::vector<Group> groups_of(const std::vector<StepInfo>& steps, const Roofline& roof,
                             const std::function<std::string(const StepInfo&)>& name_of) {
  std::vector<Group> groups;
  for (const StepInfo& s : steps) {
    const std::string name = name_of(s);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.name == name; });
    if (group == groups.end()) group = groups.insert(groups.end(), {name});
    group->forward += s.forward_seconds;
    group->backward += s.backward_seconds;
    group->least += least_seconds(roof, s);
  }
  return groups;
}

BarSection section_of(const std::string& heading, const std::vector<Group>& groups, bool train) {
  double all = 0;
  for (const Group& g : groups) all += g.all();
  BarSection section{heading, {}};
  for (const Group& g : groups) {
    Bar bar{g.name, {g.forward * 1e3}, g.least * 1e3, {}};
    if (train) bar.parts.push_back(g.backward * 1e3);
    bar.note = fmt::format("{:.3g} ms · {:.1f} % · {:.0f} % of roof", g.all() * 1e3, all > 0 ? 100 * g.all() / all : 0,
                           g.all() > 0 ? 100 * g.least / g.all() : 0);
    section.bars.push_back(std::move(bar));
  }
  return section;
}

// The finest division of few enough bars.
BarSection places(const std::vector<StepInfo>& steps, const Roofline& roof, bool train) {
  if (steps.size() <= kMostBars)
    return section_of("by step", groups_of(steps, roof, [](const StepInfo& s) { return s.name; }), train);
  const auto blocks = groups_of(steps, roof, [](const StepInfo& s) { return place_of(s.name).block; });
  if (blocks.size() <= kMostBars) return section_of("by block", blocks, train);
  return section_of("by stage", groups_of(steps, roof, [](const StepInfo& s) { return place_of(s.name).stage; }),
                    train);
}

}  // namespace

std::string plan_picture(const std::string& title, const std::vector<StepInfo>& steps, const Roofline& roof) {
  const bool train = std::any_of(steps.begin(), steps.end(), [](const StepInfo& s) { return s.backward_seconds > 0; });
  std::vector<Group> kinds = groups_of(steps, roof, [](const StepInfo& s) { return s.op; });
  std::stable_sort(kinds.begin(), kinds.end(), [](const Group& a, const Group& b) { return a.all() > b.all(); });
  BarChart chart;
  chart.title = title;
  chart.x_label = "time of a run (ms)";
  chart.part_labels = {"forward"};
  if (train) chart.part_labels.push_back("backward");
  chart.mark_label = "least time by the machine's roofline";
  chart.sections = {places(steps, roof, train), section_of("by kind of step", kinds, train)};
  return to_svg(chart);
}

}  // namespace resnet::cli
