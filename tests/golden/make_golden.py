"""Writes the golden files of this folder: what PyTorch computes for two small residual networks.

The networks are cifar-resnet8 (shortcut option A) and cifar-resnet8-b (option B) on pictures of 16x16. PyTorch runs in
float64, so that the files hold the true values and the tests' tolerances are ours alone; its own distance from them in
float32 and in bf16 (autocast) is written into the metadata, as a yardstick: the bf16 gradients of a net this small are
far off, because rounding flips the sign of what some ReLUs see.
Run with: python3 make_golden.py (needs torch and safetensors).

start.safetensors     initial weights of both networks (bf16, exact), two batches of pictures [2,8,16,16,3] and labels
option_{a,b}.safetensors
  logits, grad/KEY    of the first batch, in training mode, with the initial weights
  losses [10]         of ten SGD steps (lr 0.05, momentum 0.9, weight decay 1e-4) that alternate between the batches
  final/KEY [6]       weights and running statistics afterwards: mean, root mean square, and the elements at 0, 1/3, 2/3
                      and the end of the tensor
  infer_logits        of the first batch, in inference mode, with those weights
"""

import math
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

FOLDER = pathlib.Path(__file__).parent
BATCH, SIZE, STEPS = 8, 16, 10


class Block(nn.Module):
    def __init__(self, channels, out, stride, option):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.stride, self.pad = stride, out - channels
        if option == "b" and stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def shortcut(self, x):
        if hasattr(self, "downsample"):
            return self.downsample(x)
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.pad))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Net(nn.Module):
    def __init__(self, option):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16, 1, option))
        self.layer2 = nn.Sequential(Block(16, 32, 2, option))
        self.layer3 = nn.Sequential(Block(32, 64, 2, option))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def draw_weights(generator):
    """He initialisation, with batch norms that are not trivial; option B's tensors include option A's."""
    weights = {}
    for key, p in Net("b").named_parameters():
        value = torch.randn(p.shape, generator=generator)
        if p.dim() == 4:
            value *= math.sqrt(2 / (p.shape[0] * p.shape[2] * p.shape[3]))
        elif p.dim() == 2:
            value *= 1 / math.sqrt(p.shape[1])
        else:
            value = 0.2 * value + (1 if "weight" in key else 0)
        weights[key] = value.bfloat16()
    return weights


def summary(t):
    flat = t.detach().double().flatten()
    last = len(flat) - 1
    samples = [flat[i] for i in (0, last // 3, 2 * last // 3, last)]
    return torch.stack([flat.mean(), flat.square().mean().sqrt(), *samples]).float()


def run(option, weights, pictures, labels, dtype, bf16=False):
    net = Net(option).to(dtype)
    state = net.state_dict()
    state.update({k: v.to(dtype) for k, v in weights.items() if k in state})
    net.load_state_dict(state)
    pictures = pictures.to(dtype).permute(0, 1, 4, 2, 3)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    out, losses = {}, []
    for step in range(STEPS):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = net(pictures[step % 2])
        logits = logits.float() if bf16 else logits
        loss = F.cross_entropy(logits, labels[step % 2].long())
        loss.backward()
        if step == 0:
            out["logits"] = logits.detach()
            out.update({"grad/" + k: p.grad.clone() for k, p in net.named_parameters()})
        optimizer.step()
        losses.append(loss.detach())
    out["losses"] = torch.stack(losses)
    out.update({"final/" + k: summary(v) for k, v in net.state_dict().items() if "num_batches" not in k})
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        out["infer_logits"] = net.eval()(pictures[0]).detach()
    return {k: v.contiguous() for k, v in out.items()}


def distances(a, b):
    """Relative ones, over whole tensors; of gradients and final values the worst."""
    d = {k: ((a[k].double() - b[k].double()).norm() / b[k].double().norm()).item() for k in b}
    groups = {"gradient": "grad/", "weights": "final/", "logits": "logits", "losses": "losses", "infer_logits": "infer"}
    return ", ".join(f"{name} {max(v for k, v in d.items() if k.startswith(p)):.1e}" for name, p in groups.items())


def main():
    generator = torch.Generator().manual_seed(20151210)
    weights = draw_weights(generator)
    pictures = torch.randn(2, BATCH, SIZE, SIZE, 3, generator=generator).bfloat16()
    labels = torch.randint(10, (2, BATCH), generator=generator, dtype=torch.int32)
    start = {"weights/" + k: v for k, v in weights.items()}
    save_file({**start, "pictures": pictures, "labels": labels}, FOLDER / "start.safetensors")
    for option in "ab":
        exact = run(option, weights, pictures, labels, torch.float64)
        single = run(option, weights, pictures, labels, torch.float32)
        half = run(option, weights, pictures, labels, torch.float32, bf16=True)
        metadata = {
            "made_by": f"make_golden.py with PyTorch {torch.__version__}, float64",
            "float32_distance": distances(single, exact),
            "bf16_distance": distances(half, exact),
        }
        print(option, metadata)
        save_file({k: v.float() for k, v in exact.items()}, FOLDER / f"option_{option}.safetensors", metadata)


if __name__ == "__main__":
    main()
