#include "engine/step_info.h"

namespace resnet {

namespace {

int64_t bytes(const Compiled& c, NodeId id) { return static_cast<int64_t>(value_bytes(c, id)); }

}  // namespace

StepInfo step_info(const Compiled& c, const Step& step, bool train) {
  const KernelSpec& spec = step.kernel->spec();
  const Node& n = c.graph.node(step.node);
  StepInfo info;
  info.name = n.name;
  info.op = n.op->kind();
  info.kernel = step.kernel->name();
  info.attributes = n.op->describe();
  info.why = step.why;
  info.x = spec.x;
  info.y = spec.y;
  info.multiply_adds = n.op->multiply_adds(spec.x);
  int64_t x_bytes = 0, weight_bytes = 0;
  for (const NodeId id : n.inputs) x_bytes += bytes(c, id);
  for (const ParamSpec& p : n.op->params(spec.x))
    weight_bytes += p.shape.elements() * static_cast<int64_t>(size_of(p.dtype == DType::f32 ? spec.dtype : p.dtype));
  info.forward_bytes = x_bytes + bytes(c, step.node) + weight_bytes;
  info.repeated = step.repeated;
  if (!train || !step.backward) return info;
  info.backward_multiply_adds = info.multiply_adds * (spec.need_dx[0] ? 2 : 1);
  // dy is read; dx written; x, y and saved read where the kernel says so; weights read and their f32 gradients written.
  const KernelNeeds& needs = step.kernel->needs();
  info.backward_bytes = bytes(c, step.node) + (spec.need_dx[0] ? x_bytes : 0) + (needs.backward_reads_x ? x_bytes : 0) +
                        (needs.backward_reads_y ? bytes(c, step.node) : 0) + static_cast<int64_t>(needs.saved_bytes) +
                        3 * weight_bytes;
  return info;
}

}  // namespace resnet
