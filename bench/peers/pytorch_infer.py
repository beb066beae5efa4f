# Inference with PyTorch: channels-last, batch norm folded into the convolutions, eager and compiled (with frozen weights).
"""One JSON line on standard output."""
import argparse
import json
import os

import torch
import torch.fx.experimental.optimization as optimization

import nets
import timing


def load(options):
    net = nets.make(options.model).eval().to(memory_format=torch.channels_last)
    net = optimization.fuse(net)
    if options.dtype == "bf16":
        net = net.to(torch.bfloat16)
    if options.mode == "compiled":
        import torch._inductor.config as inductor

        inductor.freezing = True
        net = torch.compile(net)
    return net


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    timing.add_flags(parser, 1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    size = nets.spec(options.model)[0]
    dtype = torch.bfloat16 if options.dtype == "bf16" else torch.float32
    with torch.no_grad():
        net = load(options)
        x = torch.randn(options.batch, 3, size, size).to(dtype).to(memory_format=torch.channels_last)
        row = timing.measure("PyTorch", torch.__version__, options, lambda: net(x))
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
