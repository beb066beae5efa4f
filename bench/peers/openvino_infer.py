# Inference with OpenVINO: f32, bf16 and int8 (NNCF's post-training quantisation, calibrated on random pictures), with its hints
# for latency (one request at a time) and throughput (several in flight, on streams of their own).
"""One JSON line on standard output; the throughput mode has no latency, for its requests overlap."""
import argparse
import json
import os
import time

import numpy
import openvino

import cache
import timing


def file_of(model, batch, int8):
    def write(folder):
        net = openvino.Core().read_model(cache.onnx_file(model, batch))
        if int8:
            import nncf

            random = numpy.random.default_rng(1)
            pictures = [random.standard_normal(net.input().shape, dtype=numpy.float32) for _ in range(max(1, 8 // net.input().shape[0]))]
            net = nncf.quantize(net, nncf.Dataset(pictures), subset_size=len(pictures))
        openvino.save_model(net, os.path.join(folder, "model.xml"), compress_to_fp16=False)

    return os.path.join(cache.cached(f"openvino-{model}-b{batch}-{'int8' if int8 else 'f32'}", write), "model.xml")


def compiled(path, options):
    return openvino.Core().compile_model(path, "CPU", {
        "PERFORMANCE_HINT": options.mode.upper(), "INFERENCE_NUM_THREADS": options.threads,
        "INFERENCE_PRECISION_HINT": "bf16" if options.dtype == "bf16" else "f32"})


def throughput(net, x, options):
    """As many requests in flight as the plug-in asks for."""
    queue = openvino.AsyncInferQueue(net)
    done = 0

    def run(seconds):
        nonlocal done
        done, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds or done < 2 * len(queue):
            queue.start_async({0: x})
            done += 1
        queue.wait_all()
        return time.perf_counter() - begin

    run(options.warmup)
    seconds = run(options.seconds)
    return timing.describe("OpenVINO", openvino.__version__, options, options.batch * done, seconds, [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    timing.add_flags(parser, 1)
    options = parser.parse_args()
    options.mode = options.mode or "latency"
    path = file_of(options.model, options.batch, options.dtype == "int8")
    if options.prepare:
        return
    net = compiled(path, options)
    x = numpy.random.default_rng(0).standard_normal(net.input().shape, dtype=numpy.float32)
    if options.mode == "throughput":
        row = throughput(net, x, options)
    else:
        request = net.create_infer_request()
        request.set_input_tensor(openvino.Tensor(x))
        row = timing.measure("OpenVINO", openvino.__version__, options, request.infer)
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
