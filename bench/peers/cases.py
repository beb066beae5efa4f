# What scripts/bench-peers measures: the cases, and the ways in which every program is run on them.
"""cases(options) -> list of Case; runs(case, options) -> list of Run, ours first."""
import dataclasses
import os
import subprocess
import sys

import cache
import machine

MODELS = {   # kind -> models and batches, dtypes
    "INFER": ([("resnet18", 1), ("resnet18", 16), ("resnet50", 1), ("resnet50", 16)], ("bf16", "f32", "int8")),
    "COLD": ([("resnet50", 1)], ("bf16", "f32")),
    "TRAIN": ([("resnet50", 32), ("resnet18", 32), ("resnet34", 32), ("cifar-resnet20", 128), ("cifar-resnet56", 128),
               ("cifar-resnet110", 128)], ("bf16", "f32")),
}
PEERS = {    # kind -> program, script, mode, dtypes
    "TRAIN": [("PyTorch", "pytorch_train.py", "eager", "bf16 f32"), ("PyTorch", "pytorch_train.py", "compiled", "bf16 f32")],
    "INFER": [("PyTorch", "pytorch_infer.py", "eager", "bf16 f32"), ("PyTorch", "pytorch_infer.py", "compiled", "bf16 f32"),
              ("ONNX Runtime", "onnxruntime_infer.py", "all optimisations", "f32 int8"),
              ("OpenVINO", "openvino_infer.py", "latency", "bf16 f32 int8"),
              ("OpenVINO", "openvino_infer.py", "throughput", "bf16 f32 int8")],
    "COLD": [("PyTorch", "pytorch", "eager", "bf16 f32"), ("ONNX Runtime", "onnxruntime", "optimised file", "f32"),
             ("OpenVINO", "openvino", "cached model", "bf16 f32")],
}


@dataclasses.dataclass(frozen=True)
class Case:
    kind: str
    model: str
    batch: int
    dtype: str

    def __str__(self):
        return f"{self.kind} {self.model} batch {self.batch} {self.dtype}"


@dataclasses.dataclass
class Run:
    """One way of measuring a case. `prepare` is a command that has to run once before, or empty."""
    case: Case
    program: str
    mode: str
    command: list
    prepare: list = dataclasses.field(default_factory=list)

    @property
    def ours(self):
        return self.program == "resnet.cpp"


def cases(options):
    wanted = options.only.upper().split(",") if options.only else list(MODELS)
    every = [Case(kind, model, batch, dtype) for kind, (models, dtypes) in MODELS.items() if kind in wanted
             for model, batch in models for dtype in dtypes]
    return [c for c in every if c.dtype in options.dtypes.split(",")
            and (not options.model or c.model in options.model.split(","))
            and (not options.batch or c.batch in options.batch)]


def seconds_of(case, options):
    """Of one measurement; a ResNet-50 step of training takes about a second."""
    return options.seconds * (0.2 if options.quick else 2 if case.kind == "TRAIN" else 1)


def script(name):
    return [sys.executable, os.path.join(machine.HERE, name)]


def clock(command, options):
    return [*script("cold_clock.py"), "2" if options.quick else "7", *command]


def our_runs(case, options):
    common = ["--dtype", case.dtype, "--threads", str(options.threads), "--json"]
    if case.kind == "COLD":
        # In a process of its own: the kernel counts what a process holds when it starts another as that one's peak.
        folder = cache.cached("cold-resnet50", lambda new: subprocess.run([*script("cold_file.py"), new], check=True))
        command = [options.program, "predict", "--weights", os.path.join(folder, "model.safetensors"),
                   os.path.join(folder, "picture.png"), "--quiet", *common]
        return [Run(case, "resnet.cpp", "predict", clock(command, options))]
    command = [options.program, "bench", "--model", case.model, "--mode", case.kind.lower(), "-b", str(case.batch), "--seconds",
               f"{seconds_of(case, options):g}", *common]
    if case.kind == "TRAIN" and case.model.startswith("cifar"):   # with the data pipeline, as on the other side
        command += ["--data", options.data or "synthetic:train=50000,val=1000"]
    runs_of_case = [Run(case, "resnet.cpp", "bench", command)]
    if case.kind == "INFER" and case.batch == 1 and options.threads > 1:   # OpenVINO's throughput mode computes several too
        runs_of_case.append(Run(case, "resnet.cpp", "streams", [*command, "--streams", str(options.threads)]))
    return runs_of_case


def peer_run(case, peer, options):
    program, name, mode, _ = peer
    common = ["--dtype", case.dtype, "--threads", str(options.threads)]
    if case.kind == "COLD":
        command = [*script("cold_start.py"), name, *common]
        return Run(case, program, mode, clock(command, options), [*command, "--prepare"])
    command = [*script(name), "--model", case.model, "--batch", str(case.batch), "--mode", mode, "--seconds",
               f"{seconds_of(case, options):g}", *common]
    if case.kind == "TRAIN" and case.model.startswith("cifar") and options.data:
        command += ["--data", options.data]
    return Run(case, program, mode, command, [] if program == "PyTorch" else [*command, "--prepare"])


def runs(case, options):
    peers = [peer_run(case, peer, options) for peer in PEERS[case.kind]
             if case.dtype in peer[3].split() and (not options.no_compile or peer[2] != "compiled")]
    return [*our_runs(case, options), *peers]
