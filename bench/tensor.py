"""The denoiser of bench/tensor.ts in PyTorch: prints one JSON line with times in ms and the peak memory in MB."""

import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

B, T, C, W, BLOCKS, HEADS = 16, 128, 128, 256, 6, 8


def attend(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v)
    weights = torch.softmax((q * (q.shape[-1] ** -0.5)) @ k.transpose(-1, -2), dim=-1)
    return weights @ v


class Attention(nn.Module):
    def __init__(self, cross):
        super().__init__()
        self.cross = cross
        self.q = nn.Linear(W, W) if cross else nn.Linear(W, 3 * W)
        self.kv = nn.Linear(W, 2 * W) if cross else None
        self.out = nn.Linear(W, W)

    def forward(self, x, context):
        split = lambda t: t.view(B, -1, HEADS, W // HEADS).transpose(1, 2)
        if self.cross:
            q, (k, v) = self.q(x), self.kv(context).chunk(2, -1)
        else:
            q, k, v = self.q(x).chunk(3, -1)
        y = attend(split(q), split(k), split(v))
        return self.out(y.transpose(1, 2).reshape(B, -1, W))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.modulation = nn.Linear(W, 9 * W)
        self.self_attention, self.cross_attention = Attention(False), Attention(True)
        self.up, self.down = nn.Linear(W, 4 * W), nn.Linear(4 * W, W)

    def forward(self, x, cond, context):
        m = self.modulation(F.silu(cond)).unsqueeze(1).chunk(9, -1)
        norm = lambda x, i: F.layer_norm(x, (W,), eps=1e-6) * (1 + m[i + 1]) + m[i]
        x = x + m[2] * self.self_attention(norm(x, 0), None)
        x = x + m[5] * self.cross_attention(norm(x, 3), context)
        return x + m[8] * self.down(F.relu(self.up(norm(x, 6))).square())


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.context = nn.Linear(C, W), nn.Linear(C, W)
        self.position = nn.Parameter(torch.randn(T, W) * 0.02)
        self.time = nn.Sequential(nn.Linear(W, W), nn.SiLU(), nn.Linear(W, W))
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.final, self.out = nn.Linear(W, 2 * W), nn.Linear(W, C)

    def forward(self, x, t, zb):
        cond = self.time(t)
        context = self.context(zb) + self.position
        h = self.embed(x) + self.position
        for block in self.blocks:
            h = block(h, cond, context)
        shift, scale = self.final(F.silu(cond)).unsqueeze(1).chunk(2, -1)
        return self.out(F.layer_norm(h, (W,), eps=1e-6) * (1 + scale) + shift)


def best(f, repeats):
    f()
    f()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        f()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
torch.manual_seed(0)
a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
matmul = best(lambda: a @ b, 10 * repeats)
model = Denoiser()
x, t, zb, target = torch.randn(B, T, C), torch.randn(B, W), torch.randn(B, T, C), torch.randn(B, T, C)
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)


def forward():
    with torch.no_grad():
        model(x, t, zb)


def input_gradient():
    for p in model.parameters():
        p.requires_grad_(False)
    y = x.clone().requires_grad_(True)
    (model(y, t, zb) - target).square().mean().backward()
    for p in model.parameters():
        p.requires_grad_(True)


def step():
    optimiser.zero_grad(set_to_none=True)
    (model(x, t, zb) - target).square().mean().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()


result = {
    "version": torch.__version__,
    "parameters": sum(p.numel() for p in model.parameters()),
    "matmul": matmul,
    "forward": best(forward, repeats),
    "inputGradient": best(input_gradient, repeats),
    "step": best(step, repeats),
}
result["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(result))
