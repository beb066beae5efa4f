// Labelled pictures and the batches made of them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "resnet/tensor.h"

namespace resnet {

/// The filters of resizing; both are antialiased, and equal to Pillow's of these names to the last bit.
enum class Interpolation { bilinear, bicubic };

/// How a picture of any size becomes the square that a network reads: its shorter side is scaled to `resize`, then the
/// centre of size x size is cut out.
struct Fit {
  /// `shorter` 0: the same as `side`.
  Fit(int64_t side, int64_t shorter = 0, Interpolation filter = Interpolation::bilinear)
      : size(side), resize(shorter > 0 ? shorter : side), interpolation(filter) {}
  int64_t size, resize;
  Interpolation interpolation;
};

/// A part of a picture, in its pixels.
struct Rectangle {
  int64_t top, left, height, width;
};

/// Some of a picture's pixels.
struct PicturePart {
  Tensor pixels;                  ///< u8 [H,W,3], RGB
  int64_t top = 0, left = 0;      ///< where they lie in the picture
  int64_t height = 0, width = 0;  ///< of the whole picture
};

/// All of them.
PicturePart whole_part(const Tensor& picture);

/// The part that is needed of a picture of this height and width. A function of these alone: it may be called again.
using ChoosePart = std::function<Rectangle(int64_t height, int64_t width)>;

/// Labelled pictures. Thread-safe once opened.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual const std::vector<std::string>& classes() const = 0;
  virtual int label(int64_t i) const = 0;  ///< in [0, classes().size())
  /// u8 [H,W,3], RGB. Throws Error naming the file when it cannot be decoded.
  virtual Tensor image(int64_t i) const = 0;
  /// At least what `choose` wants of the picture; the same pixels as image() has there. Sets that can decode a part override
  /// this.
  virtual PicturePart part(int64_t i, const ChoosePart& choose) const;
  /// The same picture as u8 [size,size,3] at `out`, through resize_and_crop() where it does not fit. Sets that hold
  /// their pictures decoded override this to write them without an allocation.
  virtual void image_into(int64_t i, const Fit& fit, uint8_t* out) const;
  virtual std::string id(int64_t i) const = 0;  ///< "data_batch_1.bin:42", "ants/0013035.jpg": for messages and tables
  /// With DataOptions::skip_bad_images: whether picture i turned out to be unreadable when it was asked for, so that
  /// another picture of its class came in its place. Evaluation leaves such pictures out.
  virtual bool unreadable(int64_t) const { return false; }
  virtual std::vector<std::string> unreadable_pictures() const { return {}; }  ///< why, one message a picture so far
};

struct DataSplits {
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> val;  ///< what accuracy is measured on (the test set of CIFAR)
  std::string description;             ///< "CIFAR-10, 50000 + 10000 pictures of 32x32"
  std::vector<std::string> notes;      ///< what was assumed or passed over
  /// Pictures of many sizes: they are normalised by ImageNet's constants and resized to 256/224 of the network's input
  /// before the centre is cut out, unless a recipe says otherwise.
  bool photographs = false;
};

struct DataOptions {
  /// "50k" trains on all training pictures and validates on the test set; "45k" holds the last tenth of the training
  /// pictures out (CIFAR: 5,000) and validates on them (the paper's split for its choices).
  /// In folders of pictures: every tenth picture of each class.
  std::string train_split = "50k";
  int64_t image_size = 32;       ///< of synthetic pictures
  uint64_t seed = 0;             ///< of synthetic pictures
  bool skip_bad_images = false;  ///< replace pictures that cannot be read (see Dataset::unreadable), keep partial ones
  /// True: train and val must have the same classes, and a folder without val gives every tenth picture of each class to
  /// it. False (to evaluate): such a folder is validated on as a whole.
  bool training = true;
};

/// Opens what `spec` names: a folder, recognised by what is in it (CIFAR-10 or CIFAR-100 binary, folders of pictures by
/// class), or "synthetic:[train=N,val=N,classes=K,size=S,seed=N]" (all optional; by default 10000, 2000, 10 and what the
/// options say). Both splits are there, but may be empty.
/// Throws Error saying what was looked for and not found.
DataSplits open_data(const std::string& spec, const DataOptions& options = {});

/// How pixels become numbers: (pixel/255 - mean) / std. Stored with the weights.
struct Preprocessing {
  int64_t size = 32;   ///< side of the square net input
  int64_t resize = 0;  ///< the shorter side before the centre is cut out; 0: size
  Interpolation interpolation = Interpolation::bilinear;
  Tensor mean;  ///< f32 [3] per channel, or [size,size,3] per pixel (the paper's)
  Tensor std;   ///< f32 [3]

  Fit fit() const { return {size, resize, interpolation}; }
};

/// "pixel": per-pixel mean over all training pictures, std 1 (the paper's CIFAR recipe); "channel": mean and standard
/// deviation per channel, of the training pictures; "imagenet": the constants that are usual for photographs; "none":
/// mean 0, std 1.
Preprocessing measure_preprocessing(const Dataset& train, const std::string& kind, const Fit& fit);

/// What usual networks for ImageNet do: shorter side to 256/224 of the input, means and deviations of its channels.
Preprocessing imagenet_preprocessing(int64_t size);

/// Decodes a PNG, JPEG or WebP file (any grey, palette, alpha, 16-bit, CMYK variant) to u8 [H,W,3] RGB, upright by EXIF.
/// Throws Error naming the file and the reason.
Tensor read_image(const std::string& path);
/// u8 [H,W,3] -> u8 [size,size,3].
Tensor resize_and_crop(const Tensor& image, const Fit& fit);
/// u8 [size,size,3] -> f32 [size,size,3] at `out`.
void normalize(const Tensor& image, const Preprocessing& preprocessing, float* out);
void write_png(const std::string& path, const Tensor& image);  ///< u8 [H,W,3]

/// Random changes of training pictures, drawn from a stream keyed by (seed, epoch, sample): the number of workers, a
/// restart or the number of ranks changes nothing in what a sample looks like.
///
/// In this order: crop, flip, colour_jitter's four, TrivialAugment, normalisation, colour PCA, erasing, and of whole batches
/// mixup or CutMix. 0: off.
struct Augmentation {
  /// What is cut out of the picture. pad: what evaluation sees, moved by up to `pad` pixels. random: the shorter side is
  /// scaled to a whole number drawn from `resize`, then a square from a random place. resized: a rectangle of random area
  /// and shape, scaled to the square (torchvision's RandomResizedCrop).
  enum class Crop { pad, random, resized };

  int64_t pad = 0;    ///< zero-pad (after normalisation) by this much on each side, crop back at a random place
  bool flip = false;  ///< mirror left-right with probability 1/2
  /// flip only draws whether a picture's first epoch mirrors it; then every other one does (Jordan, arXiv 2404.00498)
  bool alternate_flip = false;
  Crop crop = Crop::pad;
  std::array<int64_t, 2> resize{0, 0};                 ///< of random: least and most; 0: as in evaluation
  std::array<float, 2> area{0.08f, 1.0f};              ///< of resized: shares of the picture's area
  std::array<float, 2> ratio{3.0f / 4, 4.0f / 3};      ///< of resized: width / height, drawn evenly in the logarithm
  float brightness = 0, contrast = 0, saturation = 0;  ///< factors from [max(0, 1 - value), 1 + value]
  float hue = 0;                                       ///< turns from [-hue, hue]; at most 1/2
  bool trivial_augment = false;                        ///< TrivialAugment (Wide), Müller and Hutter, arXiv 2103.10158
  float color_pca = 0;                                 ///< standard deviation of the multiples; AlexNet's is 0.1
  std::array<float, 3> pca_values{0.2175f, 0.0188f, 0.0045f};  ///< variances of pixel/255 along the axes; ImageNet's
  std::array<float, 9> pca_vectors{-0.5675f, -0.5808f, -0.5836f, 0.7192f, -0.0045f,
                                   -0.6948f, 0.4009f,  -0.8140f, 0.4203f};  ///< [3 axes][R, G, B]
  float erase = 0;   ///< probability of zeroing a rectangle (Random Erasing, Zhong et al., arXiv 1708.04896)
  float mixup = 0;   ///< parameter of the beta distribution (Zhang et al., arXiv 1710.09412)
  float cutmix = 0;  ///< the same of CutMix (Yun et al., arXiv 1905.04899); with both, each batch has one of them
};

struct LoaderOptions {
  int64_t batch = 128;
  bool shuffle = false;    ///< a new permutation each epoch, a function of (seed, epoch)
  bool drop_last = false;  ///< leave the last incomplete batch of an epoch out; else it comes with count < batch
  uint64_t seed = 0;
  /// Threads that prepare batches; 0: none, next() makes them with all computing threads; -1: as many as there are processors
  /// that do not compute, at most 2.
  int workers = -1;
  int prefetch = 4;  ///< batches prepared ahead
  Augmentation augmentation;
};

struct Batch {
  Tensor images;               ///< f32 [batch,size,size,3]; rows from `count` on are zero
  Tensor labels;               ///< i32 [batch]; 0 from `count` on
  Tensor other_labels;         ///< i32 [batch]: of the picture that was mixed in; else the same
  float share = 1;             ///< of `labels`; the rest belongs to `other_labels`
  std::vector<int64_t> index;  ///< of the samples in the data set
  int64_t count = 0;           ///< valid rows
};

/// Batches in order, prepared by worker threads ahead of time.
class Loader {
 public:
  Loader(std::shared_ptr<const Dataset> data, Preprocessing preprocessing, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  int64_t batches_per_epoch() const;
  /// Goes to batch `first` of epoch `epoch` (both from 0). Must be called before next().
  void seek(int64_t epoch, int64_t first = 0);
  /// The next batch of the epoch; false at its end. The batch stays valid until the next call. Rethrows what a worker
  /// threw (an unreadable picture).
  bool next(Batch& batch);
  double wait_seconds() const;  ///< total time that next() has waited for workers

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace resnet
