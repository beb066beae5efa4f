#include "engine/depth_first.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "core/parallel.h"
#include "engine/cut.h"
#include "ops/cpu/elementwise.h"

namespace resnet {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kNearBytes = 2 << 20;  // what a layer's inputs and output may take of the second-level cache
constexpr int64_t kMostPictures = 8;     // more do not help: weights are read seldom enough

// Pictures (a power of two, at most `most`) of which node `id` can hold inputs and output in the cache.
int64_t pictures_for(const Graph& graph, const std::vector<Shape>& shapes, NodeId id, int64_t element, int64_t most) {
  int64_t bytes = shapes[static_cast<size_t>(id)].elements() * element;
  for (const NodeId input : graph.node(id).inputs) bytes += shapes[static_cast<size_t>(input)].elements() * element;
  int64_t n = 1;
  while (2 * n <= most && 2 * n * bytes <= kNearBytes) n *= 2;
  return n;
}

// The first cut behind which every layer has room for `most` pictures; 0: all have; -1: there is none.
NodeId place_of_cut(const Graph& graph, int64_t element, int64_t most) {
  const std::vector<Shape> shapes = graph.shapes(1);
  NodeId small = graph.output() + 1;  // the first of the last nodes that all have room
  while (small > 1 && pictures_for(graph, shapes, small - 1, element, most) == most) --small;
  if (small == 1) return 0;
  for (const NodeId cut : cut_points(graph))
    if (cut + 1 >= small) return cut;
  return -1;
}

// The largest power of two that divides n, at most kMostPictures.
int64_t most_pictures(int64_t n) {
  int64_t most = 1;
  while (most < kMostPictures && n % (2 * most) == 0) most *= 2;
  return most;
}

}  // namespace

/// What one thread has of a segment: kernels (shared where they allow it) and memory.
struct DepthFirst::Worker {
  Worker(Compiled compiled) : c(std::move(compiled)), arena(c.memory.bytes), seconds(c.steps.size(), 0.0) {
    for (const Step& step : c.steps) {
      KernelArgs a;
      for (size_t i = 0; i < 2; ++i) a.x[i] = at(step.forward.x[i]);
      a.y = at(step.forward.y);
      a.workspace = at(step.forward.workspace);
      args.push_back(std::move(a));
    }
  }

  void* at(int buffer) const { return buffer < 0 ? nullptr : arena.at(c.memory.offsets[static_cast<size_t>(buffer)]); }

  // Puts the segment's input and output where they are wanted.
  void place(const void* x, void* y) {
    for (size_t s = 0; s < c.steps.size(); ++s) {
      const ForwardBuffers& b = c.steps[s].forward;
      for (size_t i = 0; i < 2; ++i)
        if (b.x[i] == c.input)
          args[s].x[i] = x;
        else if (b.x[i] == c.logits)
          args[s].x[i] = y;
      if (b.y == c.logits) args[s].y = y;
    }
  }

  Compiled c;
  Arena arena;
  std::vector<KernelArgs> args;
  std::vector<double> seconds;
};

struct DepthFirst::Segment {
  Segment(const Graph& graph, CompileOptions options, DType input, size_t threads) : pictures(options.batch) {
    const ThreadShare alone(1);  // kernels are made for the thread that calls them
    for (size_t t = 0; t < threads; ++t)
      workers.push_back(
          std::make_unique<Worker>(compile_fused(graph, options, input, t == 0 ? nullptr : &workers[0]->c)));
  }

  const Compiled& compiled() const { return workers[0]->c; }
  size_t picture_bytes(NodeId id) const {
    const auto i = static_cast<size_t>(id);
    return static_cast<size_t>(compiled().shapes[i].elements() / pictures) * size_of(compiled().dtypes[i]);
  }

  int64_t pictures;  // at a time
  std::vector<std::unique_ptr<Worker>> workers;
};

bool DepthFirst::fits(const CompileOptions& options) {
  return options.mode == Mode::infer && options.fuse && options.backend == "cpu" && options.dtype != DType::f32 &&
         threads() > 1 && options.batch % threads() == 0;
}

DepthFirst::DepthFirst(const Graph& graph, const CompileOptions& options)
    : batch_(options.batch), threads_(static_cast<size_t>(threads())), taken_(threads_) {
  const int64_t share = batch_ / threads(), most = most_pictures(share);
  const auto element = static_cast<int64_t>(size_of(options.dtype));
  const DType input = options.dtype == DType::u8 ? DType::f32 : options.dtype;
  CompileOptions some = options;
  some.batch = 1;
  Graph rest = graph;
  DType from = input;
  for (int64_t next = 2; next <= most; next *= 2) {
    const NodeId cut = place_of_cut(rest, element, next);
    if (cut > 0) {
      segments_.push_back(std::make_unique<Segment>(head_of(rest, cut), some, from, threads_));
      between_.emplace_back(rest.shapes(batch_)[static_cast<size_t>(cut)], options.dtype);
      rest = tail_of(rest, cut);
      from = options.dtype;
    }
    if (cut >= 0) some.batch = next;
  }
  segments_.push_back(std::make_unique<Segment>(rest, some, from, threads_));
}

DepthFirst::~DepthFirst() = default;

void DepthFirst::bind(StateDict& params) {
  for (const auto& segment : segments_)
    for (const auto& worker : segment->workers)
      for (size_t s = 0; s < worker->c.steps.size(); ++s) {
        worker->args[s].w.clear();
        for (const std::string& key : worker->c.graph.node(worker->c.steps[s].node).params)
          worker->args[s].w.push_back(static_cast<float*>(params.at(key).raw()));
      }
}

void DepthFirst::pack() {
  for (const auto& segment : segments_)
    for (size_t s = 0; s < segment->compiled().steps.size(); ++s) {
      const Kernel* packed = nullptr;
      for (const auto& worker : segment->workers) {
        Kernel* kernel = worker->c.steps[s].kernel.get();
        if (kernel != packed) kernel->pack(worker->args[s].w);
        packed = kernel;
      }
    }
}

void DepthFirst::run(const float* input, float* logits) {
  ++calls_;
  const int64_t share = batch_ / static_cast<int64_t>(threads_);
  for (size_t g = 0; g < segments_.size(); ++g) {
    for (std::atomic<int64_t>& taken : taken_) taken = 0;
    parallel_for(static_cast<int64_t>(threads_), [&](int64_t begin, int64_t end, int) {
      const ThreadShare alone(1);
      for (int64_t t = begin; t < end; ++t)
        for (size_t k = 0; k < threads_; ++k) {  // its own share first, then what is left of the others'
          const size_t owner = (static_cast<size_t>(t) + k) % threads_;
          for (int64_t n; (n = taken_[owner].fetch_add(segments_[g]->pictures)) < share;)
            run_pictures(g, static_cast<size_t>(t), static_cast<int64_t>(owner) * share + n, input, logits);
        }
    });
  }
}

// As many pictures as a segment takes together, from n on.
void DepthFirst::run_pictures(size_t g, size_t thread, int64_t n, const float* input, float* logits) {
  static std::mutex observing;
  const Segment& segment = *segments_[g];
  Worker& worker = *segment.workers[thread];
  const bool last = g + 1 == segments_.size();
  const auto* x = g == 0 ? reinterpret_cast<const char*>(input) : static_cast<const char*>(between_[g - 1].raw());
  auto* y = last ? reinterpret_cast<char*>(logits) : static_cast<char*>(between_[g].raw());
  const size_t y_bytes = segment.picture_bytes(worker.c.graph.output());
  const bool convert = g == 0 && worker.c.dtypes[0] == DType::bf16;
  const size_t x_bytes = segment.picture_bytes(0) * (convert ? 2 : 1);
  const void* from = x + static_cast<size_t>(n) * x_bytes;
  if (convert) {
    elementwise().f32_to_bf16(static_cast<const float*>(from), static_cast<uint16_t*>(worker.at(worker.c.input)),
                              worker.c.shapes[0].elements());
    from = worker.at(worker.c.input);
  }
  worker.place(from, y + static_cast<size_t>(n) * y_bytes);
  for (size_t s = 0; s < worker.c.steps.size(); ++s) {
    const Clock::time_point start = profiling_ ? Clock::now() : Clock::time_point{};
    const Step& step = worker.c.steps[s];
    step.kernel->forward(worker.args[s]);
    if (profiling_) worker.seconds[s] += std::chrono::duration<double>(Clock::now() - start).count();
    if (!observer_) continue;
    const std::lock_guard lock(observing);
    const auto id = static_cast<size_t>(step.node);
    observer_(worker.c.graph.node(step.node).name,
              Tensor::view(worker.args[s].y, worker.c.shapes[id], worker.c.dtypes[id]));
  }
}

void DepthFirst::profile(bool on) {
  profiling_ = on;
  calls_ = 0;
  for (const auto& segment : segments_)
    for (const auto& worker : segment->workers) std::fill(worker->seconds.begin(), worker->seconds.end(), 0.0);
}

std::vector<DepthFirst::StepView> DepthFirst::steps() const {
  std::vector<StepView> all;
  for (const auto& segment : segments_) {
    const Compiled& c = segment->compiled();
    for (size_t s = 0; s < c.steps.size(); ++s) {
      double seconds = 0;
      for (const auto& worker : segment->workers) seconds += worker->seconds[s];
      seconds /= static_cast<double>(threads_) * static_cast<double>(std::max<int64_t>(calls_, 1));
      all.push_back({c, c.steps[s], batch_ / segment->pictures, seconds});
    }
  }
  return all;
}

int64_t DepthFirst::arena_bytes() const {
  size_t bytes = 0;
  for (const Tensor& t : between_) bytes += t.bytes();
  for (const auto& segment : segments_) bytes += segment->compiled().memory.bytes * threads_;
  return static_cast<int64_t>(bytes);
}

int64_t DepthFirst::arena_bytes_no_reuse() const {
  size_t bytes = 0;
  for (const Tensor& t : between_) bytes += t.bytes();
  for (const auto& segment : segments_) bytes += segment->compiled().memory.bytes_no_reuse * threads_;
  return static_cast<int64_t>(bytes);
}

}  // namespace resnet
