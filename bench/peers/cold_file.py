# ResNet-50 with seeded random weights as a checkpoint of this program, and a picture, for the time from start to first answer.
"""cold_file.py FOLDER: writes model.safetensors and picture.png there."""
import json
import os
import struct
import sys
import zlib

import numpy

import nets


def write_safetensors(path, tensors, metadata):
    header, offset = {"__metadata__": metadata}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            out.write(array.tobytes())


def write_png(path, pixels):
    """u8 [H,W,3]."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                  + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def checkpoint(folder):
    tensors = {name: tensor.numpy().astype(numpy.float32) for name, tensor in nets.make("resnet50").state_dict().items()
               if not name.endswith("num_batches_tracked")}
    tensors["preprocessing.mean"] = numpy.array([0.485, 0.456, 0.406], numpy.float32)
    tensors["preprocessing.std"] = numpy.array([0.229, 0.224, 0.225], numpy.float32)
    metadata = {"format": "resnet.cpp", "format_version": "1", "model": "resnet50", "image_size": "224",
                "classes": json.dumps([f"class {i}" for i in range(1000)])}
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors, metadata)
    pixels = numpy.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=numpy.uint8)
    write_png(os.path.join(folder, "picture.png"), pixels)


if __name__ == "__main__":
    checkpoint(sys.argv[1])
