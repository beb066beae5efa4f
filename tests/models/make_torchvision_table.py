"""Prints the rows of torchvision_test.cc: what torchvision's networks hold and compute.

Parameters, multiply-adds of convolutions and linear layers on one 224x224 picture, and a digest of the state dict: FNV-1a
over sorted lines "key extent extent ...\\n", without the counters num_batches_tracked.
Run with: python3 make_torchvision_table.py (needs torch and torchvision; allocates nothing).
"""

import torch
import torchvision.models

NAMES = """alexnet vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn resnet18 resnet34 resnet50 resnet101 resnet152
wide_resnet50_2 wide_resnet101_2 resnext50_32x4d resnext101_32x8d resnext101_64x4d""".split()


def multiply_adds(net):
    total = 0

    def count(module, inputs, output):
        nonlocal total
        if isinstance(module, torch.nn.Conv2d):
            kh, kw = module.kernel_size
            total += output.numel() * module.in_channels // module.groups * kh * kw
        else:
            total += inputs[0].numel() * module.out_features

    for module in net.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(count)
    net(torch.empty(1, 3, 224, 224, device="meta"))
    return total


def digest(net):
    state = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    text = "".join(" ".join([k, *map(str, state[k].shape)]) + "\n" for k in sorted(state))
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h


def main():
    for name in NAMES:
        with torch.device("meta"):
            net = getattr(torchvision.models, name)().eval()
        parameters = sum(p.numel() for p in net.parameters())
        print(f'    {{"{name}", {parameters}, {multiply_adds(net)}, {digest(net):#018x}u}},')


if __name__ == "__main__":
    main()
