"""Compares the ONNX files of `resnet convert` with ONNX Runtime, and reads those of PyTorch's exporter.

Run with: python3 check_onnx.py RESNET [MODEL…] (RESNET: the program; needs torch, torchvision, onnx, onnxruntime).
Every model of torchvision's gets random weights with batch norms that are not trivial. Three ways must give the logits of
PyTorch within 1e-4 of their largest: its weights converted to .onnx, the same folded, and PyTorch's own export converted to
.pth and loaded again.
"""

import subprocess
import sys
import tempfile

import onnxruntime
import torch
import torchvision

MODELS = "resnet18 resnet34 resnet50 resnet101 resnet152 wide_resnet50_2 resnext50_32x4d vgg11 vgg11_bn vgg16 alexnet"
SIZE, BATCH = 224, 2


def random_network(name):
    torch.manual_seed(1)
    net = getattr(torchvision.models, name)(num_classes=10).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.3, 0.7)
            module.bias.data.normal_(0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return net


def onnx_logits(path, x):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])


def check(program, name, folder):
    net = random_network(name)
    x = torch.randn(BATCH, 3, SIZE, SIZE)

    def convert(source, target, *flags):
        subprocess.run([program, "convert", source, target, "--quiet", *flags], check=True, stdout=subprocess.DEVNULL)

    with torch.no_grad():
        want = net(x)
        torch.save(net.state_dict(), folder + "/w.pth")
        convert(folder + "/w.pth", folder + "/w.onnx")
        convert(folder + "/w.pth", folder + "/folded.onnx", "--fold")
        torch.onnx.export(net, (x,), folder + "/torch.onnx", dynamo=False, opset_version=17)
        convert(folder + "/torch.onnx", folder + "/back.pth")
        again = getattr(torchvision.models, name)(num_classes=10).eval()
        again.load_state_dict(torch.load(folder + "/back.pth", weights_only=True))
        scale = want.abs().max()
        errors = [((got - want).abs().max() / scale).item() for got in (
            onnx_logits(folder + "/w.onnx", x), onnx_logits(folder + "/folded.onnx", x), again(x))]
    good = max(errors) <= 1e-4
    print(f"{name:20s} exported {errors[0]:.1e}  folded {errors[1]:.1e}  imported {errors[2]:.1e}  {'ok' if good else 'BAD'}",
          flush=True)
    return good


def main():
    program, models = sys.argv[1], sys.argv[2:] or MODELS.split()
    good = True
    for name in models:
        with tempfile.TemporaryDirectory() as folder:
            good &= check(program, name, folder)
    sys.exit(0 if good else 1)


main()
