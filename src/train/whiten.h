// A first convolution that starts as a whitening of the pictures' patches, so that what follows learns from decorrelated inputs
// of variance 1 from the first step on (Page, "How to train your ResNet", 2019).
#pragma once

#include "resnet/data.h"
#include "resnet/graph.h"

namespace resnet {

/// Sets the weights of the graph's first convolution: half of its channels are the eigenvectors with the largest eigenvalues of
/// the covariance of patches over some training pictures, each divided by the root of its eigenvalue; the other half their
/// negatives. Throws Error where the network does not begin with a convolution of pictures or that has no such two halves.
void whiten_first_conv(const Graph& graph, const Dataset& data, const Preprocessing& preprocessing, StateDict& weights);

}  // namespace resnet
