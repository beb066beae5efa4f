// Which runs make which figure of the paper, and the table of responses.
#include "report/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"

namespace resnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RunHistory run_of(const std::string& model, std::vector<double> test_errors, const std::string& data = "cifar") {
  RunHistory run;
  run.settings = {
      {"model.name", "\"" + model + "\""}, {"data.path", "\"" + data + "\""}, {"train.target_error", "25.0"}};
  for (size_t i = 0; i < test_errors.size(); ++i) {
    MetricsRow row;
    row.step = 10 * static_cast<int64_t>(i + 1);
    row.test_error = test_errors[i];
    row.train_error = test_errors[i] + 1;
    run.rows.push_back(row);
  }
  return run;
}

std::vector<std::string> files_of(const std::vector<RunHistory>& runs) {
  std::vector<std::string> files;
  for (const Figure& f : paper_figures(runs, {})) files.push_back(f.file);
  return files;
}

TEST(PaperFigures, DependOnWhatRan) {
  const RunHistory plain20 = run_of("cifar-plain20", {9}), plain56 = run_of("cifar-plain56", {13}),
                   resnet20 = run_of("cifar-resnet20", {8});
  EXPECT_THAT(files_of({resnet20}), IsEmpty());
  EXPECT_THAT(files_of({resnet20, run_of("cifar-resnet56", {8}, "synthetic:")}), IsEmpty());
  EXPECT_THAT(files_of({resnet20, run_of("cifar-resnet20-b", {8}), run_of("cifar-resnet56", {})}), IsEmpty());
  EXPECT_THAT(files_of({plain20, resnet20}), ElementsAre("figure6-plain", "figure6-residual"));
  EXPECT_THAT(files_of({plain56, plain20}), ElementsAre("figure1", "figure6-plain", "figure6-residual"));
  EXPECT_THAT(files_of({run_of("cifar-convnet", {9}), run_of("cifar-convnet-tanh", {9})}), ElementsAre("relu-tanh"));
}

TEST(PaperFigures, DepthsAreInOrderAndSeedsAreAveraged) {
  const auto figures = paper_figures({run_of("cifar-plain56", {20, 13}), run_of("cifar-plain20", {10, 8}),
                                      run_of("cifar-plain20", {12, 10}), run_of("cifar-plain20", {90})},
                                     {});
  const std::vector<Series>& series = figures.at(0).chart.series;
  ASSERT_EQ(series.size(), 4u);
  EXPECT_EQ(series[0].label, "plain-20 (mean of 2), test");
  EXPECT_THAT(series[0].points, ElementsAre(std::pair(10.0, 11.0), std::pair(20.0, 9.0)));
  EXPECT_EQ(series[1].label, "plain-20 (mean of 2), training");
  EXPECT_EQ(series[2].label, "plain-56, test");
}

TEST(PaperFigures, UnitsHaveTheirTarget) {
  const auto figures = paper_figures({run_of("cifar-convnet-tanh", {40}), run_of("cifar-convnet", {30})}, {});
  ASSERT_TRUE(figures.at(0).chart.level.has_value());
  EXPECT_EQ(figures[0].chart.level->y, 25);
  EXPECT_EQ(figures[0].chart.series[0].label, "ReLU");
}

TEST(Responses, AreSortedByIndexAndBySize) {
  const auto all =
      parse_responses("run,layer,index,std\nplain-20,conv2,2,0.5\nplain-20,conv1,1,0.25\nb,conv1,1,1\n", "r");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(all[0].layers, ElementsAre(std::pair(1, 0.25), std::pair(2, 0.5)));
  const auto figures = paper_figures({}, all);
  ASSERT_EQ(figures.size(), 2u);
  EXPECT_EQ(figures[0].file, "figure7");
  EXPECT_THAT(figures[1].chart.series[0].points, ElementsAre(std::pair(1.0, 0.5), std::pair(2.0, 0.25)));
}

TEST(Responses, DamageIsNamedWithItsLine) {
  const auto error = [](const std::string& text) { return error_of([&] { parse_responses(text, "r.csv"); }); };
  EXPECT_THAT(error(""), HasSubstr("r.csv is empty"));
  EXPECT_THAT(error("run,index\n"), HasSubstr("r.csv:1: the header has no column 'std'"));
  EXPECT_THAT(error("run,layer,index,std\n"), HasSubstr("no rows"));
  EXPECT_THAT(error("run,layer,index,std\na,b,1\n"), HasSubstr("r.csv:2: 3 fields"));
  EXPECT_THAT(error("run,layer,index,std\na,b,one,1\n"), HasSubstr("index is 'one'"));
  EXPECT_THAT(error("run,layer,index,std\na,b,1,nan\n"), HasSubstr("r.csv:2: std is nan"));
}

}  // namespace
}  // namespace resnet
