# recipes/fast/cifar10-94.toml in PyTorch: the same network, data, schedule and test, timed from the start of the process. Its
# settings are read from the recipe.
"""python bench/peers/fast94.py RECIPE --data FOLDER [--mode compiled] [--epochs N: stop there] [--seed S]"""
import time
START = time.time()
import argparse
import json
import math
import os
import threading
import tomllib
from queue import Queue

import numpy
import torch
from torch import nn
from torch.nn import functional


def read(folder, names):
    rows = numpy.concatenate([numpy.fromfile(os.path.join(folder, name), dtype=numpy.uint8) for name in names]).reshape(-1, 3073)
    images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return torch.from_numpy(numpy.ascontiguousarray(images)).float().div_(255), torch.from_numpy(rows[:, 0].astype(numpy.int64))


class ConvBatchNorm(nn.Module):
    """Convolution, max pool of `pool` pixels, batch norm, ReLU."""

    def __init__(self, channels_in, channels, pool=1):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.pool = pool
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        nn.init.dirac_(self.conv.weight.data[:channels_in])

    def forward(self, x):
        x = self.conv(x)
        return functional.relu(self.bn(functional.max_pool2d(x, self.pool) if self.pool > 1 else x))


class Stage(nn.Module):
    def __init__(self, channels_in, channels):
        super().__init__()
        self.widen = ConvBatchNorm(channels_in, channels, pool=2)
        self.block = ConvBatchNorm(channels, channels)

    def forward(self, x):
        x = self.widen(x)
        return self.block(x) + x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvBatchNorm(3, 32)
        self.layers = nn.Sequential(Stage(32, 64), Stage(64, 256), Stage(256, 256))
        self.fc = nn.Linear(256, 10)

    def forward(self, x):
        return self.fc(self.layers(self.stem(x)).amax((2, 3)) / 9)


def whiten(stem, x):
    patches = functional.unfold(x[:: len(x) // 2000].permute(0, 3, 1, 2), 3)          # [2000, 27, 900]
    patches = patches.permute(0, 2, 1).reshape(-1, 27)
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))           # rising
    half = (vectors / torch.sqrt(values + 5e-4)).T.flip(0)[:16].reshape(16, 3, 3, 3)
    stem.conv.weight.data = torch.cat([half, -half])
    stem.eval().requires_grad_(False)


class Pipeline:
    """Shuffled batches, padded and cropped at random, mirrored in every other epoch, one prepared ahead by a thread."""

    def __init__(self, x, labels, batch, pad):
        self.x, self.labels, self.batch, self.pad = functional.pad(x, (0, 0, pad, pad, pad, pad)), labels, batch, pad
        self.queue = Queue(maxsize=2)
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        b, steps = self.batch, torch.arange(32)
        mirror = torch.rand(len(self.labels), 1) < 0.5
        while True:
            order = torch.randperm(len(self.labels))
            mirror = ~mirror
            for first in range(0, len(order) - b + 1, b):
                index = order[first : first + b]
                rows = torch.randint(0, 2 * self.pad + 1, (b, 1)) + steps
                columns = torch.randint(0, 2 * self.pad + 1, (b, 1)) + steps
                columns = torch.where(mirror[index], columns.flip(1), columns)
                x = self.x[index[:, None, None], rows[:, :, None], columns[:, None, :]]
                self.queue.put((x.permute(0, 3, 1, 2), self.labels[index]))


def groups(net, settings):
    o = settings["optimizer"]
    biases = [p for n, p in net.named_parameters() if p.requires_grad and n.endswith("bias")]
    norms = [p for n, p in net.named_parameters() if p.requires_grad and n.endswith("bn.weight")]
    weights = [p for n, p in net.named_parameters() if p.requires_grad and p.dim() > 1]
    return [{"params": weights, "times": 1, "weight_decay": o["weight_decay"]}, {"params": norms, "times": 1, "weight_decay": 0},
            {"params": biases, "times": o["bias_lr"], "weight_decay": 0}]


def test_error(run, x, labels, dtype, shift):
    """Of the mean over pictures, the same moved by `shift` pixels both ways, and the mirror images of all three."""
    wrong = 0
    x = functional.pad(x, (0, 0, shift, shift, shift, shift))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bf16"):
        for first in range(0, len(x), 250):
            batch = x[first : first + 250]
            views = [batch[:, at : at + 32, at : at + 32] for at in (0, shift, 2 * shift)]
            scores = sum(run(v.permute(0, 3, 1, 2)).float().softmax(1) for view in views for v in (view, view.flip(2)))
            wrong += int((scores.argmax(1) != labels[first : first + 250]).sum())
    return 100 * wrong / len(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe")
    parser.add_argument("--data", required=True)
    parser.add_argument("--mode", choices=["eager", "compiled"], default="compiled")
    parser.add_argument("--dtype", choices=["bf16", "f32"], default="bf16")
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open(options.recipe, "rb") as file:
        settings = tomllib.load(file)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    x, labels = read(options.data, [f"data_batch_{i}.bin" for i in range(1, 6)])
    mean, std = x.mean((0, 1, 2)), x.std((0, 1, 2))
    x.sub_(mean).div_(std)
    net = Net().to(memory_format=torch.channels_last)
    net.train()
    whiten(net.stem, x)
    run = torch.compile(net) if options.mode == "compiled" else net
    train, o = settings["train"], settings["optimizer"]
    optimizer = torch.optim.SGD(groups(net, settings), lr=o["lr"], momentum=o["momentum"], nesterov=o["nesterov"])
    loss_of = nn.CrossEntropyLoss(label_smoothing=train["label_smoothing"])
    data = Pipeline(x, labels, train["batch"], settings["data"]["pad"])
    per_epoch = len(labels) // train["batch"]
    steps, warmup = train["epochs"] * per_epoch, settings["schedule"]["warmup"] * per_epoch
    for step in range((options.epochs or train["epochs"]) * per_epoch):
        factor = (step + 1) / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))
        for group in optimizer.param_groups:
            group["lr"] = o["lr"] * group["times"] * min(1, factor)
        images, truth = data.queue.get()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            loss = loss_of(run(images).float(), truth)
        loss.backward()
        optimizer.step()
        if (step + 1) % per_epoch == 0:
            print(json.dumps({"epoch": (step + 1) // per_epoch, "loss": round(loss.item(), 4), "seconds": round(time.time() - START, 1)}),
                  flush=True)
    net.eval()
    read_test, test_labels = read(options.data, ["test_batch.bin"])
    error = test_error(run, read_test.sub_(mean).div_(std), test_labels, options.dtype, train["test_shift"])
    print(json.dumps({"test_error": round(error, 2), "seconds": round(time.time() - START, 1), "mode": options.mode,
                      "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    main()
