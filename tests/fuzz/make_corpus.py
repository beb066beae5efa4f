"""Writes the seeds of corpus/ that are no other test's files. Run with: python3 make_corpus.py (needs nothing else)."""

import json
import pathlib
import pickle
import zipfile

FOLDER = pathlib.Path(__file__).parent / "corpus"


def put(target, name, data):
    (FOLDER / target).mkdir(parents=True, exist_ok=True)
    (FOLDER / target / name).write_bytes(data)


def safetensors(header, data):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def main():
    f32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    put("safetensors", "one", safetensors({"a": f32}, b"\0" * 8))
    types = {"__metadata__": {"format": "pt"}}
    begin = 0
    for dtype, size in [("F64", 8), ("I64", 8), ("I32", 4), ("F16", 2), ("BF16", 2), ("U8", 1)]:
        types[dtype] = {"dtype": dtype, "shape": [1, 2], "data_offsets": [begin, begin + 2 * size]}
        begin += 2 * size
    put("safetensors", "types", safetensors(types, b"\1" * begin))
    put("safetensors", "empty", safetensors({}, b""))
    for name in ("zip", "nested", "network", "protocol4"):
        with zipfile.ZipFile(FOLDER.parent.parent / "io" / "torch" / (name + ".pth")) as archive:
            member = next(n for n in archive.namelist() if n.endswith("data.pkl"))
            put("pickle", name, archive.read(member))
    for protocol in range(6):
        value = {"a": [1, -2, 1 << 70, 1.5, True, None, "ü", b"x"], "b": (1, (2,), {3}), "c": "x" * 300}
        put("pickle", f"values{protocol}", pickle.dumps(value, protocol))
    names = "module.conv1.weight\nmodule.linear.bias\nmodule.layer1.0.shortcut.0.weight\n"
    put("names", "cifar", names.encode())
    put("names", "caffe", b"res2a_branch2a.weight\nbn4b22_branch2c.bias\nscale_conv1.weight\nfc1000.weight\n")
    put("names", "transformers", b"resnet.embedder.embedder.convolution.weight\nclassifier.1.weight\n")


main()
