"""Writes corpus/onnx/small: one node of each kind that a classification network has. Run with: python3 make_onnx_seed.py
(needs onnx and numpy)."""

import pathlib

import numpy
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent / "corpus" / "onnx"


def tensor(name, *shape):
    return numpy_helper.from_array(numpy.ones(shape, numpy.float32), name)


NODES = [
    helper.make_node("Conv", ["x", "w"], ["a"], kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]),
    helper.make_node("BatchNormalization", ["a", "s", "s", "s", "s"], ["b"], epsilon=1e-5),
    helper.make_node("Relu", ["b"], ["c"]),
    helper.make_node("MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2]),
    helper.make_node("Add", ["d", "d"], ["e"]),
    helper.make_node("GlobalAveragePool", ["e"], ["f"]),
    helper.make_node("Flatten", ["f"], ["g"]),
    helper.make_node("Gemm", ["g", "v", "t"], ["y"], transB=1),
]
picture = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])
logits = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])
weights = [tensor("w", 2, 3, 3, 3), tensor("s", 2), tensor("v", 2, 2), tensor("t", 2)]
FOLDER.mkdir(parents=True, exist_ok=True)
model = helper.make_model(helper.make_graph(NODES, "g", [picture], [logits], weights))
(FOLDER / "small").write_bytes(model.SerializeToString())
