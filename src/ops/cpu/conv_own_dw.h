// Weight gradient of a bf16 NHWC convolution as products of tiles. The reduced axis runs over pixels, and the two elements
// of a bf16 pair are the same pixel of two pictures: one packing of x then serves every kernel position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/cpu/conv_shape.h"
#include "ops/cpu/gemm_tile.h"

namespace resnet {

class Ahead;

class WeightGradient {
 public:
  /// ranged: for run_range() instead of run().
  explicit WeightGradient(const ConvShape& s, bool ranged = false);

  /// dw [oc,c,k,k] f32, overwritten. The sum over threads is in a fixed order.
  void run(const GemmIsa& isa, const uint16_t* x, const uint16_t* dy, float* dw, void* workspace) const;
  /// Adds pictures [0, count) of x and dy to the thread's own sums, or sets them (fresh). count is a multiple of
  /// range_step() but for the last pictures of a batch. `ahead` (or null) is fetched meanwhile.
  void run_range(const GemmIsa& isa, const uint16_t* x, const uint16_t* dy, int64_t count, int thread, bool fresh,
                 Ahead* ahead, void* workspace) const;
  /// dw from the sums of the threads that had any of `ranges` ranges, as parallel_for() shares them out.
  void finish_ranges(int64_t ranges, float* dw, void* workspace) const;
  int64_t range_step() const { return 2 * group_; }
  /// A picture's pixels where the convolution sees a list of pixels instead of pictures, else 1.
  int64_t pictures_each() const { return pictures_each_; }
  size_t workspace_bytes() const;

 private:
  /// The tensors of the product. Rows of the result are channels of one (packed transposed), columns kernel positions and
  /// channels of the other. Usually dy and x; the other way round for 1x1 kernels where that is less to transpose.
  struct Side {
    int64_t h, w, c, step;
  };                                             // output pixel (y,x) meets pixel (y·step, x·step)
  enum class Split { pictures, rows, columns };  // what the threads share out: pictures, or channels of a side
  struct Item;

  Item item_of(const uint16_t* x, const uint16_t* dy, int thread, void* workspace) const;
  void choose_split(bool ranged);
  void choose_chunks();
  void plan_steps();
  size_t bytes_of_row(int64_t row_blocks, int64_t column_blocks) const;
  void run_chunks(const GemmIsa& isa, Item& item, int64_t begin, int64_t end) const;
  void load_columns(const Item& item, int64_t slot) const;
  void load_pixels(const Item& item, int64_t slot) const;
  void load_line(const Item& item, const uint16_t* x, const uint16_t* x2, uint16_t* out) const;
  void load_rows(const Item& item, int64_t slot) const;
  void multiply(const GemmIsa& isa, const Item& item) const;
  std::vector<int64_t> parts_of(int64_t chunks) const;
  void store(const Item& item, int64_t row_block, const std::vector<int64_t>& parts, float* dw) const;
  void store_flat(const Item& item, int64_t row_block, const std::vector<int64_t>& parts, float* dw) const;

  int64_t n_, k_, pad_, oh_, ow_;
  bool pixels_ = false;  // a picture is a pixel, and not flat_
  int64_t pictures_each_ = 1;
  Side rows_{}, columns_{};
  bool swapped_ = false;  // rows are x's channels
  bool flat_ = false;     // columns are (kernel column, channel) as they lie, for odd channel counts
  Split split_ = Split::pictures;
  int threads_ = 1;
  int64_t group_ = 1, groups_ = 0;             // picture pairs side by side
  int64_t chunk_groups_ = 1, chunk_rows_ = 1;  // worked on at a time: whole groups, or output rows of one
  int64_t row_chunks_ = 1, chunks_ = 0;
  int64_t k_row_ = 0;  // K blocks of an output row
  int64_t window_cols_ = 0, phase_cols_ = 0;
  int64_t row_blocks_ = 0, column_blocks_ = 0;                // channel blocks of 16, of the whole sides
  int64_t thread_row_blocks_ = 0, thread_column_blocks_ = 0;  // at most, of a thread
  int64_t block_tiles_ = 0;                                   // result tiles of a column block
  std::vector<int64_t> tile_offset_;                          // of each, in the packed window
  int64_t line_ = 0, slot_ = 0, plane_ = 0;  // elements: a packed row of pixels, a group, a channel block
  std::vector<int64_t> a_step_, b_step_;     // of the K blocks of a chunk
  int64_t thread_floats_ = 0;                // from a thread's sums to the next one's
  size_t columns_bytes_ = 0, rows_bytes_ = 0, sums_bytes_ = 0;
};

}  // namespace resnet
