# Fine-tuning (or training from scratch) on a folder of pictures with PyTorch and torchvision, by the settings that
# `resnet train --pretrained` uses: what results/finetune-hymenoptera.md compares accuracies with.
"""One JSON line a seed on standard output: test error after the last step and the lowest one, in percent."""
import argparse
import json
import math

import torch
import torchvision
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from torch.nn.init import kaiming_normal_
from torchvision import transforms

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


class Block(nn.Module):
    """The paper's block for CIFAR; shortcuts of option A pad zero channels behind the others."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.extra = stride, channels - channels_in

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        if self.extra:
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))
        return functional.relu(y + x)


class CifarResnet(nn.Module):
    def __init__(self, depth, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        n, channels_in = (depth - 2) // 6, 16
        for stage, channels in enumerate((16, 32, 64), 1):
            blocks = []
            for block in range(n):
                blocks.append(Block(channels_in, channels, 2 if stage > 1 and block == 0 else 1))
                channels_in = channels
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def make_net(options, classes):
    if options.model.startswith("cifar-resnet"):
        net = CifarResnet(int(options.model.removeprefix("cifar-resnet")), classes)
    else:
        net = getattr(torchvision.models, options.model)(num_classes=classes)
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    normalisation = IMAGENET
    if options.pretrained:
        tensors = load_file(options.pretrained)
        mean, std = tensors["preprocessing.mean"], tensors["preprocessing.std"]
        normalisation = (mean.reshape(-1, 3).mean(0).tolist(), std.tolist())
        own = {k: v for k, v in tensors.items() if k in net.state_dict() and not k.startswith("fc.")}
        missing = set(net.state_dict()) - set(own)
        assert all(k.startswith("fc.") or k.endswith("num_batches_tracked") for k in missing), missing
        net.load_state_dict(own, strict=False)
    return net, normalisation


def frozen_modules(net, stage):
    if not stage:
        return []
    stages = ["stem"] + [name for name, _ in net.named_children() if name.startswith("layer")]
    frozen = [net.conv1, net.bn1]
    for name in stages[1 : stages.index(stage) + 1]:
        frozen.append(getattr(net, name))
    return frozen


def read(folder, split):
    data = torchvision.datasets.ImageFolder(f"{folder}/{split}")
    return [(picture.copy(), label) for picture, label in data]


def learning_rate(step, steps, warmup, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


@torch.no_grad()
def error(net, x, labels):
    net.eval()
    wrong = sum((net(part).argmax(1) != of).sum().item() for part, of in zip(x.split(64), labels.split(64)))
    return 100 * wrong / len(labels)


def train(options, pictures, seed):
    torch.manual_seed(seed)
    classes = 1 + max(label for _, label in pictures["train"])
    net, (mean, std) = make_net(options, classes)
    net = net.to(memory_format=torch.channels_last)
    frozen = frozen_modules(net, options.freeze)
    for module in frozen:
        module.requires_grad_(False)
    size = options.size
    to_numbers = [transforms.ToTensor(), transforms.Normalize(mean, std)]
    augment = transforms.Compose([transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip()] + to_numbers)
    plain = transforms.Compose([transforms.Resize(size * 256 // 224), transforms.CenterCrop(size)] + to_numbers)
    val_x = torch.stack([plain(p) for p, _ in pictures["val"]]).to(memory_format=torch.channels_last)
    val_y = torch.tensor([label for _, label in pictures["val"]])
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0, momentum=0.9, weight_decay=1e-4)
    each = len(pictures["train"]) // options.batch
    errors, loss_sum = [], 0.0
    for epoch in range(options.epochs):
        net.train()
        for module in frozen:
            module.eval()
        loss_sum = 0.0
        order = torch.randperm(len(pictures["train"])).tolist()
        for i in range(each):
            chosen = [pictures["train"][k] for k in order[i * options.batch : (i + 1) * options.batch]]
            x = torch.stack([augment(p) for p, _ in chosen]).to(memory_format=torch.channels_last)
            rate = learning_rate(epoch * each + i, options.epochs * each, each, options.lr * options.batch / 256)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(net(x), torch.tensor([label for _, label in chosen]))
            loss.backward()
            optimizer.step()
            loss_sum += loss.item()
        errors.append(error(net, val_x, val_y))
    return {"seed": seed, "test_error": errors[-1], "best_test_error": min(errors), "train_loss": loss_sum / each}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="folder with train/CLASS and val/CLASS")
    parser.add_argument("--model", default="cifar-resnet20")
    parser.add_argument("--pretrained", default="", help="a .safetensors file of resnet.cpp's")
    parser.add_argument("--freeze", default="")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.05, help="for a batch of 256")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pictures = {split: read(options.data, split) for split in ("train", "val")}
    for seed in options.seeds:
        print(json.dumps({"model": options.model, **train(options, pictures, seed)}), flush=True)


if __name__ == "__main__":
    main()
