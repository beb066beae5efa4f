// Building graphs: errors that name the place, shapes for a batch, uses, parameters and costs.
#include "resnet/graph.h"

#include <gtest/gtest.h>

#include "ops/add.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/linear.h"
#include "ops/pool.h"
#include "ops/relu.h"
#include "resnet/error.h"

namespace resnet {
namespace {

template <class T, class... A> std::shared_ptr<const Op> op(A... a) { return std::make_shared<T>(a...); }

Conv::Attributes conv3x3(int64_t out) {
  Conv::Attributes a;
  a.out = out;
  a.kernel = 3;
  a.pad = 1;
  return a;
}

/// input -> conv1 -> bn1 -> relu, added to conv1's output, then the head.
Graph small() {
  Graph g;
  const NodeId conv = g.add("conv1", op<Conv>(conv3x3(8)), {g.input(6, 5, 3)});
  const NodeId bn = g.add("bn1", op<BatchNorm>(BatchNorm::Attributes{}), {conv});
  const NodeId relu = g.add("relu", op<Relu>(), {bn});
  const NodeId sum = g.add("add", op<Add>(), {relu, conv});
  const NodeId pool = g.add("avgpool", op<AvgPool>(PoolAttributes{}), {sum});
  g.add("fc", op<Linear>(Linear::Attributes{10}), {pool});
  return g;
}

std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "(nothing was thrown)";
}

TEST(Graph, ShapesFollowTheBatch) {
  const Graph g = small();
  EXPECT_EQ(g.input_shape(), Shape({1, 6, 5, 3}));
  const std::vector<Shape> shapes = g.shapes(4);
  EXPECT_EQ(shapes[0], Shape({4, 6, 5, 3}));
  EXPECT_EQ(shapes[1], Shape({4, 6, 5, 8}));
  EXPECT_EQ(shapes[5], Shape({4, 1, 1, 8}));
  EXPECT_EQ(shapes[static_cast<size_t>(g.output())], Shape({4, 1, 1, 10}));
}

TEST(Graph, CountsUses) { EXPECT_EQ(small().uses(), (std::vector<int>{1, 2, 1, 1, 1, 1, 0})); }

TEST(Graph, NamesParametersAfterNodes) {
  std::vector<std::string> keys;
  for (const ParamSpec& p : small().params()) keys.push_back(p.suffix);
  EXPECT_EQ(keys, (std::vector<std::string>{"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                                            "bn1.running_var", "fc.weight", "fc.bias"}));
}

TEST(Graph, CostCountsOnePictureAndTrainableParameters) {
  const Cost cost = small().cost();
  EXPECT_EQ(cost.multiply_adds, 6 * 5 * 8 * 3 * 9 + 8 * 10);
  EXPECT_EQ(cost.parameters, 8 * 3 * 9 + 2 * 8 + 8 * 10 + 10);  // without the running statistics
}

TEST(Graph, RefusesARepeatedName) {
  Graph g;
  const NodeId x = g.add("relu", op<Relu>(), {g.input(4, 4, 3)});
  EXPECT_NE(message([&] { g.add("relu", op<Relu>(), {x}); }).find("'relu'"), std::string::npos);
}

TEST(Graph, RefusesANodeThatIsNotBefore) {
  for (const NodeId id : {-1, 1, 7}) {
    Graph g;
    g.input(4, 4, 3);
    Node node{"relu", op<Relu>(), {id}, {}};
    EXPECT_NE(message([&] { g.add(node); }).find("'relu'"), std::string::npos) << id;
  }
}

TEST(Graph, SaysWhichNodeDoesNotFit) {
  Graph g;
  const NodeId x = g.input(4, 4, 3);
  const NodeId y = g.add("conv1", op<Conv>(conv3x3(8)), {x});
  const std::string text = message([&] { g.add("layer1.0.add", op<Add>(), {x, y}); });
  EXPECT_NE(text.find("'layer1.0.add'"), std::string::npos) << text;
  EXPECT_NE(text.find("[1,4,4,3]"), std::string::npos) << text;
  EXPECT_EQ(g.nodes().size(), 2u) << "a refused node leaves the graph as it was";
  EXPECT_EQ(g.shapes(1).size(), 2u);
}

TEST(Graph, HasOneInputOfPositiveExtents) {
  Graph g;
  EXPECT_THROW(g.input(0, 4, 3), Error);
  EXPECT_THROW(g.input(4, 4, -3), Error);
  g.input(4, 4, 3);
  EXPECT_THROW(g.input(4, 4, 3), Error);
}

}  // namespace
}  // namespace resnet
