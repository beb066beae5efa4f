// One network at work on made-up or real pictures, step by step: what `plan --profile` and `bench` measure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "resnet/data.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
class Sgd;
}

namespace resnet::cli {

struct WorkloadOptions {
  std::string model = "cifar-resnet20";
  CompileOptions compile;
  int64_t image_size = 0;  ///< 0: the model's default
  std::string freeze;      ///< the stages up to this one are not trained; empty: all are
  std::string data;        ///< empty: the same random pictures at every step, in memory
  int workers = -1;        ///< as in LoaderOptions
};

class Workload {
 public:
  /// With `other`, a workload of the same options, its weights are used, not copied (inference).
  explicit Workload(const WorkloadOptions& options, const Workload* other = nullptr);
  ~Workload();

  /// Takes a batch (from the loader, if there is one) and runs the network on it; in training also backward and SGD.
  void step();
  Plan& plan() { return *plan_; }
  const Plan& plan() const { return *plan_; }
  const Graph& graph() const { return graph_; }  ///< before the passes
  double wait_seconds() const;                   ///< in all, for the loader's workers
  double compile_seconds() const { return compile_seconds_; }

 private:
  void fill_random(Tensor& x) const;
  Tensor random_batch(const WorkloadOptions& options) const;
  void load();

  Graph graph_;
  StateDict params_;
  std::unique_ptr<Plan> plan_;
  std::unique_ptr<Sgd> sgd_;
  std::unique_ptr<Loader> loader_;
  Batch batch_;
  int64_t epoch_ = 0;
  double compile_seconds_ = 0;
};

}  // namespace resnet::cli
