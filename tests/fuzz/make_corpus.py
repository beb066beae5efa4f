"""Writes the seeds of corpus/ that are no other test's files. Run with: python3 make_corpus.py (needs nothing else)."""

import io
import json
import pathlib
import pickle
import tarfile
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
    data_sets()


def data_sets():
    golden = FOLDER.parent.parent / "data" / "golden"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in [
            ("a/1.jpg", (golden / "grey.jpg").read_bytes()),
            ("a/1.cls", b"1\n"),
            ("b" * 110 + "/2.png", (golden / "grey1.png").read_bytes()),
            ("b" * 110 + "/2.cls", b"0"),
            ("3.json", b"{}"),
        ]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    put("shards", "two", archive.getvalue().rstrip(b"\0") + bytes(512))
    put("cifar", "ten", bytes([0]) + bytes(range(10))[3:4] + bytes(3072))
    put("cifar", "hundred", bytes([1]) + bytes([19, 99]) + bytes(3072))
    put("cifar", "named", bytes([10]) + b"\n".join(b"name%d" % k for k in range(10)).ljust(80) + bytes([9]) + bytes(3072))
    put("truth", "ids", b"3\n1\n2\n%\nn02119789 1 kit_fox\nn02100735 2 English_setter\nn01440764 3 tench\n")
    put("truth", "named", b"v_2.JPEG 1\nx/v_3.JPEG 0\nv_1 1\n%\nred fox\nant\n")
    put("truth", "csv", b"ImageId,PredictionString\nv_3,n02 1 2 3\nv_1,n01 85\nv_2,n02 1\n")
    put("truth", "words", b"b\r\na\r\nb\r\n")


main()
