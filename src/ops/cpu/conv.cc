#include "ops/cpu/conv.h"

#include <algorithm>
#include <vector>

#include "core/bf16.h"
#include "core/check.h"
#include "core/parallel.h"
#include "ops/conv.h"
#include "ops/cpu/conv_measure.h"
#include "ops/cpu/conv_pass.h"
#include "ops/kernel.h"

namespace resnet {

ConvCase conv_case(const KernelSpec& spec, ConvPassKind pass) {
  const Conv::Attributes& a = spec.as<Conv>().a;
  const Shape &x = spec.x[0], &y = spec.y;
  ConvCase c;
  c.shape = {x[0], x[1], x[2], x[3], a.kernel, a.stride, a.pad, y[1], y[2], a.out, a.groups};
  c.dtype = spec.dtype;
  c.pass = pass;
  c.train = spec.train;
  c.choices = spec.choices;
  c.direct = spec.direct_conv;
  c.bias = a.bias || (a.folded_bn && !spec.train);
  if (spec.train) return c;
  c.add = a.add;
  c.relu = a.relu;
  return c;
}

std::vector<ConvPassKind> conv_passes_of(const KernelSpec& spec) {
  std::vector<ConvPassKind> passes = {ConvPassKind::forward};
  if (spec.train) passes.push_back(ConvPassKind::weight_gradient);
  if (spec.need_dx[0]) passes.push_back(ConvPassKind::data_gradient);
  return passes;
}

namespace {

// The entries that take the case, best first, and why others do not.
std::vector<const ConvPassEntry*> takers(const ConvCase& c, const std::string& only, std::string& why) {
  std::vector<const ConvPassEntry*> found;
  for (const ConvPassEntry& e : conv_passes()) {
    if (!only.empty() && e.name != only) continue;
    const bool adds = e.ranges || e.sums;
    const std::string reason = c.ranges && !e.ranges ? "not by ranges"
                               : c.sums && !adds     ? "adds nothing up for a batch norm"
                                                     : e.reject(c);
    if (reason.empty())
      found.push_back(&e);
    else if (found.empty())
      why += (why.empty() ? "" : "; ") + e.name + ": " + reason;
  }
  return found;
}

const ConvPassEntry* choose(const ConvCase& c, const std::vector<const ConvPassEntry*>& candidates) {
  if (c.choices == nullptr || candidates.size() < 2) return candidates[0];
  const ConvShape& s = c.shape;
  const char* const passes[] = {"forward", "data_gradient", "weight_gradient"};
  const std::string key =
      join("conv ", passes[static_cast<int>(c.pass)], ' ', c.dtype, " n=", s.n, " h=", s.h, " w=", s.w, " c=", s.c,
           " k=", s.k, " stride=", s.stride, " pad=", s.pad, " oc=", s.oc, " groups=", s.groups,
           c.train ? " train" : "", c.bias ? " bias" : "", c.add ? " add" : "", c.relu ? " relu" : "",
           c.ranges ? " ranges"
           : c.sums ? " sums"
                    : "");
  const std::string known = c.choices->find(key);
  for (const ConvPassEntry* e : candidates)
    if (e->name == known) return e;
  const ConvPassEntry* fastest = fastest_conv_pass(c, candidates);
  c.choices->add(key, fastest->name);
  return fastest;
}

}  // namespace

std::string reject_conv_pass(const ConvCase& c, const std::string& only) {
  std::string why;
  return takers(c, only, why).empty() ? why : "";
}

const ConvPassEntry* best_conv_entry(const ConvCase& c) {
  std::string why;
  const std::vector<const ConvPassEntry*> candidates = takers(c, "", why);
  return candidates.empty() ? nullptr : candidates[0];
}

std::unique_ptr<ConvPass> best_conv_pass(const ConvCase& c, const std::string& only, std::string* why) {
  std::string reasons;
  const std::vector<const ConvPassEntry*> candidates = takers(c, only, reasons);
  const ConvShape& s = c.shape;
  CHECK(!candidates.empty(), "convolution ", s.oc, " ", s.k, "x", s.k, " on ", Shape{s.n, s.h, s.w, s.c}, " in ",
        c.dtype, ": ", reasons);
  if (why) *why = reasons;
  return (only.empty() ? choose(c, candidates) : candidates[0])->make(c);
}

namespace {

std::string reject(const KernelSpec& spec, const std::string& only) {
  const Conv::Attributes& a = spec.as<Conv>().a;
  if (spec.train && (a.add || a.relu || a.folded_bn)) return "no fused steps in training";
  for (ConvPassKind pass : conv_passes_of(spec)) {
    const std::string reason = reject_conv_pass(conv_case(spec, pass), only);
    if (!reason.empty()) return reason;
  }
  return {};
}

class CpuConv final : public Kernel {
 public:
  CpuConv(const KernelSpec& spec, const std::string& only)
      : Kernel(spec), a_(spec.as<Conv>().a), only_(only), weights_(spec.op->params(spec.x)[0].shape.elements()) {
    forward_ = choose(ConvPassKind::forward);
    needs_.reentrant = forward_->reentrant();
    has_bias_ = a_.bias || a_.folded_bn;
    if (has_bias_) bias_.resize(static_cast<size_t>(a_.out));
    needs_.y_over_x[1] = a_.add;
    if (spec.train) weight_gradient_ = choose(ConvPassKind::weight_gradient);
    needs_.backward_reads_x = spec.train;
    if (!spec.need_dx[0]) return;
    data_gradient_ = choose(ConvPassKind::data_gradient);
    needs_.accumulates[0] = data_gradient_->accumulates();
  }

  std::string name() const override {
    std::string name = forward_->name();
    for (const auto* pass : {&weight_gradient_, &data_gradient_})
      if (*pass && (*pass)->name() != forward_->name()) name += ", " + (*pass)->name();
    return name;
  }
  std::string why() const override { return why_; }

  void pack(const std::vector<float*>& w) override {
    const float* weight = w[0];
    if (a_.folded_bn) {
      thread_local Tensor folded;  // of all layers one after another: fresh memory costs page faults
      if (folded.empty() || folded.elements() < weights_) folded = Tensor({weights_});
      folded_weights(spec_.as<Conv>(), spec_.x[0], w, folded.f32(), bias_.data());
      weight = folded.f32();
    } else if (a_.bias) {
      std::copy_n(w[1], a_.out, bias_.data());
    }
    forward_->pack(weight);
    if (data_gradient_) data_gradient_->pack(weight);
  }

  void forward(const KernelArgs& k) override {
    ConvArgs c;
    c.x = k.x[0];
    c.y = k.y;
    c.bias = has_bias_ ? bias_.data() : nullptr;
    c.addend = a_.add ? k.x[1] : nullptr;
    c.relu = a_.relu;
    c.workspace = k.workspace;
    forward_->run(c);
  }

  void backward(const KernelArgs& k) override {
    ConvArgs c;
    c.x = k.x[0];
    c.dy = k.dy;
    c.workspace = k.workspace;
    c.dw = k.dw[0];
    if (c.dw) weight_gradient_->run(c);
    if (a_.bias && k.dw[1]) sum_pixels(k.dy, k.dw[1]);
    if (!data_gradient_ || k.dx[0] == nullptr) return;
    c.dx = k.dx[0];
    c.accumulate = k.accumulate[0];
    data_gradient_->run(c);
  }

 private:
  std::unique_ptr<ConvPass> choose(ConvPassKind pass) {
    auto made = best_conv_pass(conv_case(spec_, pass), only_, pass == ConvPassKind::forward ? &why_ : nullptr);
    needs_.workspace_bytes = std::max(needs_.workspace_bytes, made->workspace_bytes());
    return made;
  }

  // The gradient of the bias.
  void sum_pixels(const void* dy, float* db) const {
    const int64_t c = a_.out, rows = spec_.y.elements() / c;
    parallel_for(c, [&](int64_t begin, int64_t end, int) {
      std::vector<double> sum(static_cast<size_t>(end - begin));
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t i = begin; i < end; ++i)
          sum[static_cast<size_t>(i - begin)] +=
              static_cast<double>(spec_.dtype == DType::f32 ? static_cast<const float*>(dy)[r * c + i]
                                                            : bf16_to_f32(static_cast<const uint16_t*>(dy)[r * c + i]));
      for (int64_t i = begin; i < end; ++i) db[i] = static_cast<float>(sum[static_cast<size_t>(i - begin)]);
    });
  }

  const Conv::Attributes a_;
  const std::string only_;
  const int64_t weights_;
  bool has_bias_ = false;
  std::string why_;  // better implementations did not take the forward pass
  std::unique_ptr<ConvPass> forward_, data_gradient_, weight_gradient_;
  std::vector<float> bias_;
};

KernelEntry entry(const std::string& name, int rank, const std::string& only) {
  return {"conv",
          "cpu",
          name,
          rank,
          [only](const KernelSpec& s) { return reject(s, only); },
          [only](const KernelSpec& s) { return std::make_unique<CpuConv>(s, only); }};
}

bool with_batch_norm(const KernelSpec& spec) { return spec.train && spec.as<Conv>().a.folded_bn; }

const RegisterKernel best{
    {"conv", "cpu", "best", 1000,
     [](const KernelSpec& s) { return with_batch_norm(s) ? reject_conv_batch_norm(s) : reject(s, ""); },
     [](const KernelSpec& s) -> std::unique_ptr<Kernel> {
       if (with_batch_norm(s)) return make_conv_batch_norm(s);
       return std::make_unique<CpuConv>(s, "");
     }}};

}  // namespace

void register_conv_kernel(const std::string& name, int rank) { RegisterKernel{entry(name, rank, name)}; }

}  // namespace resnet
