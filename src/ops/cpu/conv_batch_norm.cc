// Convolution + batch norm [+ add] [+ ReLU] in training, as one step. The batch's statistics are added up while the
// convolution writes; backward, both gradients of the convolution are computed a few pictures at a time where its passes work
// by ranges: then the gradient behind the batch norm is made just before and never goes to memory. See deferral.h for what it
// does with the normalisation of its neighbours.
#include <algorithm>
#include <numeric>
#include <vector>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/conv.h"
#include "ops/cpu/batch_norm_loops.h"
#include "ops/cpu/batch_norm_sums.h"
#include "ops/cpu/conv.h"
#include "ops/cpu/conv_ahead.h"
#include "ops/cpu/conv_pass.h"
#include "ops/cpu/deferral.h"
#include "ops/cpu/past_caches.h"
#include "ops/cpu/range_length.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

constexpr int64_t kCacheBytes = 320 * 1024;  // of what is prepared for a range, a thread

// Of weight gradients, a thread; larger ones are shared out by channels. AMX multiplies a range faster than larger sums are
// loaded and stored for it.
int64_t private_bytes() { return (isa() == Isa::amx ? 600 : 2400) * int64_t{1024}; }

const BatchNormLoops<uint16_t>& loops() { return batch_norm_table().bf16; }

// Winograd's passes over the whole batch save more than working by ranges in another way.
bool works_by_ranges(const KernelSpec& spec) {
  for (ConvPassKind pass : conv_passes_of(spec)) {
    ConvCase c = conv_case(spec, pass);
    const ConvPassEntry* best = best_conv_entry(c);
    c.ranges = true;
    if (best && best->sums && best != best_conv_entry(c)) return false;
  }
  return true;
}

ConvCase fused_case(const KernelSpec& spec, ConvPassKind pass, bool ranges) {
  ConvCase c = conv_case(spec, pass);
  c.ranges = ranges;
  c.sums = pass != ConvPassKind::weight_gradient;
  return c;
}

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

class ConvBatchNorm final : public Kernel {
 public:
  explicit ConvBatchNorm(const KernelSpec& spec)
      : Kernel(spec), a_(spec.as<Conv>().a), s_(conv_case(spec, ConvPassKind::forward).shape) {
    by_ranges_ = works_by_ranges(spec);
    ranged_ = by_ranges_ && s_.oc * s_.c * s_.k * s_.k * 4 <= private_bytes();
    forward_ = make(ConvPassKind::forward);
    dw_ = make(ConvPassKind::weight_gradient);
    if (spec.need_dx[0]) dx_ = make(ConvPassKind::data_gradient);
    needs_.backward_reads_x = true;
    needs_.y_over_x[1] = needs_.dx_over_dy[1] = a_.add;
    needs_.accumulates = {dx_ != nullptr, a_.add};
    needs_.may_defer = a_.relu && !a_.add;
    needs_.deferral_bytes = Deferral::bytes(s_.oc, threads_);
    needs_.takes_deferred = needs_.takes_delegated = spec.need_dx[0];
    needs_.may_delegate = a_.relu;
    plan_ranges();
    plan_memory();
  }

  std::string name() const override { return forward_->name() + (deferred_ ? " deferring" : ""); }

  void defer_output() override {
    deferred_ = true;
    needs_.backward_reads_y = true;
    needs_.may_delegate = false;
    plan_memory();
  }
  void take_deferred_input() override {
    x_deferred_ = true;
    needs_.takes_delegated = false;
    plan_memory();
  }
  void delegate_sums() override { delegated_ = true; }
  void take_delegated_sums() override { x_delegated_ = true; }

  void pack(const std::vector<float*>& w) override {
    forward_->pack(w[0]);
    if (dx_) dx_->pack(w[0]);
  }

  void forward(const KernelArgs& k) override {
    Deferral state = state_of(k);
    clear_sums(state.sums, s_.oc, threads_);
    const OutputSums sums{state.sums, nullptr, nullptr, nullptr, nullptr};
    ConvArgs c;
    c.x = k.x[0];
    c.y = raw(k);
    c.sums = &sums;
    c.workspace = k.workspace;
    if (x_deferred_)
      by_ranges_ ? forward_ranges(k, c) : forward_whole(k, c);
    else
      forward_->run(c);
    add_up_sums(state.sums, s_.oc, threads_);
    finish_forward(k, state);
    if (!deferred_) write_output(k, state);
  }

  void backward(const KernelArgs& k) override {
    Deferral state = state_of(k);
    sum_gradient(k, state);
    Gradient g = finish_sums(k, state);
    const OutputSums gate = gate_of(k);
    g.data.accumulate = k.accumulate[0];
    g.data.dx = k.dx[0];
    g.data.sums = gate.sums ? &gate : nullptr;
    g.data.workspace = static_cast<std::byte*>(k.workspace) + dx_workspace_;
    g.weight.dw = k.dw[0];
    g.weight.workspace = k.workspace;
    ranged_ ? backward_ranges(k, g) : backward_whole(k, g);
  }

 private:
  // y = p·dz + q·raw + r is the convolution's gradient.
  struct Gradient {
    const float *p, *q, *r;
    ConvArgs data, weight;
  };

  std::unique_ptr<ConvPass> make(ConvPassKind pass) {
    return best_conv_pass(fused_case(spec_, pass, pass == ConvPassKind::weight_gradient ? ranged_ : by_ranges_));
  }

  // A unit is a picture, or a pixel where all passes see only a list of pixels.
  void plan_ranges() {
    std::vector<ConvPass*> passes = {forward_.get()};
    if (ranged_) passes.push_back(dw_.get());
    if (ranged_ && dx_) passes.push_back(dx_.get());
    each_ = forward_->pictures_each();
    for (const ConvPass* p : passes)
      if (p->pictures_each() != each_) each_ = 1;
    units_ = s_.n * each_;
    int64_t step = 1;
    for (const ConvPass* p : passes) {
      const int64_t own = p->range_step(), ratio = p->pictures_each() / each_;
      step = std::lcm(step, own / std::gcd(own, ratio));
    }
    x_unit_ = s_.h * s_.w * s_.c / each_;
    y_unit_ = s_.oh * s_.ow * s_.oc / each_;
    range_ = range_length(units_, step, kCacheBytes / ((x_unit_ + y_unit_) * 2), threads_);
    ranges_ = ceil_div(units_, range_);
  }

  void plan_memory() {
    const size_t raw_bytes = static_cast<size_t>(units_ * y_unit_) * 2;
    mask_bytes_ = a_.relu && !deferred_ ? NormMemory::mask_bytes(rows(), s_.oc) : 0;
    needs_.saved_bytes = deferred_ ? 0 : NormMemory::state_bytes(s_.oc, threads_) + mask_bytes_ + raw_bytes;
    // Workspace: forward's own and the prepared x; backward the two gradients' own, coefficients, prepared dy and x.
    const size_t x_bytes = x_deferred_ ? scratch_bytes(x_unit_, ranged_) : 0;
    forward_scratch_ = aligned(forward_->workspace_bytes());
    dx_workspace_ = aligned(dw_->workspace_bytes());
    coefficients_ = dx_workspace_ + (dx_ ? aligned(dx_->workspace_bytes()) : 0);
    dy_scratch_ = coefficients_ + aligned(static_cast<size_t>(3 * s_.oc) * sizeof(float));
    x_scratch_ = dy_scratch_ + scratch_bytes(y_unit_, ranged_);
    const size_t forward_x_bytes = x_deferred_ ? scratch_bytes(x_unit_, by_ranges_) : 0;
    needs_.workspace_bytes = std::max(forward_scratch_ + forward_x_bytes, x_scratch_ + x_bytes);
  }

  // From a thread's range to the next thread's.
  int64_t range_elements(int64_t unit) const { return range_ * unit + kThreadGap / 2; }

  // Of a range a thread, or of everything.
  size_t scratch_bytes(int64_t unit, bool ranges) const {
    return aligned(static_cast<size_t>(ranges ? threads_ * range_elements(unit) : units_ * unit) * 2);
  }

  int64_t rows() const { return s_.n * s_.oh * s_.ow; }
  bool has_dz() const { return deferred_ || delegated_; }  // dy is the gradient behind the ReLU
  NormMemory saved(const KernelArgs& k) const { return {k.saved, s_.oc, threads_, mask_bytes_}; }
  Deferral state_of(const KernelArgs& k) const { return {deferred_ ? k.y_deferral : k.saved, s_.oc}; }
  uint16_t* mask(const KernelArgs& k, int64_t row) const {
    return mask_bytes_ ? saved(k).mask + row * mask_words(s_.oc) : nullptr;
  }
  uint16_t* raw(const KernelArgs& k) const { return deferred_ ? static_cast<uint16_t*>(k.y) : saved(k).raw; }
  static uint16_t* at(const KernelArgs& k, size_t offset) {
    return reinterpret_cast<uint16_t*>(static_cast<std::byte*>(k.workspace) + offset);
  }

  // The sums that the batch norm of x waits for.
  OutputSums gate_of(const KernelArgs& k) const {
    if (!x_deferred_ && !x_delegated_) return {};
    const NormMemory x(k.x_deferral, s_.c, threads_, NormMemory::mask_bytes(s_.n * s_.h * s_.w, s_.c));
    clear_sums(x.state.sums, s_.c, threads_);
    if (x_delegated_) return {x.state.sums, x.raw, nullptr, nullptr, x.mask};
    return {x.state.sums, k.x[0], x.state.scale, x.state.shift, nullptr};
  }

  struct Range {
    int64_t first, count;  // units
    int thread;
    bool fresh;    // the thread's first
    Ahead* ahead;  // takes what the next range reads
    int64_t next;  // units of it
  };
  template <class Body> void for_ranges(const Body& body) const {
    const auto units = [&](int64_t i) { return std::min(range_, units_ - i * range_); };
    parallel_for(ranges_, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t i = begin; i < end; ++i) {
        Ahead ahead;
        body(Range{i * range_, units(i), thread, i == begin, &ahead, i + 1 < end ? units(i + 1) : 0});
      }
    });
  }
  // What the next range reads of a tensor.
  static void fetch_next(const Range& r, const void* tensor, int64_t unit) {
    r.ahead->add(static_cast<const uint16_t*>(tensor) + (r.first + r.count) * unit, r.next * unit * 2);
  }
  void run_range(ConvPass& pass, ConvArgs c, const Range& r) const {
    const int64_t ratio = pass.pictures_each() / each_;
    c.ahead = r.ahead;
    pass.run_range(c, r.first * ratio, r.count * ratio, r.thread, r.fresh);
  }

  // relu(scale·x + shift) of units of a deferred x.
  void prepare_x(const KernelArgs& k, int64_t first, int64_t count, uint16_t* out) const {
    const Deferral x(k.x_deferral, s_.c);
    loops().normalize(static_cast<const uint16_t*>(k.x[0]) + first * x_unit_, nullptr, out, nullptr, true, false,
                      count * x_unit_ / s_.c, s_.c, x.scale, x.shift);
  }

  // The gradient of the convolution's output, of some units; and that of the addend.
  void prepare_dy(const KernelArgs& k, const Gradient& g, int64_t first, int64_t count, uint16_t* out) const {
    const int64_t at = first * y_unit_;
    auto* d_addend = a_.add ? static_cast<uint16_t*>(k.dx[1]) : nullptr;
    if (delegated_ && d_addend == k.dy) d_addend = nullptr;  // it is there already
    loops().backward(raw(k) + at, static_cast<const uint16_t*>(k.dy) + at, has_dz() ? nullptr : mask(k, at / s_.oc),
                     out, d_addend ? d_addend + at : nullptr, k.accumulate[1], false, count * y_unit_ / s_.oc, s_.oc,
                     g.p, g.q, g.r);
  }

  void forward_ranges(const KernelArgs& k, const ConvArgs& given) const {
    for_ranges([&](const Range& r) {
      uint16_t* x = at(k, forward_scratch_) + r.thread * range_elements(x_unit_);
      prepare_x(k, r.first, r.count, x);
      fetch_next(r, k.x[0], x_unit_);
      ConvArgs c = given;
      c.x = x;
      run_range(*forward_, c, r);
    });
  }

  void forward_whole(const KernelArgs& k, ConvArgs c) const {
    uint16_t* x = at(k, forward_scratch_);
    prepare_all_x(k, x);
    c.x = x;
    forward_->run(c);
  }
  void prepare_all_x(const KernelArgs& k, uint16_t* x) const {
    parallel_for(units_,
                 [&](int64_t begin, int64_t end, int) { prepare_x(k, begin, end - begin, x + begin * x_unit_); });
  }

  void finish_forward(const KernelArgs& k, const Deferral& state) const {
    BatchMoments b;
    b.c = s_.oc;
    b.sum = state.sums;
    b.square = state.sums + s_.oc;
    b.m = rows();
    b.eps = a_.bn_eps;
    b.momentum = a_.bn_momentum;
    b.mean = state.mean;
    b.inv_std = state.inv_std;
    b.running_mean = k.w[3];
    b.running_var = k.w[4];
    finish_moments(b);
    normalization(s_.oc, k.w[1], k.w[2], state.mean, state.inv_std, state.scale, state.shift);
  }

  void write_output(const KernelArgs& k, const Deferral& state) const {
    const int64_t c = s_.oc;
    const auto* addend = a_.add ? static_cast<const uint16_t*>(k.x[1]) : nullptr;
    const bool stream = k.y != k.x[1] && past_caches(rows() * c * 2);
    parallel_for(rows(), [&](int64_t begin, int64_t end, int) {
      loops().normalize(raw(k) + begin * c, addend ? addend + begin * c : nullptr,
                        static_cast<uint16_t*>(k.y) + begin * c, mask(k, begin), a_.relu, stream, end - begin, c,
                        state.scale, state.shift);
    });
  }

  // Σdz and Σdz·(raw - mean) into the state's first sums. Where dy is dz, a reader has added up those of dz and dz·raw.
  void sum_gradient(const KernelArgs& k, const Deferral& state) const {
    const int64_t c = s_.oc;
    if (!has_dz()) {
      clear_sums(state.sums, c, threads_);
      parallel_for(rows(), [&](int64_t begin, int64_t end, int thread) {
        double* sums = state.sums + thread * sums_of_thread(c);
        loops().backward_sums(raw(k) + begin * c, static_cast<const uint16_t*>(k.dy) + begin * c, mask(k, begin),
                              end - begin, c, state.mean, sums, sums + c);
      });
    }
    add_up_sums(state.sums, c, threads_);
    if (!has_dz()) return;
    for (int64_t i = 0; i < c; ++i) state.sums[c + i] -= static_cast<double>(state.mean[i]) * state.sums[i];
  }

  Gradient finish_sums(const KernelArgs& k, const Deferral& state) const {
    auto* coefficients = reinterpret_cast<float*>(at(k, coefficients_));
    BatchGradient b;
    b.c = s_.oc;
    b.sum = state.sums;
    b.product = state.sums + s_.oc;
    b.mean = state.mean;
    b.inv_std = state.inv_std;
    b.gamma = k.w[1];
    b.m = rows();
    b.p = coefficients;
    b.q = b.p + s_.oc;
    b.r = b.q + s_.oc;
    b.dgamma = k.dw[1];
    b.dbeta = k.dw[2];
    std::fill_n(b.dgamma, s_.oc, 0.0f);
    std::fill_n(b.dbeta, s_.oc, 0.0f);
    finish_gradient(b);
    return {b.p, b.q, b.r, {}, {}};
  }

  void backward_ranges(const KernelArgs& k, const Gradient& g) const {
    for_ranges([&](const Range& r) {
      Gradient own = g;
      uint16_t* dy = at(k, dy_scratch_) + r.thread * range_elements(y_unit_);
      prepare_dy(k, g, r.first, r.count, dy);
      own.weight.dy = own.data.dy = dy;
      own.weight.x = static_cast<const uint16_t*>(k.x[0]) + r.first * x_unit_;
      if (x_deferred_) {
        uint16_t* x = at(k, x_scratch_) + r.thread * range_elements(x_unit_);
        prepare_x(k, r.first, r.count, x);
        own.weight.x = x;
      }
      fetch_next(r, k.dy, y_unit_);
      fetch_next(r, raw(k), y_unit_);
      fetch_next(r, k.x[0], x_unit_);
      run_range(*dw_, own.weight, r);
      if (dx_ && k.dx[0]) run_range(*dx_, own.data, r);
    });
    dw_->finish_ranges(g.weight, ranges_);
  }

  void backward_whole(const KernelArgs& k, Gradient& g) const {
    parallel_for(units_, [&](int64_t begin, int64_t end, int) {
      prepare_dy(k, g, begin, end - begin, at(k, dy_scratch_) + begin * y_unit_);
    });
    if (x_deferred_) prepare_all_x(k, at(k, x_scratch_));
    g.weight.dy = g.data.dy = at(k, dy_scratch_);
    g.weight.x = x_deferred_ ? at(k, x_scratch_) : k.x[0];
    dw_->run(g.weight);
    if (dx_ && k.dx[0]) dx_->run(g.data);
  }

  const int threads_ = threads();
  const Conv::Attributes a_;
  const ConvShape s_;
  std::unique_ptr<ConvPass> forward_, dw_, dx_;
  bool by_ranges_ = false;                                  // the passes have run_range()
  bool ranged_ = false;                                     // backward works range by range
  bool delegated_ = false, x_delegated_ = false;            // the gradient sums of the output, of the input
  bool deferred_ = false, x_deferred_ = false;              // the output, the input
  int64_t each_ = 1, units_ = 0, x_unit_ = 0, y_unit_ = 0;  // elements of a unit
  int64_t range_ = 1, ranges_ = 1;                          // units
  size_t mask_bytes_ = 0;
  size_t forward_scratch_ = 0, dx_workspace_ = 0, coefficients_ = 0, dy_scratch_ = 0, x_scratch_ = 0;
};

}  // namespace

std::string reject_conv_batch_norm(const KernelSpec& spec) {
  if (spec.as<Conv>().a.bias) return "no bias before a batch norm";
  if (spec.dtype != DType::bf16) return "a batch norm is fused in bf16 only";
  const bool ranges = works_by_ranges(spec);
  for (ConvPassKind pass : conv_passes_of(spec)) {
    const std::string reason = reject_conv_pass(fused_case(spec, pass, ranges));
    if (!reason.empty()) return reason;
  }
  return {};
}

std::unique_ptr<Kernel> make_conv_batch_norm(const KernelSpec& spec) { return std::make_unique<ConvBatchNorm>(spec); }

}  // namespace resnet
