// The report of one or several runs as one HTML page: no scripts, no other files, nothing from the network.
#pragma once

#include <string>
#include <vector>

#include "report/figures.h"
#include "report/history.h"

namespace resnet {

/// Curves, the paper's figures, a table of results, and the settings, with those that differ between runs first.
std::string report_page(const std::vector<RunHistory>& runs, const std::vector<Responses>& responses = {});

/// The last value of a column that was measured, or nothing.
std::optional<double> last_value(const RunHistory& run, std::optional<double> MetricsRow::*column);
/// The row with the lowest test error, or null.
const MetricsRow* best_row(const RunHistory& run);

}  // namespace resnet
