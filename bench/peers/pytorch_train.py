# Training speed of PyTorch, in the modes people would try: eager and compiled, f32 and bf16 autocast, channels-last.
# cifar-resnet20 takes its batches through the same data pipeline as the product (pad 4, random crop, flip, mean), kept in
# memory and vectorised, because that is faster for PyTorch than worker processes; resnet50 takes a fixed synthetic batch.
"""One JSON line a mode on standard output: images_per_second, step_ms_p50, peak_memory_bytes and the mode's name."""
import argparse
import json
import os
import resource
import statistics
import threading
import time
from queue import Queue

import numpy
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


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride), 1x1; projection where the shape changes (option B)."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, 4 * channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * channels)
        self.shortcut = None
        if stride != 1 or channels_in != 4 * channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, 4 * channels, 1, stride, bias=False), nn.BatchNorm2d(4 * channels))

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = functional.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        return functional.relu(y + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


def cifar_resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    channels_in = 16
    for stage, channels in enumerate((16, 32, 64)):
        for block in range(3):
            layers.append(BasicBlock(channels_in, channels, 2 if stage and not block else 1))
            channels_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def resnet50():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    channels_in = 64
    for stage, (channels, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(blocks):
            layers.append(Bottleneck(channels_in, channels, 2 if stage and not block else 1))
            channels_in = 4 * channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


MODELS = {"cifar-resnet20": (cifar_resnet20, 32, 10), "resnet50": (resnet50, 224, 1000)}


def load_cifar(folder):
    """u8 [N,32,32,3] and labels, from CIFAR-10's binary files, or random ones of the same number without a folder."""
    if not folder:
        generator = numpy.random.default_rng(0)
        return (generator.integers(0, 256, (50000, 32, 32, 3), dtype=numpy.uint8),
                generator.integers(0, 10, 50000, dtype=numpy.int64))
    rows = [numpy.fromfile(os.path.join(folder, f"data_batch_{i}.bin"), dtype=numpy.uint8) for i in range(1, 6)]
    rows = numpy.concatenate(rows).reshape(-1, 3073)
    images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return numpy.ascontiguousarray(images), rows[:, 0].astype(numpy.int64)


class Pipeline:
    """Shuffled, augmented batches [B,3,32,32] in channels-last order, one prepared ahead by a thread."""

    def __init__(self, folder, batch):
        images, labels = load_cifar(folder)
        self.x = torch.from_numpy(images)
        self.mean = torch.from_numpy(images.mean(0, dtype=numpy.float32) / 255)
        self.labels = torch.from_numpy(labels)
        self.batch = batch
        self.queue = Queue(maxsize=2)
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        n, b = len(self.labels), self.batch
        steps = torch.arange(32)
        samples = torch.arange(b)[:, None, None]
        while True:
            order = torch.randperm(n)
            for first in range(0, n - b + 1, b):
                index = order[first : first + b]
                rows = torch.randint(0, 9, (b, 1)) + steps
                columns = torch.randint(0, 9, (b, 1)) + steps
                columns = torch.where(torch.rand(b, 1) < 0.5, columns.flip(1), columns)
                x = functional.pad(self.x[index].float().div_(255).sub_(self.mean), (0, 0, 4, 4, 4, 4))   # [B,40,40,3]
                x = x[samples, rows[:, :, None], columns[:, None, :]]   # [B,32,32,3]
                self.queue.put((x.permute(0, 3, 1, 2), self.labels[index]))

    def next(self):
        return self.queue.get()


class Fixed:
    """The same random batch again and again."""

    def __init__(self, batch, size, classes):
        self.x = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
        self.labels = torch.randint(0, classes, (batch,))

    def next(self):
        return self.x, self.labels


def measure(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    make, size, classes = MODELS[options.model]
    net = make().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1 if size == 32 else 0.01, momentum=0.9, weight_decay=1e-4)
    loss_of = nn.CrossEntropyLoss()
    data = Pipeline(options.data, options.batch) if size == 32 else Fixed(options.batch, size, classes)
    run = torch.compile(net) if options.compile else net

    def step():
        x, labels = data.next()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            loss = loss_of(run(x).float(), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(options.warmup):
        step()
    times = []
    begin = time.perf_counter()
    while len(times) < options.steps:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    seconds = time.perf_counter() - begin
    return {
        "program": "pytorch",
        "version": torch.__version__,
        "model": options.model,
        "mode": ("compiled" if options.compile else "eager") + " channels-last",
        "dtype": options.dtype,
        "batch": options.batch,
        "threads": options.threads,
        "images_per_second": round(options.batch * len(times) / seconds, 2),
        "step_ms_p50": round(1000 * statistics.median(times), 3),
        "peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="cifar-resnet20")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="bf16")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--warmup", type=int, default=5, help="steps before the clock starts")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--data", default="", help="folder with CIFAR-10's binary files (default: random pictures)")
    options = parser.parse_args()
    print(json.dumps(measure(options)), flush=True)


if __name__ == "__main__":
    main()
