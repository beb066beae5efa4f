// Own bf16 convolutions, on AMX and on AVX-512 bf16: everything a residual network's convolutions need in training, and
// the fused bias, addend and ReLU of inference. Made for the small channel counts and the gradients that oneDNN is slow at.
#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/cpu/conv_own_dw.h"
#include "ops/cpu/conv_own_rows.h"
#include "ops/cpu/conv_pass.h"

namespace resnet {

namespace {

class OwnPass : public ConvPass {
 public:
  OwnPass(const GemmIsa& isa, std::string name) : isa_(isa), name_(std::move(name)) {}
  std::string name() const override { return name_; }

 protected:
  // The workspace has a part for every thread.
  void check_threads() const { check_planned_threads(name_, threads_); }

  const int threads_ = threads();
  const GemmIsa& isa_;
  const std::string name_;
};

// Forward and data gradient.
class OwnRows : public OwnPass {
 public:
  OwnRows(const GemmIsa& isa, std::string name, RowConv rows) : OwnPass(isa, std::move(name)), rows_(std::move(rows)) {}
  void pack(const float* w) override { rows_.pack(w); }
  bool reentrant() const override { return true; }
  size_t workspace_bytes() const override { return rows_.workspace_bytes(); }
  int64_t range_step() const override { return rows_.group(); }
  int64_t pictures_each() const override { return rows_.pictures_each(); }

  void run(const ConvArgs& a) override {
    check_threads();
    rows_.run(isa_, buffers(a));
  }
  void run_range(const ConvArgs& a, int64_t first, int64_t count, int thread, bool /*fresh*/) override {
    rows_.run_range(isa_, buffers(a), first, count, thread);
  }

 private:
  virtual RowConv::Buffers buffers(const ConvArgs& a) const = 0;
  RowConv rows_;
};

class OwnForward final : public OwnRows {
 public:
  OwnForward(const ConvCase& c, const GemmIsa& isa, const std::string& name)
      : OwnRows(isa, name, RowConv::forward(c.shape, c.train)) {}

 private:
  RowConv::Buffers buffers(const ConvArgs& a) const override {
    RowConv::Buffers b;
    b.x = static_cast<const uint16_t*>(a.x);
    b.y = static_cast<uint16_t*>(a.y);
    b.addend = static_cast<const uint16_t*>(a.addend);
    b.bias = a.bias;
    b.relu = a.relu;
    b.sums = a.sums;
    b.ahead = a.ahead;
    b.workspace = a.workspace;
    return b;
  }
};

class OwnDataGradient final : public OwnRows {
 public:
  OwnDataGradient(const ConvCase& c, const GemmIsa& isa, const std::string& name)
      : OwnRows(isa, name, RowConv::data_gradient(c.shape)) {}

 private:
  RowConv::Buffers buffers(const ConvArgs& a) const override {
    RowConv::Buffers b;
    b.x = static_cast<const uint16_t*>(a.dy);
    b.y = static_cast<uint16_t*>(a.dx);
    b.addend = a.accumulate ? b.y : nullptr;
    b.sums = a.sums;
    b.ahead = a.ahead;
    b.workspace = a.workspace;
    return b;
  }
};

class OwnWeightGradient final : public OwnPass {
 public:
  OwnWeightGradient(const ConvCase& c, const GemmIsa& isa, const std::string& name)
      : OwnPass(isa, name), dw_(c.shape, c.ranges) {}
  size_t workspace_bytes() const override { return dw_.workspace_bytes(); }
  int64_t range_step() const override { return dw_.range_step(); }
  int64_t pictures_each() const override { return dw_.pictures_each(); }

  void run(const ConvArgs& a) override {
    check_threads();
    dw_.run(isa_, static_cast<const uint16_t*>(a.x), static_cast<const uint16_t*>(a.dy), a.dw, a.workspace);
  }
  void run_range(const ConvArgs& a, int64_t /*first*/, int64_t count, int thread, bool fresh) override {
    dw_.run_range(isa_, static_cast<const uint16_t*>(a.x), static_cast<const uint16_t*>(a.dy), count, thread, fresh,
                  a.ahead, a.workspace);
  }
  void finish_ranges(const ConvArgs& a, int64_t ranges) override { dw_.finish_ranges(ranges, a.dw, a.workspace); }

 private:
  WeightGradient dw_;
};

std::string reject(const ConvCase& c, Isa needed) {
  const ConvShape& s = c.shape;
  if (isa() < needed) return join("needs ", name_of(needed));
  if (c.dtype != DType::bf16) return "bf16 only";
  if (s.groups != 1) return "no groups";
  if (s.oc % 16 != 0) return "needs output channels in multiples of 16";
  if (c.pass == ConvPassKind::data_gradient && s.c % 16 != 0) return "needs input channels in multiples of 16";
  if (c.pass == ConvPassKind::weight_gradient && s.c % 16 != 0 && s.c > 4)
    return "needs input channels in multiples of 16, or at most four";
  if (c.pass != ConvPassKind::forward && s.c % 16 == 0 && s.k > 3) return "kernels up to 3x3";
  return {};
}

std::unique_ptr<ConvPass> make(const ConvCase& c, const GemmIsa& isa, const std::string& name) {
  if (c.pass == ConvPassKind::forward) return std::make_unique<OwnForward>(c, isa, name);
  if (c.pass == ConvPassKind::data_gradient) return std::make_unique<OwnDataGradient>(c, isa, name);
  return std::make_unique<OwnWeightGradient>(c, isa, name);
}

const RegisterConvPass amx{{"amx", 30, true, [](const ConvCase& c) { return reject(c, Isa::amx); },
                            [](const ConvCase& c) { return make(c, gemm_amx(), "amx"); }}};
const RegisterConvPass avx512_bf16{{"avx512_bf16", 20, true,
                                    [](const ConvCase& c) { return reject(c, Isa::avx512_bf16); },
                                    [](const ConvCase& c) { return make(c, gemm_avx512_bf16(), "avx512_bf16"); }}};

}  // namespace

}  // namespace resnet
