#include "resnet/plan.h"

#include <chrono>
#include <cstring>

#include "core/check.h"
#include "engine/compile.h"
#include "engine/depth_first.h"
#include "engine/step_info.h"
#include "ops/cpu/elementwise.h"
#include "ops/cpu/parallel_elements.h"

namespace resnet {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void add_in_place(void* to, const void* from, int64_t n, DType dtype) {
  const ElementwiseTable& e = elementwise();
  parallel_elements(n, [&](int64_t begin, int64_t count) {
    if (dtype == DType::f32) {
      auto* y = static_cast<float*>(to) + begin;
      e.add_f32(y, static_cast<const float*>(from) + begin, y, count);
    } else {
      auto* y = static_cast<uint16_t*>(to) + begin;
      e.add_bf16(y, static_cast<const uint16_t*>(from) + begin, y, count);
    }
  });
}

}  // namespace

struct Plan::Impl {
  CompileOptions options;
  Compiled c;
  Arena arena;
  Tensor input, labels, targets, output;
  RandomKey random;
  StateDict gradients;
  std::vector<KernelArgs> forward_args, repeat_args, backward_args;
  int64_t parameter_bytes = 0;
  bool bound = false, packed = false, frozen_packed = false, profiling = false;
  int64_t forward_calls = 0, backward_calls = 0;
  std::vector<double> forward_seconds, backward_seconds;
  using Observer = std::function<void(const std::string&, const Tensor&)>;
  Observer observer, gradient_observer;
  std::unique_ptr<DepthFirst> depth_first;  ///< computes instead of c's steps

  Impl(const Graph& graph, const CompileOptions& o) : options(o), c(compiled(graph, o)), arena(c.memory.bytes) {
    input = Tensor(c.shapes[0]);
    const NodeId last = c.graph.output() - (train() ? 1 : 0);
    const Shape& out = c.shapes[static_cast<size_t>(last)];
    CHECK(c.graph.node(last).op->output_dtype(options.dtype) == DType::f32, "the last node '", c.graph.node(last).name,
          "' writes ", options.dtype, ", but logits are f32: end the network with a linear layer");
    const Shape logits{out[0], out.elements() / out[0]};
    if (DepthFirst::fits(options)) {
      depth_first = std::make_unique<DepthFirst>(c.graph, options);
      output = Tensor(logits);
    } else {
      output = Tensor::view(at(c.logits), logits, DType::f32);
    }
    if (train()) {
      labels = Tensor({options.batch}, DType::i32);
      if (options.soft_labels) targets = Tensor(logits);
      make_gradients();
    }
    for (const Step& step : c.steps) make_args(step);
    profile(false);
  }

  // Depth-first inference compiles parts of the graph itself: c then has no steps.
  static Compiled compiled(const Graph& graph, const CompileOptions& options) {
    if (!DepthFirst::fits(options)) return compile(graph, options);
    check_options(options);
    Compiled c;
    c.graph = optimized_graph(graph, options);
    c.shapes = c.graph.shapes(options.batch);
    return c;
  }

  bool train() const { return options.mode == Mode::train; }
  void* at(int buffer) const { return buffer < 0 ? nullptr : arena.at(c.memory.offsets[static_cast<size_t>(buffer)]); }
  const Node& node(const Step& step) const { return c.graph.node(step.node); }

  void make_gradients() {
    for (const Step& step : c.steps) {
      auto* next = static_cast<std::byte*>(at(step.gradient.dw));
      if (next == nullptr) continue;
      const std::vector<ParamSpec> params = node(step).op->params(input_shapes(node(step), c.shapes));
      for (size_t i = 0; i < params.size(); ++i) {
        if (!params[i].trainable()) continue;
        gradients.emplace(node(step).params[i], Tensor::view(next, params[i].shape, DType::f32));
        next += gradient_bytes(params[i]);
      }
    }
  }

  KernelArgs args_of(const ForwardBuffers& b) const {
    KernelArgs a;
    for (size_t i = 0; i < 2; ++i) a.x[i] = at(b.x[i]);
    a.y = at(b.y);
    a.saved = at(b.saved);
    a.x_deferral = at(b.x_deferral);
    a.y_deferral = at(b.y_deferral);
    a.workspace = at(b.workspace);
    a.labels = train() ? labels.i32() : nullptr;
    a.targets = options.soft_labels ? targets.f32() : nullptr;
    a.random = &random;
    return a;
  }

  void make_args(const Step& step) {
    forward_args.push_back(args_of(step.forward));
    repeat_args.push_back(args_of(step.kept));
    KernelArgs b = args_of(step.kept);
    b.workspace = at(step.gradient.workspace);
    b.dy = at(step.gradient.dy);
    b.accumulate = step.gradient.accumulate;
    for (size_t i = 0; i < 2; ++i) b.dx[i] = at(step.gradient.dx[i]);
    for (const std::string& key : node(step).params) {
      const auto g = gradients.find(key);
      b.dw.push_back(g == gradients.end() ? nullptr : g->second.f32());
    }
    backward_args.push_back(std::move(b));
  }

  void bind(StateDict& params) {
    std::string wrong;
    parameter_bytes = 0;
    for (const ParamSpec& p : c.graph.params()) {
      const auto found = params.find(p.suffix);
      if (found == params.end())
        wrong += join(wrong.empty() ? " " : "; ", "missing: ", p.suffix, " ", p.shape);
      else if (!(found->second.shape() == p.shape))
        wrong +=
            join(wrong.empty() ? " " : "; ", p.suffix, ": ", found->second.shape(), " given, ", p.shape, " needed");
      else if (found->second.dtype() != p.dtype)
        wrong +=
            join(wrong.empty() ? " " : "; ", p.suffix, ": ", found->second.dtype(), " given, ", p.dtype, " needed");
      else
        parameter_bytes += static_cast<int64_t>(found->second.bytes());
    }
    CHECK(wrong.empty(), "the weights do not fit the network:", wrong);
    for (size_t s = 0; s < c.steps.size(); ++s) {
      std::vector<float*> w;
      for (const std::string& key : node(c.steps[s]).params) w.push_back(static_cast<float*>(params.at(key).raw()));
      forward_args[s].w = backward_args[s].w = w;
      if (c.steps[s].repeated) repeat_args[s].w = without_statistics(c.steps[s], std::move(w));
    }
    if (depth_first) depth_first->bind(params);
    bound = true;
    packed = frozen_packed = false;
  }

  std::vector<float*> without_statistics(const Step& step, std::vector<float*> w) const {
    const std::vector<ParamSpec> specs = node(step).op->params(step.kernel->spec().x);
    for (size_t i = 0; i < w.size(); ++i)
      if (specs[i].kind == ParamKind::running_mean || specs[i].kind == ParamKind::running_var) w[i] = nullptr;
    return w;
  }

  void pack() {
    CHECK(bound, "a plan runs after bind(): it has no weights yet");
    for (size_t s = 0; s < c.steps.size(); ++s)
      if (!frozen_packed || !node(c.steps[s]).frozen) c.steps[s].kernel->pack(forward_args[s].w);
    if (depth_first) depth_first->pack();
    packed = frozen_packed = true;
  }

  void convert_input() {
    const int64_t n = input.elements();
    if (c.dtypes[0] == DType::f32) {
      std::memcpy(at(c.input), input.f32(), input.bytes());
      return;
    }
    auto* y = static_cast<uint16_t*>(at(c.input));
    parallel_elements(
        n, [&](int64_t begin, int64_t count) { elementwise().f32_to_bf16(input.f32() + begin, y + begin, count); });
  }

  void forward() {
    if (!packed) pack();
    ++forward_calls;
    if (depth_first) {
      if (observer) observer(c.graph.node(0).name, input);
      return depth_first->run(input.f32(), output.f32());
    }
    convert_input();
    if (observer) show(observer, 0, c.input);
    for (size_t s = 0; s < c.steps.size(); ++s) {
      const Clock::time_point start = profiling ? Clock::now() : Clock::time_point{};
      c.steps[s].kernel->forward(forward_args[s]);
      if (profiling) forward_seconds[s] += seconds_since(start);
      if (observer) show(observer, c.steps[s].node, c.steps[s].forward.y);
    }
  }

  void show(const Observer& to, NodeId id, int buffer) const {
    const auto i = static_cast<size_t>(id);
    to(c.graph.node(id).name, Tensor::view(at(buffer), c.shapes[i], c.dtypes[i]));
  }

  void backward() {
    CHECK(train(), "backward() needs a plan compiled for training");
    ++backward_calls;
    for (size_t s = c.steps.size(); s-- > 0;) {
      const Step& step = c.steps[s];
      if (step.repeat_from > 0) repeat(static_cast<size_t>(step.repeat_from) - 1, s);
      if (!step.backward) continue;
      if (gradient_observer && step.gradient.dy >= 0) show(gradient_observer, step.node, step.gradient.dy);
      const Clock::time_point start = profiling ? Clock::now() : Clock::time_point{};
      step.kernel->backward(backward_args[s]);
      for (size_t i = 0; i < 2; ++i) {
        if (step.gradient.add_to[i] < 0) continue;
        const auto input_node = static_cast<size_t>(node(step).inputs[i]);
        add_in_place(at(step.gradient.add_to[i]), at(step.gradient.dx[i]), c.shapes[input_node].elements(),
                     c.dtypes[input_node]);
      }
      if (profiling) backward_seconds[s] += seconds_since(start);
    }
  }

  // Forward of steps [begin, end) once more, for their backward.
  void repeat(size_t begin, size_t end) {
    for (size_t s = begin; s < end; ++s) {
      if (!c.steps[s].repeated) continue;
      const Clock::time_point start = profiling ? Clock::now() : Clock::time_point{};
      c.steps[s].kernel->forward(repeat_args[s]);
      if (profiling) backward_seconds[s] += seconds_since(start);
    }
  }

  void profile(bool on) {
    profiling = on;
    if (depth_first) depth_first->profile(on);
    forward_calls = backward_calls = 0;
    forward_seconds.assign(c.steps.size(), 0.0);
    backward_seconds.assign(c.steps.size(), 0.0);
  }

  std::vector<StepInfo> infos() const {
    std::vector<StepInfo> all;
    for (size_t s = 0; s < c.steps.size(); ++s) {
      all.push_back(step_info(c, c.steps[s], train()));
      if (forward_calls) all.back().forward_seconds = forward_seconds[s] / static_cast<double>(forward_calls);
      if (backward_calls) all.back().backward_seconds = backward_seconds[s] / static_cast<double>(backward_calls);
    }
    if (!depth_first) return all;
    for (const DepthFirst::StepView& view : depth_first->steps()) {
      all.push_back(step_info(view.compiled, view.step, false));
      all.back().multiply_adds *= view.times;
      all.back().forward_bytes *= view.times;
      all.back().forward_seconds = view.seconds;
    }
    return all;
  }
};

Plan::Plan(const Graph& graph, const CompileOptions& options) : impl_(std::make_unique<Impl>(graph, options)) {}
Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

void Plan::bind(StateDict& params) { impl_->bind(params); }
void Plan::params_changed() { impl_->packed = false; }
Tensor& Plan::input() { return impl_->input; }
Tensor& Plan::labels() { return impl_->labels; }
Tensor& Plan::targets() {
  CHECK(impl_->options.soft_labels, "targets() needs a plan compiled with soft_labels");
  return impl_->targets;
}
void Plan::set_random(uint64_t seed, uint64_t step) { impl_->random = {seed, step}; }
void Plan::forward() { impl_->forward(); }
void Plan::backward() { impl_->backward(); }
const Tensor& Plan::output() const { return impl_->output; }
const StateDict& Plan::gradients() const { return impl_->gradients; }
const CompileOptions& Plan::options() const { return impl_->options; }
const Graph& Plan::graph() const { return impl_->c.graph; }
const std::map<std::string, std::string>& Plan::choices() const { return impl_->c.choices; }
void Plan::profile(bool on) { impl_->profile(on); }
void Plan::observe(std::function<void(const std::string&, const Tensor&)> observer) {
  if (impl_->depth_first) impl_->depth_first->observe(observer);
  impl_->observer = std::move(observer);
}

void Plan::observe_gradients(std::function<void(const std::string&, const Tensor&)> observer) {
  impl_->gradient_observer = std::move(observer);
}

float Plan::loss() const {
  CHECK(impl_->train(), "loss() needs a plan compiled for training");
  return *static_cast<const float*>(impl_->at(impl_->c.steps.back().forward.y));
}

std::vector<StepInfo> Plan::steps() const { return impl_->infos(); }

PlanMemory Plan::memory() const {
  PlanMemory m;
  m.arena_bytes = static_cast<int64_t>(impl_->c.memory.bytes);
  m.arena_bytes_no_reuse = static_cast<int64_t>(impl_->c.memory.bytes_no_reuse);
  if (impl_->depth_first) {
    m.arena_bytes = impl_->depth_first->arena_bytes();
    m.arena_bytes_no_reuse = impl_->depth_first->arena_bytes_no_reuse();
  }
  m.parameter_bytes = impl_->parameter_bytes;
  for (const auto& [key, g] : impl_->gradients) m.gradient_bytes += static_cast<int64_t>(g.bytes());
  for (const Step& step : impl_->c.steps) m.parts += step.repeat_from > 0 ? 1 : 0;
  return m;
}

}  // namespace resnet
