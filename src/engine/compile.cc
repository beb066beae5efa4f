#include "engine/compile.h"

#include <algorithm>

#include "core/check.h"
#include "engine/buffers.h"
#include "engine/checkpointing.h"
#include "engine/passes/pass.h"
#include "ops/softmax_cross_entropy.h"

namespace resnet {

namespace {

// Whether each node takes part in the backward pass: it, or one that it depends on, has parameters that are trained.
std::vector<bool> with_gradient(const Graph& graph, const CompileOptions& options) {
  std::vector<bool> with(graph.nodes().size(), false);
  if (options.mode != Mode::train) return with;
  for (size_t id = 1; id < with.size(); ++id) {
    const Node& node = graph.nodes()[id];
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](NodeId input) { return with[static_cast<size_t>(input)]; });
    with[id] = !node.frozen && (reads || !node.params.empty());
  }
  return with;
}

KernelSpec spec_of(const Op& op, const Graph& graph, NodeId id, const std::vector<Shape>& shapes,
                   const std::vector<bool>& gradient, const CompileOptions& options) {
  const Node& node = graph.node(id);
  KernelSpec spec;
  spec.op = &op;
  spec.x = input_shapes(node, shapes);
  spec.y = shapes[static_cast<size_t>(id)];
  spec.dtype = options.dtype;
  spec.train = options.mode == Mode::train && !node.frozen;
  spec.direct_conv = options.conv == "direct";
  for (size_t i = 0; i < node.inputs.size(); ++i)
    spec.need_dx[i] = spec.train && gradient[static_cast<size_t>(node.inputs[i])];
  return spec;
}

// Training: convolutions with batch norm become one step where a kernel computes them so.
Graph fold_where_computed(const Graph& graph, const CompileOptions& options) {
  const std::vector<Shape> shapes = graph.shapes(options.batch);
  const std::vector<bool> gradient = with_gradient(graph, options);
  return fold_batch_norm(graph, [&](const Conv& folded, NodeId id) {
    if (graph.node(id).frozen) return true;  // as in inference
    const KernelSpec spec = spec_of(folded, graph, id, shapes, gradient, options);
    for (const KernelEntry* e : kernels_of("conv", options.backend))
      if (e->reject(spec).empty()) return true;
    return false;
  });
}

class Compiler {
 public:
  Compiler(const Graph& graph, const CompileOptions& options, DType input, const Compiled* like)
      : options_(options), like_(like) {
    if (options.tune) choices_ = std::make_unique<Choices>(options.choices);
    c_.graph = graph;
    gradient_ = with_gradient(graph, options);
    c_.shapes = c_.graph.shapes(options.batch);
    c_.dtypes.assign(c_.graph.nodes().size(), options.dtype);
    c_.dtypes[0] = input;
  }

  Compiled run() {
    choose_kernels();
    if (choices_) {
      choices_->save();
      c_.choices = choices_->used();
    }
    if (train() && options_.fuse) {
      defer_normalisations();
      delegate_sums();
    }
    if (train())
      place_training_buffers(c_, options_);
    else
      place_buffers(c_, false);
    return std::move(c_);
  }

 private:
  bool train() const { return options_.mode == Mode::train; }
  bool has_gradient(NodeId id) const { return gradient_[static_cast<size_t>(id)]; }

  Step& step_of(NodeId id) { return c_.steps[static_cast<size_t>(id) - 1]; }

  // The step of `like` whose kernel this one may use too, or null.
  const Step* twin_of(NodeId id) const {
    if (like_ == nullptr) return nullptr;
    const Step& twin = like_->steps[static_cast<size_t>(id) - 1];
    return twin.kernel->needs().reentrant ? &twin : nullptr;
  }

  void choose_kernels() {
    for (NodeId id = 1; id < static_cast<NodeId>(c_.graph.nodes().size()); ++id) {
      const Node& node = c_.graph.node(id);
      CHECK(node.inputs.size() <= 2, "node '", node.name, "' has ", node.inputs.size(),
            " inputs; at most two are supported");
      KernelSpec spec = spec_of(*node.op, c_.graph, id, c_.shapes, gradient_, options_);
      spec.choices = choices_.get();
      c_.dtypes[static_cast<size_t>(id)] = node.op->output_dtype(options_.dtype);
      Step step;
      step.node = id;
      step.backward = has_gradient(id);
      if (const Step* twin = twin_of(id)) {
        step.kernel = twin->kernel;
        step.why = twin->why;
        c_.steps.push_back(std::move(step));
        continue;
      }
      try {
        KernelChoice choice = choose_kernel(spec, options_.backend);
        step.kernel = std::move(choice.kernel);
        step.why = std::move(choice.rejected);
        if (step.why.empty()) step.why = step.kernel->why();
      } catch (const Error& e) {
        throw Error(join("node '", node.name, "': ", e.what()));
      }
      c_.steps.push_back(std::move(step));
    }
  }

  // Batch norms with one reader that applies them as it reads.
  void defer_normalisations() {
    for (Step& step : c_.steps) {
      const NodeId reader = step.kernel->needs().may_defer ? only_reader(c_.graph, step.node) : -1;
      if (reader < 0 || c_.graph.node(reader).inputs[0] != step.node) continue;
      Step& next = step_of(reader);
      if (!next.kernel->needs().takes_deferred) continue;
      step.kernel->defer_output();
      next.kernel->take_deferred_input();
      step.deferred = true;
    }
  }

  // Where the first reader, which is the last to add to the gradient, can do the next batch norm's sums.
  void delegate_sums() {
    for (Step& step : c_.steps) {
      if (!step.kernel->needs().may_delegate) continue;
      const auto reads = [&](const Step& s) {
        const std::vector<NodeId>& in = c_.graph.node(s.node).inputs;
        return std::count(in.begin(), in.end(), step.node);
      };
      const auto reader = std::find_if(c_.steps.begin() + step.node, c_.steps.end(), reads);
      if (reader == c_.steps.end() || reads(*reader) != 1 || c_.graph.node(reader->node).inputs[0] != step.node)
        continue;
      if (!reader->kernel->needs().takes_delegated) continue;
      step.kernel->delegate_sums();
      reader->kernel->take_delegated_sums();
      reader->delegator = step.node;
    }
  }

  CompileOptions options_;
  const Compiled* like_;
  std::unique_ptr<Choices> choices_;
  Compiled c_;
  std::vector<bool> gradient_;  // with_gradient()
};

}  // namespace

size_t value_bytes(const Compiled& c, NodeId id) {
  const auto i = static_cast<size_t>(id);
  return static_cast<size_t>(c.shapes[i].elements()) * size_of(c.dtypes[i]);
}

size_t gradient_bytes(const ParamSpec& p) {
  return p.trainable() ? (static_cast<size_t>(p.shape.elements()) * sizeof(float) + 63) / 64 * 64 : 0;
}

int64_t training_bytes(const Compiled& c) {
  return static_cast<int64_t>(c.memory.bytes) + 2 * c.graph.cost().parameters * static_cast<int64_t>(sizeof(float));
}

Graph fused_graph(const Graph& graph) { return fuse_conv_add_relu(fold_batch_norm(graph)); }

Graph int8_graph(const Graph& graph) { return quantize(fused_graph(graph)); }

Graph optimized_graph(Graph graph, const CompileOptions& options) {
  if (options.mode == Mode::train) {
    if (options.fuse) graph = fuse_batch_norm_add_relu(fuse_conv_add_relu(fold_where_computed(graph, options), true));
    graph.add("loss", std::make_shared<SoftmaxCrossEntropy>(options.label_smoothing, options.soft_labels),
              {graph.output()});
    return graph;
  }
  if (options.dtype == DType::u8) return int8_graph(graph);
  return options.fuse ? fused_graph(graph) : graph;
}

Compiled compile_fused(const Graph& graph, const CompileOptions& options, DType input, const Compiled* like) {
  return Compiler(graph, options, input, like).run();
}

void check_options(const CompileOptions& options) {
  CHECK(options.batch > 0, "a batch of ", options.batch, ": it must be positive");
  CHECK(options.checkpoint >= 0 && options.memory_limit >= 0, "checkpointing in ", options.checkpoint,
        " parts with a limit of ", options.memory_limit, " bytes: neither can be negative");
  CHECK(options.conv == "auto" || options.conv == "direct", "convolutions '", options.conv, "': auto or direct");
  CHECK(options.dtype == DType::f32 || options.dtype == DType::bf16 || options.dtype == DType::u8, "activations in ",
        options.dtype, ": f32, bf16 or u8");
  CHECK(options.dtype != DType::u8 || options.mode == Mode::infer, "int8 is for inference: train in f32 or bf16");
  CHECK(!options.soft_labels || options.label_smoothing == 0, "soft labels are smoothed by whoever makes them");
  CHECK(options.dtype != DType::u8 || options.fuse,
        "int8 networks are fused: without the fusion passes use f32 or bf16");
  CHECK(options.backend == "cpu" || options.backend == "ref", "backend '", options.backend,
        "' is not in this build (cpu, ref)");
}

Compiled compile(const Graph& graph, const CompileOptions& options) {
  check_options(options);
  // An int8 network's first step reads f32.
  return compile_fused(optimized_graph(graph, options), options,
                       options.dtype == DType::u8 ? DType::f32 : options.dtype);
}

}  // namespace resnet
