// Mixup (Zhang et al., arXiv 1710.09412) and CutMix (Yun et al., arXiv 1905.04899) of a batch: picture i and picture
// count-1-i get a part of each other, of one size for the whole batch.
#pragma once

#include "core/rng.h"
#include "resnet/data.h"

namespace resnet {

/// Mixes the pictures of a batch and sets its other_labels and share. Where both are on, one of them is drawn.
void mix(Batch& batch, const Augmentation& a, Rng& rng);

/// From the beta distribution with both parameters `alpha` > 0.
float draw_beta(float alpha, Rng& rng);

}  // namespace resnet
