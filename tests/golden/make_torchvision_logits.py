"""Writes torchvision_logits.safetensors: what torchvision's networks answer for one picture.

Weights and picture are computed by a formula that tests/engine/torchvision_logits_test.cc computes too, to the same bits, so
that the file holds logits only: F32 [1000] a network. PyTorch runs in float64; its own distance from that in float32 and in
bf16 (autocast), of the rms logit, is printed as a yardstick.
Run with: python3 make_torchvision_logits.py (needs numpy, safetensors, torch and torchvision, and 4 GB).
"""

import math
import pathlib

import numpy as np
import torch
import torchvision.models
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).parent
NAMES = """alexnet vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn resnet18 resnet34 resnet50 resnet101 resnet152
wide_resnet50_2 wide_resnet101_2 resnext50_32x4d resnext101_32x8d resnext101_64x4d""".split()


def noise(name, n):
    """n values in [-1, 1): a 32-bit mix of FNV-1a of the name, counting up."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = (h ^ byte) * 0x01000193 % 2**32
    x = np.arange(n, dtype=np.uint32) + np.uint32(h)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    return (x >> np.uint32(8)).astype(np.float32) * np.float32(2**-23) - np.float32(1)


def tensor(key, shape, last):
    """He's variance for weights; batch norms near the identity, those that end a residual branch at a quarter of it."""
    v = noise(key, math.prod(shape))
    if len(shape) > 1:
        v *= np.float32(math.sqrt(6 / math.prod(shape[1:])))
    elif key.endswith("running_var"):
        v = np.float32(1) + np.float32(0.25) * v
    elif key.endswith(".weight"):
        v = (np.float32(1) + np.float32(0.125) * v) * np.float32(0.25 if key.endswith(last) else 1)
    else:
        v *= np.float32(0.125)
    return torch.from_numpy(v.reshape(shape))


def state(net):
    shapes = {k: v.shape for k, v in net.state_dict().items()}
    last = ".bn3.weight" if any(k.endswith(".bn3.weight") for k in shapes) else ".bn2.weight"
    return {k: torch.tensor(0) if k.endswith("num_batches_tracked") else tensor(k, s, last) for k, s in shapes.items()}


def distance(a, b):
    return ((a.double() - b).abs().max() / b.square().mean().sqrt()).item()


@torch.inference_mode()
def logits(name):
    with torch.device("meta"):
        net = getattr(torchvision.models, name)().eval()
    net.load_state_dict(state(net), assign=True)
    x = torch.from_numpy(noise("picture", 224 * 224 * 3).reshape(1, 224, 224, 3)).permute(0, 3, 1, 2).contiguous()
    f32 = net(x)
    with torch.autocast("cpu", torch.bfloat16):
        bf16 = net(x)
    y = net.double()(x.double())
    print(f"{name:18} rms {y.square().mean().sqrt():.3f}  f32 {distance(f32, y):.1e}  bf16 {distance(bf16, y):.1e}", flush=True)
    return y[0].float()


if __name__ == "__main__":
    save_file({name: logits(name) for name in NAMES}, FOLDER / "torchvision_logits.safetensors")
