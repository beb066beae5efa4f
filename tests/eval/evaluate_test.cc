#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "io/temp_folder.h"
#include "resnet/classifier.h"
#include "train/tiny.h"

namespace resnet {
namespace {

using testing::HasSubstr;

/// A few pictures with given labels and class names.
class FewPictures : public Dataset {
 public:
  FewPictures(std::shared_ptr<const Dataset> from, int64_t n, std::vector<std::string> classes)
      : from_(std::move(from)), n_(n), classes_(std::move(classes)) {}
  int64_t size() const override { return n_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  int label(int64_t i) const override {
    const std::string& name = from_->classes()[static_cast<size_t>(from_->label(i))];
    return static_cast<int>(std::find(classes_.begin(), classes_.end(), name) - classes_.begin());
  }
  Tensor image(int64_t i) const override { return from_->image(i); }
  std::string id(int64_t i) const override { return from_->id(i); }

 private:
  std::shared_ptr<const Dataset> from_;
  int64_t n_;
  std::vector<std::string> classes_;
};

struct Trained {
  DataSplits data = open_data(tiny_config().data, {.image_size = 8});
  Checkpoint checkpoint;
  EvalResult eval;
  Trained() {
    TrainConfig c = tiny_config();
    c.epochs = 12;
    TrainResult r = train(c);
    checkpoint = r.checkpoint;
    eval = r.eval;
  }
};

const Trained& trained() {
  static const Trained t;
  return t;
}

TEST(Evaluate, IsExactWhateverTheBatch) {
  for (const int64_t batch : {1, 7, 40, 256}) {
    const EvalResult r = evaluate(trained().checkpoint, trained().data.val, {.batch = batch, .workers = 1});
    EXPECT_EQ(r.samples, 40) << batch;
    EXPECT_EQ(r.top1, trained().eval.top1) << batch;
    EXPECT_NEAR(r.loss, trained().eval.loss, 1e-4) << batch;
    EXPECT_EQ(std::accumulate(r.confusion.begin(), r.confusion.end(), int64_t{0}), 40);
    EXPECT_EQ(r.top5, 100);  // of four classes
  }
}

TEST(Evaluate, ReportsProgress) {
  int64_t calls = 0;
  std::optional<EvalResult> last;
  evaluate(trained().checkpoint, trained().data.val, {.batch = 16, .workers = 0}, [&](const Progress& p) {
    ++calls;
    EXPECT_EQ(p.steps, 3);
    last = p.eval;
  });
  EXPECT_EQ(calls, 4);  // three batches and the result
  ASSERT_TRUE(last);
  EXPECT_EQ(last->samples, 40);
}

TEST(Evaluate, ClassesAreMatchedByName) {
  std::vector<std::string> reversed = trained().data.val->classes();
  std::reverse(reversed.begin(), reversed.end());
  const auto data = std::make_shared<FewPictures>(trained().data.val, 40, reversed);
  EXPECT_EQ(evaluate(trained().checkpoint, data).top1, trained().eval.top1);
}

TEST(Evaluate, OtherClassesOrNoPicturesAreErrors) {
  const auto other = std::make_shared<FewPictures>(trained().data.val, 4, std::vector<std::string>{"cat"});
  EXPECT_THAT(error_of([&] { evaluate(trained().checkpoint, other); }), HasSubstr("the class 'cat'"));
  const auto none = std::make_shared<FewPictures>(trained().data.val, 0, trained().data.val->classes());
  EXPECT_THAT(error_of([&] { evaluate(trained().checkpoint, none); }), HasSubstr("empty"));
}

TEST(Evaluate, WeightsOfAnotherModelAreNamed) {
  Checkpoint c = trained().checkpoint;
  c.model = "cifar-resnet14";
  EXPECT_THAT(error_of([&] { evaluate(c, trained().data.val); }), HasSubstr("'layer1.1.conv1.weight'"));
}

TEST(Evaluate, EveryProtocolCountsEveryPictureOnce) {
  const std::vector<TestProtocol> protocols = {{.crops = 10}, {.flip = true}, {.scales = {8}}};
  for (const TestProtocol& protocol : protocols) {
    std::vector<int64_t> seen;
    int64_t right = 0;
    EvalOptions options = {.batch = 7, .workers = 2, .protocol = protocol};
    options.on_picture = [&](const PictureScore& score) {
      seen.push_back(score.index);
      right += score.label == score.predicted;
      EXPECT_NEAR(std::accumulate(score.probabilities.begin(), score.probabilities.end(), 0.0), 1, 1e-6);
      EXPECT_EQ(score.label, trained().data.val->label(score.index));
    };
    const EvalResult r = evaluate(trained().checkpoint, trained().data.val, options);
    std::vector<int64_t> all(40);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(seen, all);
    EXPECT_EQ(r.samples, 40);
    EXPECT_NEAR(r.top1, 2.5 * static_cast<double>(right), 1e-9);
    EXPECT_GT(r.top1, 40);
  }
}

TEST(Evaluate, OneScaleOfTheNetsOwnSizeIsTheMirrorProtocol) {
  const EvalResult flip = evaluate(trained().checkpoint, trained().data.val, {.protocol = {.flip = true}});
  const EvalResult scale = evaluate(trained().checkpoint, trained().data.val, {.protocol = {.scales = {8}}});
  EXPECT_EQ(flip.loss, scale.loss);
}

TEST(Evaluate, AnEnsembleIsTheMeanOfItsNetworks) {
  Checkpoint other = trained().checkpoint;  // the same classes in another order, other scores
  std::swap(other.classes[0], other.classes[3]);
  for (const char* key : {"fc.weight", "fc.bias"}) {
    Tensor& t = other.weights[key] = other.weights.at(key).clone();
    const int64_t row = t.elements() / 4;
    std::swap_ranges(t.f32(), t.f32() + row, t.f32() + 3 * row);
    for (float& v : t.as<float>()) v *= 0.25f;
  }
  std::vector<std::vector<double>> scores(3);
  const auto run = [&](size_t into, const std::vector<Checkpoint>& checkpoints) {
    EvalOptions options;
    options.on_picture = [&](const PictureScore& score) {
      // By the first network's order: class 0 and 3 exchange where `other` is alone.
      for (size_t k = 0; k < 4; ++k) scores[into].push_back(score.probabilities[into == 1 && k % 3 == 0 ? 3 - k : k]);
    };
    return evaluate(checkpoints, trained().data.val, options);
  };
  run(0, {trained().checkpoint});
  run(1, {other});
  EXPECT_EQ(run(2, {trained().checkpoint, other}).samples, 40);
  ASSERT_EQ(scores[2].size(), 160u);
  for (size_t i = 0; i < 160; ++i) EXPECT_NEAR(scores[2][i], (scores[0][i] + scores[1][i]) / 2, 1e-6);
}

TEST(Evaluate, NetworksOfOtherClassesAreNoEnsemble) {
  Checkpoint other = trained().checkpoint;
  other.classes[1] = "cat";
  EXPECT_THAT(error_of([&] { evaluate({trained().checkpoint, other}, trained().data.val); }), HasSubstr("the class '"));
}

TEST(Classifier, TakesAProtocol) {
  const Tensor picture = trained().data.val->image(0);
  Classifier one(trained().checkpoint), ten(trained().checkpoint, DType::f32, {.crops = 10});
  EXPECT_NE(one.classify(picture)[0].probability, ten.classify(picture)[0].probability);
}

TEST(Classifier, AgreesWithEvaluation) {
  Classifier classifier(trained().checkpoint);
  int64_t right = 0;
  for (int64_t i = 0; i < 40; ++i) {
    const auto predictions = classifier.classify(trained().data.val->image(i), 3);
    ASSERT_EQ(predictions.size(), 3u);
    EXPECT_GE(predictions[0].probability, predictions[1].probability);
    EXPECT_EQ(predictions[0].name, trained().checkpoint.classes[static_cast<size_t>(predictions[0].index)]);
    right += predictions[0].index == trained().data.val->label(i);
  }
  EXPECT_NEAR(2.5 * static_cast<double>(right), trained().eval.top1, 1e-9);
}

TEST(Classifier, ProbabilitiesOfAllClassesAddUpToOne) {
  const TempFolder folder;
  save_checkpoint(folder / "c", trained().checkpoint);
  Classifier classifier(folder / "c");
  double sum = 0;
  for (const Prediction& p : classifier.classify(Tensor({20, 30, 3}, DType::u8), 99)) sum += p.probability;
  EXPECT_NEAR(sum, 1, 1e-5);
  EXPECT_THAT(error_of([&] { classifier.classify(Tensor({20, 30}, DType::u8)); }), HasSubstr("[H,W,3]"));
}

TEST(Classifier, DamagedWeightsAreNoProbabilities) {
  Checkpoint damaged = trained().checkpoint;
  damaged.weights["fc.bias"] = damaged.weights.at("fc.bias").clone();
  damaged.weights["fc.bias"].f32()[0] = std::numeric_limits<float>::quiet_NaN();
  Classifier classifier(damaged);
  EXPECT_THAT(error_of([&] { classifier.classify(Tensor({20, 30, 3}, DType::u8)); }), HasSubstr("not finite"));
  EXPECT_THAT(error_of([&] { evaluate(damaged, trained().data.val); }), HasSubstr("not finite"));
}

}  // namespace
}  // namespace resnet
