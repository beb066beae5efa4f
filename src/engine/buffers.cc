#include "engine/buffers.h"

#include <algorithm>

namespace resnet {

namespace {

class Placer {
 public:
  Placer(Compiled& c, bool train) : c_(c), train_(train), readers_(c.graph.nodes().size()) {
    for (Step& step : c_.steps) {
      step.forward = step.kept = {};
      step.gradient = {};
      for (const NodeId input : inputs_of(step)) readers_[static_cast<size_t>(input)].push_back(&step);
    }
    c_.buffers.clear();
  }

  void run() {
    schedule();
    value_.assign(readers_.size(), -1);
    value_[0] = c_.input = new_buffer(value_bytes(c_, 0), 0, last_read(0, false));
    for (Step& step : c_.steps) place_forward(step, step.forward, false);
    c_.logits = value_[static_cast<size_t>(output())];
    if (train_) {
      for (Step& step : c_.steps) place_kept(step);
      place_gradients();
    }
    c_.memory = plan_memory(c_.buffers);
  }

 private:
  const std::vector<NodeId>& inputs_of(const Step& step) const { return c_.graph.node(step.node).inputs; }
  Step& step_of(NodeId id) { return c_.steps[static_cast<size_t>(id) - 1]; }
  NodeId output() const { return c_.graph.output() - (train_ ? 1 : 0); }
  bool repeated(NodeId id) { return id > 0 && step_of(id).repeated; }
  bool has_gradient(NodeId id) { return id > 0 && step_of(id).backward; }

  // Forward of node i is at time i; then backward, from the last one on, with repetitions where they are due.
  void schedule() {
    again_.assign(readers_.size(), 0);
    backward_.assign(readers_.size(), 0);
    end_ = static_cast<int>(readers_.size());
    for (NodeId id = c_.graph.output(); id > 0 && train_; --id) {
      if (const NodeId from = step_of(id).repeat_from; from > 0)
        for (NodeId r = from; r < id; ++r)
          if (repeated(r)) again_[static_cast<size_t>(r)] = end_++;
      backward_[static_cast<size_t>(id)] = end_++;
    }
  }
  int forward_time(NodeId id, bool again) const { return again ? again_[static_cast<size_t>(id)] : id; }
  int backward_time(NodeId id) const { return backward_[static_cast<size_t>(id)]; }

  int new_buffer(size_t size, int first, int last) {
    c_.buffers.push_back({size, first, last});
    return static_cast<int>(c_.buffers.size()) - 1;
  }
  BufferLife& life(int buffer) { return c_.buffers[static_cast<size_t>(buffer)]; }
  void extend(int buffer, int time) { life(buffer).last = std::max(life(buffer).last, time); }

  // Whether backward reads what this computation of the node leaves, and not what a later one does.
  bool is_kept(NodeId id, bool again) { return train_ && (again || !repeated(id)); }

  // When the value of node `id`, of its first computation or of its repetition, is last read.
  int last_read(NodeId id, bool again) {
    int last = !again && id >= output() ? end_ : forward_time(id, again);  // logits and loss are read after the run
    for (const Step* reader : readers_[static_cast<size_t>(id)]) {
      if (!again) last = std::max(last, forward_time(reader->node, false));
      if (!is_kept(id, again)) continue;
      if (reader->repeated) last = std::max(last, forward_time(reader->node, true));
      if (reader->backward && reader->kernel->needs().backward_reads_x)
        last = std::max(last, backward_time(reader->node));
    }
    if (has_gradient(id) && is_kept(id, again) && step_of(id).kernel->needs().backward_reads_y)
      last = std::max(last, backward_time(id));
    return last;
  }

  void read_inputs(const Step& step, ForwardBuffers& b, bool again) {
    const std::vector<NodeId>& inputs = inputs_of(step);
    for (size_t i = 0; i < inputs.size(); ++i) b.x[i] = value_[static_cast<size_t>(inputs[i])];
    if (inputs[0] == 0) return;
    const Step& from = step_of(inputs[0]);
    const ForwardBuffers& x = again ? from.kept : from.forward;
    b.x_deferral = from.deferred ? x.y_deferral : step.delegator > 0 ? x.saved : -1;
  }

  void place_forward(Step& step, ForwardBuffers& b, bool again) {
    const NodeId id = step.node;
    const std::vector<NodeId>& inputs = inputs_of(step);
    const KernelNeeds& needs = step.kernel->needs();
    const int now = forward_time(id, again), last = last_read(id, again);
    const int kept = step.backward && is_kept(id, again) ? backward_time(id) : now;
    read_inputs(step, b, again);
    for (size_t i = 0; i < inputs.size() && b.y < 0; ++i)
      if (needs.y_over_x[i] && life(b.x[i]).last == now && value_bytes(c_, inputs[i]) == value_bytes(c_, id) &&
          b.x[i] != b.x[1 - i])
        b.y = b.x[i];
    if (b.y < 0) b.y = new_buffer(value_bytes(c_, id), now, now);
    extend(b.y, last);
    value_[static_cast<size_t>(id)] = b.y;
    if (needs.workspace_bytes) b.workspace = new_buffer(needs.workspace_bytes, now, now);
    if (step.kernel->spec().train && needs.saved_bytes) b.saved = new_buffer(needs.saved_bytes, now, kept);
    if (step.deferred) b.y_deferral = new_buffer(needs.deferral_bytes, now, std::max(kept, last));
  }

  // In forward order: values of nodes that are repeated are from here on those of the repetition.
  void place_kept(Step& step) {
    if (step.repeated) return place_forward(step, step.kept, true);
    step.kept = step.forward;
    read_inputs(step, step.kept, true);
  }

  size_t gradients_of(NodeId id) const {
    const Node& node = c_.graph.node(id);
    size_t bytes = 0;
    for (const ParamSpec& p : node.op->params(input_shapes(node, c_.shapes))) bytes += gradient_bytes(p);
    return bytes;
  }

  // Walks backward: the first reader met writes a node's gradient, later ones add to it.
  void place_gradients() {
    std::vector<int> gradient(c_.graph.nodes().size(), -1);
    for (size_t s = c_.steps.size(); s-- > 0;) {
      Step& step = c_.steps[s];
      if (!step.backward) continue;
      GradientBuffers& b = step.gradient;
      b.dy = gradient[static_cast<size_t>(step.node)];
      const int now = backward_time(step.node);
      const KernelNeeds& needs = step.kernel->needs();
      if (needs.workspace_bytes) b.workspace = new_buffer(needs.workspace_bytes, now, now);
      if (const size_t bytes = gradients_of(step.node)) b.dw = new_buffer(bytes, now, end_);
      for (size_t i = 0; i < inputs_of(step).size(); ++i) {
        const NodeId input = inputs_of(step)[i];
        if (!has_gradient(input)) continue;
        const size_t size = value_bytes(c_, input);
        int& target = gradient[static_cast<size_t>(input)];
        if (target < 0) {
          const bool in_place =
              needs.dx_over_dy[i] && b.dy >= 0 && size == value_bytes(c_, step.node) && b.dx[0] != b.dy;
          target = in_place ? b.dy : new_buffer(size, now, now);
          b.dx[i] = target;
          extend(target, backward_time(input));
        } else if (needs.accumulates[i]) {
          b.dx[i] = target;
          b.accumulate[i] = true;
        } else {
          b.dx[i] = new_buffer(size, now, now);
          b.add_to[i] = target;
        }
      }
    }
  }

  Compiled& c_;
  const bool train_;
  std::vector<std::vector<const Step*>> readers_;
  std::vector<int> again_, backward_;  // times of every node's repetition and backward
  std::vector<int> value_;             // buffer of every node's output
  int end_ = 0;
};

}  // namespace

void place_buffers(Compiled& c, bool train) { Placer(c, train).run(); }

}  // namespace resnet
