# torchvision's ImageFolder with Pillow, in one process: how many pictures a second it reads and prepares.
"""One JSON line with the keys that `resnet data speed --json` has too."""
import argparse
import json
import os
import resource
import time

import PIL
import torch
import torchvision
from torchvision import transforms


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="a folder with a folder a class")
    parser.add_argument("--crop", choices=("center", "resized"), default="center")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5)
    return parser.parse_args()


def pipeline(options):
    if options.crop == "resized":
        first = [transforms.RandomResizedCrop(options.size), transforms.RandomHorizontalFlip()]
    else:
        first = [transforms.Resize(options.size * 256 // 224), transforms.CenterCrop(options.size)]
    return transforms.Compose([*first, transforms.ToTensor(),
                               transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


def epoch(loader):
    return sum(len(labels) for _, labels in loader)


def main():
    options = arguments()
    torch.set_num_threads(1)
    data = torchvision.datasets.ImageFolder(options.data, pipeline(options))
    loader = torch.utils.data.DataLoader(data, options.batch, shuffle=options.crop == "resized", num_workers=0)
    epoch(loader)   # files come into the caches
    pictures, start = 0, time.perf_counter()
    while pictures == 0 or time.perf_counter() - start < options.seconds:
        pictures += epoch(loader)
    seconds = time.perf_counter() - start
    print(json.dumps({"data": os.path.basename(options.data), "crop": options.crop, "image_size": options.size,
                      "batch": options.batch, "samples": pictures, "images_per_second": pictures / seconds,
                      "peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                      "version": f"torch {torch.__version__}, torchvision {torchvision.__version__}, "
                                 f"Pillow {PIL.__version__}"}))


main()
