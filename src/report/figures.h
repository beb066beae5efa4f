// The figures of the paper that runs give: 1 (degradation of plain networks), 6 (CIFAR-10 by depth) and 7 (responses of
// layers), and the comparison of ReLU with tanh of Krizhevsky et al. 2012, figure 1.
#pragma once

#include <string>
#include <vector>

#include "report/chart.h"
#include "report/history.h"

namespace resnet {

/// Standard deviations of the responses of one network's layers, in order.
struct Responses {
  std::string run;
  std::vector<std::pair<int64_t, double>> layers;  ///< index, from 1; standard deviation
};

/// A table with the columns run, layer, index and std, as `resnet explain responses` writes it. Throws Error naming file and
/// line.
std::vector<Responses> parse_responses(const std::string& text, const std::string& path);
std::vector<Responses> read_responses(const std::string& path);

struct Figure {
  std::string file;  ///< "figure1": without its ending
  Chart chart;
};

/// Those for which the runs are there; runs on synthetic data give none. Of a network the longest runs are drawn, as their mean.
std::vector<Figure> paper_figures(const std::vector<RunHistory>& runs, const std::vector<Responses>& responses);
/// Error, loss, learning rate and speed of every run.
std::vector<Figure> run_figures(const std::vector<RunHistory>& runs);

}  // namespace resnet
