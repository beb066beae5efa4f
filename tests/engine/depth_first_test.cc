#include "engine/depth_first.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "core/parallel.h"
#include "core/rng.h"
#include "engine/cut.h"
#include "eval/quantize.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

class DepthFirstTest : public ::testing::Test {
 protected:
  DepthFirstTest() { set_threads(2); }
  ~DepthFirstTest() override { set_threads(0); }
};

Tensor random_batch(const Graph& graph, int64_t n) {
  Shape shape = graph.input_shape();
  shape[0] = n;
  Tensor x(shape);
  Rng rng(7);
  for (float& v : x.as<float>()) v = rng.normal();
  return x;
}

void fill(Plan& plan, const float* x) { std::copy_n(x, plan.input().elements(), plan.input().f32()); }

// A small network in bf16 on random pictures.
struct Small {
  explicit Small(int64_t batch) : plan(graph, {.batch = batch, .dtype = DType::bf16}) {
    plan.bind(weights);
    fill(plan, random_batch(graph, batch).f32());
  }
  std::vector<float> answer() {
    plan.forward();
    return {plan.output().f32(), plan.output().f32() + plan.output().elements()};
  }

  Graph graph = make_model("cifar-resnet8");
  StateDict weights = init_params(graph);
  Plan plan;
};

TEST(Cut, OnlyWhereASingleValuePasses) {
  const Graph graph = fused_graph(make_model("cifar-resnet8-b"));
  std::string names;
  for (const NodeId id : cut_points(graph)) names += graph.node(id).name + " ";
  // Within a block two values are alive: the branch and the shortcut.
  EXPECT_EQ(names, "conv1 layer1.0.conv2 layer2.0.conv2 layer3.0.conv2 avgpool ");
}

TEST(Cut, HeadAndTailAreTheWhole) {
  const Graph graph = fused_graph(make_model("resnet50"));
  for (const NodeId cut : cut_points(graph)) {
    const Graph head = head_of(graph, cut), tail = tail_of(graph, cut);
    EXPECT_EQ(head.cost().multiply_adds + tail.cost().multiply_adds, graph.cost().multiply_adds);
    EXPECT_EQ(head.nodes().size() + tail.nodes().size(), graph.nodes().size() + 1);
    EXPECT_EQ(head.shapes(3).back(), tail.shapes(3).front());
    EXPECT_EQ(tail.shapes(3).back(), graph.shapes(3).back());
  }
}

// 16 pictures on two threads: segments of one, two, four and eight at a time.
TEST_F(DepthFirstTest, ABatchAnswersAsItsPictures) {
  const Graph graph = make_model("resnet18", {.classes = 10, .image_size = 64});
  StateDict weights = init_params(graph);
  const Tensor x = random_batch(graph, 16);
  StateDict int8 = quantize(graph, weights, {x}, "max").weights;
  for (const DType dtype : {DType::u8, DType::bf16}) {
    StateDict& params = dtype == DType::u8 ? int8 : weights;
    Plan all(graph, {.batch = 16, .dtype = dtype}), one(graph, {.batch = 1, .dtype = dtype});
    all.bind(params);
    one.bind(params);
    fill(all, x.f32());
    for (int run = 0; run < 2; ++run) {
      all.forward();
      for (int64_t n = 0; n < 16; ++n) {
        fill(one, x.f32() + n * one.input().elements());
        one.forward();
        for (int64_t k = 0; k < 10; ++k) {
          const float expected = one.output().f32()[k], tolerance = dtype == DType::u8 ? 1e-5f : 0.03f;
          EXPECT_NEAR(all.output().f32()[n * 10 + k], expected, tolerance * (1 + std::abs(expected)))
              << n << " " << dtype;
        }
      }
    }
  }
}

// Where one thread alone runs, it takes the other's share too, and the answers are the same bits.
TEST_F(DepthFirstTest, AThreadTakesFromTheOthers) {
  Small small(16);
  const std::vector<float> shared = small.answer();
  std::fill_n(small.plan.output().f32(), small.plan.output().elements(), 0.0f);
  const ThreadShare alone(1);
  EXPECT_EQ(shared, small.answer());
}

TEST_F(DepthFirstTest, NewWeightsAreTaken) {
  Small small(2);
  const float before = small.answer()[0];
  small.weights.at("fc.bias").f32()[0] += 3;
  small.weights.at("conv1.weight").f32()[0] += 1;
  small.plan.params_changed();
  const float after = small.answer()[0];
  EXPECT_NE(after, before);
  EXPECT_NE(after, before + 3);
}

TEST_F(DepthFirstTest, StepsCountTheWholeBatch) {
  const Graph graph = make_model("resnet18");
  Plan plan(graph, {.batch = 16, .dtype = DType::bf16});
  int64_t multiply_adds = 0;
  for (const StepInfo& s : plan.steps()) multiply_adds += s.multiply_adds;
  EXPECT_EQ(multiply_adds, 16 * graph.cost().multiply_adds);
  EXPECT_LT(plan.memory().arena_bytes, plan.memory().arena_bytes_no_reuse);
}

TEST_F(DepthFirstTest, AnObserverSeesEveryPicture) {
  Small small(8);
  Plan& plan = small.plan;
  std::map<std::string, int64_t> pictures;
  plan.observe([&](const std::string& name, const Tensor& y) { pictures[name] += y.shape()[0]; });
  plan.forward();
  EXPECT_EQ(pictures.size(), plan.graph().nodes().size());
  for (const auto& [name, n] : pictures) EXPECT_EQ(n, 8) << name;
}

TEST_F(DepthFirstTest, OneThreadWithinAThread) {
  EXPECT_EQ(threads(), 2);
  {
    const ThreadShare alone(1);
    EXPECT_EQ(threads(), 1);
    int calls = 0;
    parallel_for(10, [&](int64_t begin, int64_t end, int) { calls += static_cast<int>(end - begin == 10); });
    EXPECT_EQ(calls, 1);
  }
  EXPECT_EQ(threads(), 2);
}

}  // namespace
}  // namespace resnet
