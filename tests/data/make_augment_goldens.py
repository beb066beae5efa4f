#!/usr/bin/env python3
"""Makes tests/data/golden/augment.ppm: a picture of 24x24 and below it what torchvision makes of it on Pillow, change after
change, in the order of CASES, which tests/data/augment_test.cc repeats. Needs torchvision: python3 make_augment_goldens.py
"""
import numpy as np
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import TrivialAugmentWide, _apply_op

from make_goldens import picture, write_ppm

STRENGTHS = (7, 30)
SPACE = TrivialAugmentWide()._augmentation_space(31)
JITTERS = [
    (F.adjust_brightness, (0.3, 1.7)),
    (F.adjust_contrast, (0.3, 1.7)),
    (F.adjust_saturation, (0.0, 1.7)),
    (F.adjust_sharpness, (0.3, 1.7)),
    (F.adjust_hue, (-0.5, -0.1, 0.3)),
]


def cases(image):
    for change, values in JITTERS:
        for value in values:
            yield change(image, value)
    for name, (magnitudes, signed) in SPACE.items():
        for strength in STRENGTHS:
            for sign in (1, -1) if signed else (1,):
                magnitude = float(magnitudes[strength]) if magnitudes.ndim else 0.0
                yield _apply_op(image, name, sign * magnitude, InterpolationMode.NEAREST, None)


if __name__ == "__main__":
    image = Image.fromarray(picture(24, 24, 20))
    write_ppm("augment.ppm", np.concatenate([np.asarray(image)] + [np.asarray(c) for c in cases(image)]))
