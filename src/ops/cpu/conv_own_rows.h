// Forward and data gradient of a bf16 NHWC convolution as products of tiles: 16 output pixels x 32 inputs of the sum.
// A data gradient is a convolution of dy with turned weights, one for each of the stride x stride phases of dx.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ops/cpu/conv_pass.h"
#include "ops/cpu/conv_shape.h"
#include "ops/cpu/gemm_tile.h"

namespace resnet {

/// In the two source files conv_own_plan.cc (what is decided once) and conv_own_rows.cc (what runs).
class RowConv {
 public:
  /// `train`: the output is kept for long, and goes past the caches if it is larger than they are.
  static RowConv forward(const ConvShape& s, bool train);
  static RowConv data_gradient(const ConvShape& s);

  /// Converts [oc,c,k,k] f32 weights to bf16 tiles, which the object keeps.
  void pack(const float* w);

  struct Buffers {
    const uint16_t* x = nullptr;       ///< source: x, or dy
    uint16_t* y = nullptr;             ///< target: y, or dx
    const uint16_t* addend = nullptr;  ///< of the target's shape, added; may be y itself (accumulate)
    const float* bias = nullptr;       ///< [target channels], added
    bool relu = false;
    const OutputSums* sums = nullptr;  ///< what is added up over the target's pixels, or null
    Ahead* ahead = nullptr;            ///< run_range: what is fetched meanwhile, or null
    void* workspace = nullptr;
  };
  void run(const GemmIsa& isa, const Buffers& b) const;
  /// Pictures [first, first + count) by the calling thread alone; b.x points to the first of them. `first` is a multiple of
  /// group(), and so is count but for the last pictures.
  void run_range(const GemmIsa& isa, const Buffers& b, int64_t first, int64_t count, int thread) const;
  int64_t group() const { return group_; }
  /// A picture's pixels where the convolution sees a list of pixels instead of pictures, else 1.
  int64_t pictures_each() const { return pictures_each_; }
  size_t workspace_bytes() const;

 private:
  static constexpr int64_t kK = 32;    // elements of the sum in a tile
  static constexpr int kTogether = 4;  // blocks of result tiles that a thread works on side by side
  static constexpr int64_t kResultFloats = kTogether * kMaxTiles * kResultElements;

  /// One axis of a phase: output i (of count) is pixel first + i·target_step_ and sums over source pixels
  /// source + i·source_step_ + t, weighted by kernel position tap[t].
  struct Axis {
    std::vector<int64_t> tap;
    int64_t source = 0, first = 0, count = 0;
  };
  struct Phase {
    Axis y, x;
    std::vector<int64_t> a_step;   // of every K block, from the scratch's position of the output pixel
    std::vector<int64_t> pairs;    // of every K block, that have weights
    std::vector<int32_t> w_index;  // of every K, from weight column 0; -1: none
    size_t panels = 0;             // first packed weight
  };
  struct Extent {
    int64_t n, h, w, c;
  };
  // direct: tiles are read from x. blocked: copied as [c/32][row][column][picture][32]. flat: copied as [row][column][c],
  // where the K blocks run over the adjoining columns of the kernel. paired: 16 channels as [row][column][32], every pixel
  // followed by its right neighbour.
  enum class Layout { direct, blocked, flat, paired };
  /// A run of scratch columns: `count` pixels (elements, where lines_) from `source` in the row; source < 0: zeros.
  struct Part {
    int64_t source, target, count;
  };
  struct Item;
  struct Product;

  static Axis forward_axis(const ConvShape& s, int64_t count);
  static std::vector<Axis> gradient_axes(const ConvShape& s, int64_t extent);
  void plan(const ConvShape& s, int64_t channel_step);
  void choose_layout();
  void plan_window();
  void plan_parts();
  void plan_phase(Phase& p, int64_t k, int64_t channel_step);
  int64_t column_offset(int64_t column) const;
  Item item_of(const GemmIsa& isa, const Buffers& b, int thread) const;
  void run_items(Item& item, int64_t begin, int64_t end) const;
  void set_item(Item& item, int64_t i) const;
  int64_t row_tiles(const Phase& p, const Item& item) const;
  bool reads_source(const Item& item) const;
  void look_ahead(Item& item, int64_t i) const;
  static void fetch(const Item& item, int64_t k_blocks);
  void load_window(const Item& item) const;
  void load_row(const Item& item, int64_t row, int64_t g) const;
  void run_phase(const Phase& p, const Item& item) const;
  void run_short_sums(const Phase& p, const Item& item, int64_t tiles, int64_t begin, int64_t end) const;
  void run_long_sums(const Phase& p, const Item& item, int64_t tiles, int64_t j, int n) const;
  void set_up(Product& product, const Phase& p, const Item& item) const;
  void set_pixels(Product& product, const Phase& p, const Item& item, int64_t first, int m) const;
  void set_columns(Product& product, const Phase& p, const Item& item, int64_t j, int n) const;
  void find_targets(const Phase& p, const Item& item) const;

  Extent source_{}, target_{};
  int64_t source_step_ = 1, target_step_ = 1;
  int64_t kernel_ = 1;       // of every source_step_ rows and columns of the source, the first kernel_ are read
  int64_t column_step_ = 0;  // between weight columns (target channels)
  std::vector<Phase> phases_;
  Layout layout_ = Layout::direct;
  int64_t pictures_each_ = 1;
  bool by_columns_ = false;         // threads share out the target's channels, for there are more weights than pixels
  int64_t group_ = 1, groups_ = 0;  // pictures worked on together
  int64_t block_rows_ = 1, row_blocks_ = 1, max_rows_ = 0;
  int64_t window_y0_ = 0, window_x0_ = 0;  // source position of the scratch's first row and column, for output row 0
  int64_t window_cols_ = 0, span_y_ = 0, phase_cols_ = 0;
  bool stream_ = false;          // write around the caches
  bool lines_ = false;           // scratch rows are copied as they lie
  std::vector<Part> parts_;      // of a scratch row
  int64_t entry_ = 0;            // elements between neighbouring entries of a tile
  int64_t row_ = 0, plane_ = 0;  // elements of a scratch row and plane
  int64_t window_elements_ = 0, max_entries_ = 0;
  size_t thread_bytes_ = 0;
  int threads_ = 1;
  uint16_t* packed() const { return static_cast<uint16_t*>(packed_.raw()); }
  Tensor packed_;                // bf16, 64-byte aligned: a tile row that straddles two cache lines costs two loads
  std::vector<int64_t> b_step_;  // 0, 512, 1024, …
};

}  // namespace resnet
