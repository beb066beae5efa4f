"""Writes the files of torch/: what torch.save makes of a few small tensors, in its zip and its older format.

Run with: python3 make_torch_files.py (needs torch). Every file holds the tensors of values(), alone or inside of something.
"""

import collections
import os
import pathlib
import zipfile

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent / "torch"


def values():
    """Every type; a view with strides; two slices of one storage; a scalar; nothing at all."""
    base = torch.arange(12, dtype=torch.float32)
    return collections.OrderedDict(
        f32=torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
        transposed=(torch.arange(6, dtype=torch.float32).reshape(3, 2) / 4).t(),
        channels_last=torch.arange(24, dtype=torch.float32).reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
        slice=base[3:7],
        every_other=base[1:8:2],
        f64=torch.tensor([0.5, -1], dtype=torch.float64),
        f16=torch.tensor([1.5, -2], dtype=torch.float16),
        bf16=torch.tensor([1, -0.5, 3], dtype=torch.bfloat16),
        i64=torch.tensor(41),
        i32=torch.tensor([-3], dtype=torch.int32),
        u8=torch.tensor([255, 1], dtype=torch.uint8),
        parameter=nn.Parameter(torch.tensor([2.0, 4.0])),
        nothing=torch.empty(0, 4),
    )


class Evil:
    def __reduce__(self):
        return os.system, ("touch evil_was_here",)


def network():
    net = nn.Sequential(collections.OrderedDict(conv=nn.Conv2d(1, 2, 1, bias=False), bn=nn.BatchNorm2d(2)))
    with torch.no_grad():
        net.conv.weight.copy_(torch.tensor([0.5, 0.25]).reshape(2, 1, 1, 1))
    return net


def big_endian(source, target):
    """The same archive as a big-endian machine writes it."""
    sizes = {0: 4, 1: 4, 2: 4, 3: 4, 4: 8, 5: 2, 6: 2, 7: 8, 8: 4, 9: 1, 10: 4, 11: 4}
    with zipfile.ZipFile(source) as zin, zipfile.ZipFile(target, "w") as zout:
        for name in zin.namelist():
            data = zin.read(name)
            if name.endswith("/byteorder"):
                data = b"big"
            elif "/data/" in name and "." not in name.split("/")[-1]:
                size = sizes[int(name.split("/")[-1])]
                data = b"".join(data[i : i + size][::-1] for i in range(0, len(data), size))
            zout.writestr(name, data)


def main():
    FOLDER.mkdir(exist_ok=True)
    torch.save(values(), FOLDER / "zip.pth")
    torch.save(values(), FOLDER / "legacy.th", _use_new_zipfile_serialization=False)
    nested = {"epoch": 3, "best": 0.5, "state_dict": {"module." + k: v for k, v in values().items()}, "x": Evil()}
    torch.save(nested, FOLDER / "nested.pth")
    torch.save(nested, FOLDER / "nested.th", _use_new_zipfile_serialization=False)
    torch.save(values(), FOLDER / "protocol4.pth", pickle_protocol=4)
    torch.save(network(), FOLDER / "network.pth")
    big_endian(FOLDER / "zip.pth", FOLDER / "big_endian.pth")


main()
