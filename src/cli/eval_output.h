// What `resnet eval` found, as tables, JSON and CSV files.
#pragma once

#include <string>

#include "cli/output.h"
#include "resnet/eval.h"

namespace resnet::cli {

/// Accuracies, the confusion matrix, and all classes one by one where there are few of them or `per_class` is set.
void show_result(const EvalResult& result, bool per_class, const Output& out);
Json to_json(const EvalResult& result);
/// The matrix as CSV: a row a true class, a column a predicted one.
std::string confusion_csv(const EvalResult& result);

/// The predictions of a run, a line a picture.
class PredictionsCsv {
 public:
  PredictionsCsv(const Dataset& data, const std::vector<std::string>& classes) : data_(data), classes_(classes) {}
  void add(const PictureScore& score);
  const std::string& text() const { return text_; }

 private:
  const Dataset& data_;
  const std::vector<std::string>& classes_;
  std::string text_ = "picture,label,predicted,probability,top5\n";
};

}  // namespace resnet::cli
