# Training speed of PyTorch, in the modes people would try: eager and compiled, f32 and bf16 autocast, channels-last.
# The CIFAR networks take their batches through the same data pipeline as the product (pad 4, random crop, flip, mean), kept in
# memory and vectorised, because that is faster for PyTorch than worker processes; the others take a fixed synthetic batch.
"""One JSON line on standard output."""
import argparse
import json
import os
import threading
from queue import Queue

import numpy
import torch
from torch import nn
from torch.nn import functional

import nets
import timing


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
    size, classes = nets.spec(options.model)
    net = nets.make(options.model).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1 if size == 32 else 0.01, momentum=0.9, weight_decay=1e-4)
    loss_of = nn.CrossEntropyLoss()
    data = Pipeline(options.data, options.batch) if size == 32 else Fixed(options.batch, size, classes)
    run = torch.compile(net) if options.mode == "compiled" else net

    def step():
        x, labels = data.next()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            loss = loss_of(run(x).float(), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return timing.measure("PyTorch", torch.__version__, options, step)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    timing.add_flags(parser, 32)
    parser.add_argument("--data", default="", help="folder with CIFAR-10's binary files (default: random pictures)")
    options = parser.parse_args()
    print(json.dumps(measure(options)), flush=True)


if __name__ == "__main__":
    main()
