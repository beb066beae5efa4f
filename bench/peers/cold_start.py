# A peer's first answer: loads ResNet-50 from a file, as fast as the peer can (a graph that it has optimised before, or its own
# cache of compiled models), classifies one picture and prints the class. Started and timed by cold_clock.py.
"""cold_start.py PEER --dtype D; with --prepare it writes the files first and says which versions it found."""
import argparse
import json
import os

import cache


def pytorch(dtype, threads, prepare):
    import torch
    import torchvision

    def write(folder):
        import nets

        torch.save(nets.make("resnet50").state_dict(), os.path.join(folder, "model.pth"))

    path = os.path.join(cache.cached("pytorch-cold", write), "model.pth")
    if prepare:
        return torch.__version__
    torch.set_num_threads(threads)
    with torch.inference_mode(), torch.device("meta"):
        net = torchvision.models.resnet50(weights=None).eval()
    with torch.inference_mode():
        net.load_state_dict(torch.load(path, mmap=True, weights_only=True), assign=True)
        kind = torch.bfloat16 if dtype == "bf16" else torch.float32
        net = net.to(kind).to(memory_format=torch.channels_last)
        x = torch.zeros(1, 3, 224, 224, dtype=kind).to(memory_format=torch.channels_last)
        return int(net(x).argmax())


def onnxruntime(dtype, threads, prepare):
    import numpy
    import onnxruntime as ort

    del dtype   # it has f32 only

    def settings():
        s = ort.SessionOptions()
        s.intra_op_num_threads = threads
        return s

    def write(folder):
        s = settings()
        s.optimized_model_filepath = os.path.join(folder, "model.onnx")
        ort.InferenceSession(cache.onnx_file("resnet50", 1), s, providers=["CPUExecutionProvider"])

    path = os.path.join(cache.cached("onnxruntime-cold", write), "model.onnx")
    if prepare:
        return ort.__version__
    s = settings()
    s.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL   # the file is optimised already
    net = ort.InferenceSession(path, s, providers=["CPUExecutionProvider"])
    return int(net.run(None, {"x": numpy.zeros((1, 3, 224, 224), numpy.float32)})[0].argmax())


def openvino(dtype, threads, prepare):
    import numpy
    import openvino as ov

    def settings(folder):
        return {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "CACHE_DIR": folder,
                "INFERENCE_PRECISION_HINT": dtype}

    def write(folder):
        ov.save_model(ov.Core().read_model(cache.onnx_file("resnet50", 1)), os.path.join(folder, "model.xml"),
                      compress_to_fp16=False)

    folder = cache.cached(f"openvino-cold-{dtype}", write)
    net = ov.Core().compile_model(os.path.join(folder, "model.xml"), "CPU", settings(folder))
    if prepare:
        return ov.__version__
    return int(net(numpy.zeros((1, 3, 224, 224), numpy.float32))[0].argmax())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=("pytorch", "onnxruntime", "openvino"))
    parser.add_argument("--dtype", default="f32")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--prepare", action="store_true")
    options = parser.parse_args()
    answer = globals()[options.peer](options.dtype, options.threads, options.prepare)
    print(json.dumps({"version": answer} if options.prepare else {"class": answer}), flush=True)
    os._exit(0)   # what comes after the answer is not waited for


if __name__ == "__main__":
    main()
