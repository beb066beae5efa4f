# The weights that come with the program, in PyTorch: prints the ten logits of every 32x32 picture that is named.
# usage: python3 examples/pytorch_logits.py weights/cifar-resnet56.safetensors PICTURE...
# Needs torch, safetensors, numpy and Pillow.
import sys

import numpy
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

w = {name: tensor.float() for name, tensor in load_file(sys.argv[1]).items()}
blocks = sum(name.startswith("layer1.") and name.endswith(".conv1.weight") for name in w)   # a stage


def conv_bn(x, conv, bn, stride=1):
    y = F.conv2d(x, w[conv + ".weight"], stride=stride, padding=1)
    return F.batch_norm(y, w[bn + ".running_mean"], w[bn + ".running_var"], w[bn + ".weight"], w[bn + ".bias"])


def block(x, name, stride):
    y = conv_bn(F.relu(conv_bn(x, name + ".conv1", name + ".bn1", stride)), name + ".conv2", name + ".bn2")
    x = F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))   # shortcut option A
    return F.relu(y + x)


def net(x):
    x = F.relu(conv_bn(x, "conv1", "bn1"))
    for stage in (1, 2, 3):
        for i in range(blocks):
            x = block(x, f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1)
    return F.linear(x.mean((2, 3)), w["fc.weight"], w["fc.bias"])


for path in sys.argv[2:]:
    pixels = w["preprocessing.mean"].new_tensor(numpy.array(Image.open(path).convert("RGB")))
    x = (pixels / 255 - w["preprocessing.mean"]) / w["preprocessing.std"]
    print(*(f"{logit:.6f}" for logit in net(x.permute(2, 0, 1)[None])[0].tolist()))
