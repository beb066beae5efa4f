# Files that the peers need and that take long to make (networks as ONNX, quantised networks): each in a folder of its own, made
# once. The folder is RESNET_PEERS_CACHE, or cache/ beside this file; it is never committed.
"""cached(name, write) -> the folder `name`, filled by write(folder) the first time."""
import os
import shutil


def cached(name, write):
    root = os.environ.get("RESNET_PEERS_CACHE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "cache")
    folder = os.path.join(root, name)
    if not os.path.isdir(folder):
        new = f"{folder}.{os.getpid()}"
        os.makedirs(new)
        try:
            write(new)
            os.rename(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return folder


def onnx_file(model, batch):
    """The network with seeded random weights and a fixed batch; input x [N,3,H,W], output y [N,classes]."""
    def write(folder):
        import nets   # here, so that a process that only reads the file does not carry PyTorch

        nets.export(model, batch, os.path.join(folder, "model.onnx"))

    return os.path.join(cached(f"onnx-{model}-b{batch}", write), "model.onnx")
