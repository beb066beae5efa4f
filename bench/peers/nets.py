# The networks in PyTorch: torchvision's, and the paper's for CIFAR (option A), with seeded random weights; and as ONNX files,
# which the other peers read.
"""make(name), spec(name), export(name, batch, path)."""
import re

import torch
from torch import nn
from torch.nn import functional


class BasicBlock(nn.Module):
    """Two 3x3 convolutions; where the shape changes the shortcut subsamples and pads channels with zeros (option A)."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.extra = stride, channels - channels_in

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        if self.extra:
            before = self.extra // 2
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.extra - before))
        return functional.relu(y + x, inplace=True)


def cifar_resnet(depth):
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    channels_in = 16
    for stage, channels in enumerate((16, 32, 64)):
        for block in range((depth - 2) // 6):
            layers.append(BasicBlock(channels_in, channels, 2 if stage and not block else 1))
            channels_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def spec(name):
    """Side of the input in pixels, and classes."""
    return (32, 10) if name.startswith("cifar") else (224, 1000)


def make(name):
    torch.manual_seed(0)
    cifar = re.fullmatch(r"cifar-resnet(\d+)", name)
    if cifar:
        return cifar_resnet(int(cifar.group(1)))
    import torchvision   # slow to import, and the small networks do without

    return getattr(torchvision.models, name)(weights=None)


def export(name, batch, path):
    size = spec(name)[0]
    torch.onnx.export(make(name).eval(), (torch.zeros(batch, 3, size, size),), path, input_names=["x"], output_names=["y"],
                      dynamo=True, external_data=False, verbose=False)
