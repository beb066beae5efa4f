"""Prints the numbers in sgd_test.cc: two weights after three steps of torch.optim.SGD while the learning rate changes."""
import torch

W, G, LR = [0.5, -1.25], [[0.1, -0.2], [0.3, 0.05], [-0.4, 0.7]], [0.1, 0.1, 0.01]

for nesterov in (False, True):
    w = torch.tensor(W, dtype=torch.float64, requires_grad=True)
    sgd = torch.optim.SGD([w], lr=LR[0], momentum=0.9, weight_decay=0.01, nesterov=nesterov)
    for g, lr in zip(G, LR):
        sgd.param_groups[0]["lr"] = lr
        w.grad = torch.tensor(g, dtype=torch.float64)
        sgd.step()
    v = sgd.state[w]["momentum_buffer"]
    print("nesterov" if nesterov else "plain", "w", [f"{x:.9f}" for x in w.tolist()], "v", [f"{x:.9f}" for x in v.tolist()])
