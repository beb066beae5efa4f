// Winograd's transforms F(m, 3) of one dimension, shared by tiles and rows; the other dimension of a tile applies the same to what
// is transposed. Evaluation points of F(4, 3) are 0, ±a, ±b and infinity: with a = 5/8 and b = 3/2, F(4x4) in f32 is about twice as far
// from f64 as the direct sum. For files that are compiled for one instruction set (see simd.h): all is in an anonymous namespace. A
// Math says what a Vector of floats is, and has plus(sum, a, b) = sum + a·b and minus(sum, a, b) = sum - a·b for a float b.
#pragma once

namespace resnet {
namespace {

template <class Math, int M> struct WinogradTransform;

template <class Math> struct WinogradTransform<Math, 2> {
  typedef typename Math::Vector V;
  static constexpr int kIn = 4;
  static void input(V* x) {
    const V x0 = x[0] - x[2], x1 = x[1] + x[2], x2 = x[2] - x[1], x3 = x[1] - x[3];
    x[0] = x0, x[1] = x1, x[2] = x2, x[3] = x3;
  }
  static void output(const V* x, V* y) {
    y[0] = x[0] + x[1] + x[2];
    y[1] = x[1] - x[2] - x[3];
  }
  static void gradient(const V* y, V* z) { z[0] = y[0], z[1] = y[0] + y[1], z[2] = y[0] - y[1], z[3] = -y[1]; }
  static void weights(const V* g, V* u) {
    const V even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
    u[0] = g[0], u[1] = even + odd, u[2] = even - odd, u[3] = g[2];
  }
  static void weight_gradient(const V* u, V* g) {
    const V even = (u[1] + u[2]) * 0.5f;
    g[0] = u[0] + even, g[1] = (u[1] - u[2]) * 0.5f, g[2] = even + u[3];
  }
};

template <class Math> struct WinogradTransform<Math, 4> {
  typedef typename Math::Vector V;
  static constexpr int kIn = 6;
  static constexpr float a = 0.625f, b = 1.5f, a2 = a * a, b2 = b * b, a3 = a2 * a, b3 = b2 * b;
  static constexpr float k0 = 1 / (a2 * b2), ka = 1 / (2 * a2 * (a2 - b2)), kb = 1 / (2 * b2 * (b2 - a2));

  static void input(V* x) {
    const V ea = Math::minus(x[4], x[2], b2), oa = Math::minus(x[3], x[1], b2);
    const V eb = Math::minus(x[4], x[2], a2), ob = Math::minus(x[3], x[1], a2);
    x[0] = Math::plus(Math::minus(x[4], x[2], a2 + b2), x[0], a2 * b2);
    x[5] = Math::plus(Math::minus(x[5], x[3], a2 + b2), x[1], a2 * b2);
    x[1] = Math::plus(ea, oa, a), x[2] = Math::minus(ea, oa, a), x[3] = Math::plus(eb, ob, b),
    x[4] = Math::minus(eb, ob, b);
  }
  static void output(const V* x, V* y) {
    const V ea = x[1] + x[2], oa = x[1] - x[2], eb = x[3] + x[4], ob = x[3] - x[4];
    y[0] = x[0] + ea + eb;
    y[1] = oa * a + ob * b;
    y[2] = ea * a2 + eb * b2;
    y[3] = oa * a3 + ob * b3 + x[5];
  }
  static void gradient(const V* y, V* z) {
    const V ea = Math::plus(y[0], y[2], a2), oa = Math::plus(y[1], y[3], a2), eb = Math::plus(y[0], y[2], b2),
            ob = Math::plus(y[1], y[3], b2);
    z[1] = Math::plus(ea, oa, a), z[2] = Math::minus(ea, oa, a), z[3] = Math::plus(eb, ob, b),
    z[4] = Math::minus(eb, ob, b);
    z[0] = y[0], z[5] = y[3];
  }
  static void weights(const V* g, V* u) {
    const V ea = (g[0] + g[2] * a2) * ka, oa = g[1] * (a * ka), eb = (g[0] + g[2] * b2) * kb, ob = g[1] * (b * kb);
    u[0] = g[0] * k0, u[1] = ea + oa, u[2] = ea - oa, u[3] = eb + ob, u[4] = eb - ob, u[5] = g[2];
  }
  static void weight_gradient(const V* u, V* g) {
    const V ea = (u[1] + u[2]) * ka, oa = (u[1] - u[2]) * (a * ka), eb = (u[3] + u[4]) * kb,
            ob = (u[3] - u[4]) * (b * kb);
    g[0] = u[0] * k0 + ea + eb;
    g[1] = oa + ob;
    g[2] = ea * a2 + eb * b2 + u[5];
  }
};

}  // namespace
}  // namespace resnet
