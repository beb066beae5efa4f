"""Writes ten_crop.safetensors: what torchvision's TenCrop gives of two pictures of tests/data/golden.

Tensors: NAME, u8 [10,32,32,3], for Resize(35) and TenCrop(32) on the picture resize_NAME.ppm.
Run with: python3 make_ten_crop.py (needs numpy, Pillow, safetensors and torchvision).
"""

import pathlib

import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from torchvision.transforms import v2

FOLDER = pathlib.Path(__file__).parent


def crops(name):
    picture = Image.open(FOLDER / f"../data/golden/resize_{name}.ppm").convert("RGB")
    views = v2.TenCrop(32)(v2.Resize(35)(picture))
    return np.stack([np.asarray(view) for view in views])


if __name__ == "__main__":
    save_file({name: crops(name) for name in ("landscape", "portrait")}, FOLDER / "ten_crop.safetensors")
