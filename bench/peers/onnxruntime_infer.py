# Inference with ONNX Runtime on the CPU: f32 and int8 (static quantisation to QDQ, per channel, calibrated on random pictures).
# It has no bf16 convolutions for this kind of processor.
"""One JSON line on standard output."""
import argparse
import json
import os

import numpy
import onnxruntime

import cache
import timing


class Pictures:
    """Calibration data as the quantiser asks for it."""

    def __init__(self, batch, size):
        random = numpy.random.default_rng(1)
        self.rows = [{"x": random.standard_normal((batch, 3, size, size), dtype=numpy.float32)} for _ in range(max(1, 8 // batch))]

    def get_next(self):
        return self.rows.pop() if self.rows else None


def int8_file(model, batch):
    def write(folder):
        import nets
        from onnxruntime import quantization as q

        prepared = os.path.join(folder, "prepared.onnx")
        q.shape_inference.quant_pre_process(cache.onnx_file(model, batch), prepared, skip_symbolic_shape=True)
        q.quantize_static(prepared, os.path.join(folder, "model.onnx"), Pictures(batch, nets.spec(model)[0]),
                          quant_format=q.QuantFormat.QDQ, per_channel=True, activation_type=q.QuantType.QUInt8,
                          weight_type=q.QuantType.QInt8)
        os.remove(prepared)

    return os.path.join(cache.cached(f"onnxruntime-{model}-b{batch}-int8", write), "model.onnx")


def session(path, threads):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    timing.add_flags(parser, 1)
    options = parser.parse_args()
    path = (int8_file if options.dtype == "int8" else cache.onnx_file)(options.model, options.batch)
    if options.prepare:
        return
    net = session(path, options.threads)
    x = numpy.random.default_rng(0).standard_normal(net.get_inputs()[0].shape, dtype=numpy.float32)
    row = timing.measure("ONNX Runtime", onnxruntime.__version__, options, lambda: net.run(None, {"x": x}))
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
