// Eigenvalues and eigenvectors of small symmetric matrices.
#pragma once

#include <cstdint>
#include <vector>

namespace resnet {

struct SymmetricEigen {
  std::vector<double> values;   ///< [n], falling
  std::vector<double> vectors;  ///< [n,n]: row i belongs to value i and has length 1; its sign is arbitrary
};

/// Of the symmetric n x n matrix `m`, by Jacobi's rotations.
SymmetricEigen symmetric_eigen(std::vector<double> m, int64_t n);

}  // namespace resnet
