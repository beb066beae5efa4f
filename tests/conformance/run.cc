#include "conformance/run.h"

#include <limits>
#include <map>

#include "conformance/guarded.h"
#include "core/check.h"

namespace resnet::conformance {

namespace {

/// A guarded buffer of elements of one dtype.
struct Buffer {
  Buffer(size_t n, DType type) : dtype(type), count(n), memory(n * size_of(type)) {}
  Buffer(const std::vector<float>& values, DType type) : Buffer(values.size(), type) { store(values); }

  void store(const std::vector<float>& values) {
    for (size_t i = 0; i < count; ++i) conformance::store(memory.data(), dtype, i, values[i]);
  }
  std::vector<float> load() const {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = conformance::load(memory.data(), dtype, i);
    return values;
  }
  void* data() const { return memory.data(); }

  DType dtype;
  size_t count;
  Guarded memory;
};

class Runner {
 public:
  Runner(Kernel& kernel, const Case& c, const Data& data, const RunOptions& options)
      : kernel_(kernel),
        case_(c),
        data_(data),
        options_(options),
        params_(c.params()),
        saved_(kernel.needs().saved_bytes),
        workspace_(kernel.needs().workspace_bytes) {
    const DType dtype = kernel.spec().dtype;
    for (size_t i = 0; i < c.x.size(); ++i) make("x[" + std::to_string(i) + "]", data.x[i], c.x_dtype(dtype));
    for (size_t i = 0; i < params_.size(); ++i) make(params_[i].suffix, data.w[i], params_[i].dtype);
    make("y", std::vector<float>(data.dy.size(), kNaN), c.y_dtype(dtype));
    args_.labels = data.labels.data();
    args_.targets = data.targets.data();
    args_.random = &kRandom;
    if (saved_.bytes() > 0) args_.saved = saved_.data();
    if (workspace_.bytes() > 0) args_.workspace = workspace_.data();
    for (const ParamSpec& p : params_) args_.w.push_back(static_cast<float*>(at(p.suffix).data()));
  }

  Outputs run() {
    kernel_.pack(args_.w);
    forward();
    if (kernel_.spec().train && options_.backward) backward();
    for (const auto& [name, buffer] : buffers_) guard(name, buffer->memory);
    guard("saved", saved_);
    guard("workspace", workspace_);
    return std::move(outputs_);
  }

 private:
  static constexpr RandomKey kRandom{1, 2};
  static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

  Buffer& make(const std::string& name, const std::vector<float>& values, DType dtype) {
    return *(buffers_[name] = std::make_unique<Buffer>(values, dtype));
  }
  Buffer& at(const std::string& name) { return *buffers_.at(name); }
  static std::string indexed(const char* name, size_t i) { return join(name, "[", i, "]"); }

  void fault(const std::string& text) { outputs_.fault += (outputs_.fault.empty() ? "" : "; ") + text; }
  void guard(const std::string& name, const Guarded& memory) {
    const std::string damage = memory.damage();
    if (!damage.empty()) fault(name + " was overrun " + damage);
  }
  void unchanged(const std::string& name, const std::vector<float>& values) {
    if (at(name).load() != values) fault(name + " was changed");
  }
  void keep(const std::string& name, Buffer& buffer) { outputs_.all.push_back({name, buffer.dtype, buffer.load()}); }

  void forward() {
    const std::string over = options_.y_over_x >= 0 ? indexed("x", static_cast<size_t>(options_.y_over_x)) : "y";
    for (size_t i = 0; i < case_.x.size(); ++i) args_.x[i] = at(indexed("x", i)).data();
    args_.y = at(over).data();
    kernel_.forward(args_);
    keep("y", at(over));
    for (size_t i = 0; i < case_.x.size(); ++i)
      if (indexed("x", i) != over) unchanged(indexed("x", i), data_.x[i]);
    for (size_t i = 0; i < params_.size(); ++i)
      if (kernel_.spec().train && !params_[i].trainable())
        keep(params_[i].suffix, at(params_[i].suffix));
      else
        unchanged(params_[i].suffix, data_.w[i]);
  }

  /// x and y hold NaN where the kernel does not say that backward reads them.
  void prepare_backward() {
    const DType dtype = kernel_.spec().dtype;
    if (options_.y_over_x >= 0) at("y").store(outputs_.all[0].values);
    args_.y = at("y").data();
    if (!kernel_.needs().backward_reads_y) at("y").memory.scribble();
    for (size_t i = 0; i < case_.x.size(); ++i) {
      Buffer& x = at(indexed("x", i));
      if (kernel_.needs().backward_reads_x)
        x.store(data_.x[i]);
      else
        x.memory.scribble();
    }
    workspace_.scribble();
    Buffer& dy = make("dy", data_.dy, case_.y_dtype(dtype));
    args_.dy = dy.data();
    for (size_t i = 0; i < case_.x.size(); ++i) {
      if (!kernel_.spec().need_dx[i]) continue;
      const bool over = options_.dx_over_dy == static_cast<int>(i);
      const std::vector<float> nothing(data_.x[i].size(), kNaN);
      Buffer& dx = over ? dy : make(indexed("dx", i), nothing, case_.x_dtype(dtype));
      if (options_.accumulate[i]) dx.store(data_.prior[i]);
      args_.accumulate[i] = options_.accumulate[i];
      args_.dx[i] = dx.data();
    }
    for (size_t i = 0; i < params_.size(); ++i) {
      const bool trainable = params_[i].trainable();
      if (trainable) make("dw " + params_[i].suffix, std::vector<float>(data_.w[i].size(), kNaN), DType::f32);
      args_.dw.push_back(trainable ? static_cast<float*>(at("dw " + params_[i].suffix).data()) : nullptr);
    }
  }

  void backward() {
    prepare_backward();
    kernel_.backward(args_);
    for (size_t i = 0; i < case_.x.size(); ++i) {
      if (!kernel_.spec().need_dx[i]) continue;
      Buffer& dx = options_.dx_over_dy == static_cast<int>(i) ? at("dy") : at(indexed("dx", i));
      keep(indexed("dx", i), dx);
    }
    if (options_.dx_over_dy < 0) unchanged("dy", data_.dy);
    for (size_t i = 0; i < params_.size(); ++i)
      if (params_[i].trainable()) {
        keep("dw " + params_[i].suffix, at("dw " + params_[i].suffix));
        unchanged(params_[i].suffix, data_.w[i]);
      }
  }

  Kernel& kernel_;
  const Case& case_;
  const Data& data_;
  const RunOptions options_;
  const std::vector<ParamSpec> params_;
  std::map<std::string, std::unique_ptr<Buffer>> buffers_;
  Guarded saved_, workspace_;
  KernelArgs args_;
  Outputs outputs_;
};

}  // namespace

Outputs run(Kernel& kernel, const Case& c, const Data& data, const RunOptions& options) {
  return Runner(kernel, c, data, options).run();
}

}  // namespace resnet::conformance
