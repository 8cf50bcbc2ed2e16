"""The networks of bench/models.ts in PyTorch: sizes come as JSON, one line of JSON with milliseconds goes out."""

import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

given = json.loads(sys.argv[1])
channels, lat, lon = given["channels"], *given["grid"]


def squared_relu(x):
    return F.relu(x).square()


def patchify(x, a, b):
    n, c, h, w = x.shape
    return x.view(n, c, h // a, a, w // b, b).permute(0, 2, 4, 1, 3, 5).reshape(n, (h // a) * (w // b), c * a * b)


def unpatchify(t, a, b, h, w):
    n, _, k = t.shape
    x = t.view(n, h // a, w // b, k // (a * b), a, b)
    return x.permute(0, 3, 1, 4, 2, 5).reshape(n, k // (a * b), h, w)


def attend(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v)
    return torch.softmax((q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2), dim=-1) @ v


def place(tokens, width):
    return nn.Parameter(torch.randn(tokens, width) * 0.02)


class Stencil(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.up, self.down = nn.Linear(5 * width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        y = F.layer_norm(x, x.shape[-1:], eps=1e-6)
        gap = torch.zeros_like(y[:, :1])
        north, south = torch.cat([gap, y[:, :-1]], 1), torch.cat([y[:, 1:], gap], 1)
        around = torch.cat([y, y.roll(1, 2), y.roll(-1, 2), north, south], 3)
        return x + self.down(squared_relu(self.up(around)))


class Forecaster(nn.Module):
    def __init__(self, patch, width, blocks, hidden):
        super().__init__()
        self.patch = patch
        a, b = patch
        self.still = nn.Parameter(torch.randn(1, 3, lat, lon), requires_grad=False)
        self.embed, self.season = nn.Linear((channels + 3) * a * b, width), nn.Linear(2, width)
        self.position = place(lat * lon // (a * b), width)
        self.blocks = nn.ModuleList(Stencil(width, hidden) for _ in range(blocks))
        self.out = nn.Linear(width, channels * a * b)

    def forward(self, x, season):
        a, b = self.patch
        n = x.shape[0]
        tokens = patchify(torch.cat([x, self.still.expand(n, -1, -1, -1)], 1), a, b)
        h = self.embed(tokens) + self.position + self.season(season)[:, None]
        h = h.view(n, lat // a, lon // b, -1)
        for block in self.blocks:
            h = block(h)
        return x + 0.1 * unpatchify(self.out(h.flatten(1, 2)), a, b, lat, lon)


class RowLinear(nn.Module):
    def __init__(self, rows, k, out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(rows, k, out) * k**-0.5)
        self.bias = nn.Parameter(torch.zeros(rows, 1, out))

    def forward(self, t):
        n, count, k = t.shape
        rows = self.weight.shape[0]
        by_row = t.view(n, rows, count // rows, k).transpose(0, 1).reshape(rows, -1, k)
        y = by_row @ self.weight + self.bias
        return y.view(rows, n, count // rows, -1).transpose(0, 1).reshape(n, count, -1)


class Transformer(nn.Module):
    """Pre-norm blocks, within windows but for every fourth; windows that move are not needed at these sizes."""

    def __init__(self, grid, k, out, width, blocks, heads, window):
        super().__init__()
        assert blocks <= 2, "windows that move are not written here"
        self.grid, self.heads, self.window = grid, heads, window
        self.embed, self.position = nn.Linear(k, width), place(grid[0] * grid[1], width)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                dict(
                    norm1=nn.LayerNorm(width, eps=1e-6),
                    qkv=nn.Linear(width, 3 * width),
                    out=nn.Linear(width, width),
                    norm2=nn.LayerNorm(width, eps=1e-6),
                    up=nn.Linear(width, 4 * width),
                    down=nn.Linear(4 * width, width),
                )
            )
            for _ in range(blocks)
        )
        self.last = nn.Linear(width, out)

    def forward(self, t):
        n, count, _ = t.shape
        (h, w), (a, b), heads = self.grid, self.window, self.heads
        x = self.embed(t) + self.position
        for i, block in enumerate(self.blocks):
            q, k, v = block.qkv(block.norm1(x)).chunk(3, -1)
            if i % 4 == min(3, len(self.blocks) - 1):
                split = lambda s: s.view(n, count, heads, -1).transpose(1, 2)
                y = attend(split(q), split(k), split(v)).transpose(1, 2).reshape(n, count, -1)
            else:
                split = lambda s: (
                    s.view(n, h // a, a, w // b, b, heads, -1)
                    .permute(0, 1, 3, 5, 2, 4, 6)
                    .reshape(n * count // (a * b), heads, a * b, -1)
                )
                y = attend(split(q), split(k), split(v)).view(n, h // a, w // b, heads, a, b, -1)
                y = y.permute(0, 1, 4, 2, 5, 3, 6).reshape(n, count, -1)
            x = x + block.out(y)
            x = x + block.down(squared_relu(block.up(block.norm2(x))))
        return self.last(x)


class Autoencoder(nn.Module):
    def __init__(self, patch, latent, width, blocks, heads, window):
        super().__init__()
        self.patch = patch
        a, b = patch
        grid = (lat // a, lon // b)
        k = channels * a * b
        self.linear, self.inverse = RowLinear(grid[0], k, latent), RowLinear(grid[0], latent, k)
        self.encoder = Transformer(grid, k, latent, width, blocks, heads, window)
        self.decoder = Transformer(grid, latent, k, width, blocks, heads, window)
        self.log_variance = nn.Parameter(torch.full((latent,), -9.0))

    def forward(self, x, noise):
        tokens = patchify(x, *self.patch)
        mean = self.linear(tokens) + self.encoder(tokens)
        z = mean + (0.5 * self.log_variance).exp() * noise
        y = unpatchify(self.inverse(z) + self.decoder(z), *self.patch, lat, lon)
        kl = 0.5 * (mean.square() + self.log_variance.exp() - 1 - self.log_variance).mean()
        return y, kl


class DitBlock(nn.Module):
    def __init__(self, width, heads, mlp):
        super().__init__()
        self.heads = heads
        self.modulation = nn.Linear(width, 6 * width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, int(mlp * width)), nn.Linear(int(mlp * width), width)

    def forward(self, x, cond):
        n, count, width = x.shape
        m = self.modulation(F.silu(cond)).unsqueeze(1).chunk(6, -1)
        norm = lambda i: F.layer_norm(x, (width,), eps=1e-6) * (1 + m[i + 1]) + m[i]
        split = lambda s: s.view(n, count, self.heads, -1).transpose(1, 2)
        q, k, v = self.qkv(norm(0)).chunk(3, -1)
        y = attend(split(q), split(k), split(v)).transpose(1, 2).reshape(n, count, width)
        x = x + m[2] * self.out(y)
        return x + m[5] * self.down(squared_relu(self.up(norm(3))))


class Denoiser(nn.Module):
    """A DiT of tokens with the background beside the noisy latent."""

    def __init__(self, tokens, c, width, blocks, heads, mlp):
        super().__init__()
        self.width = width
        self.embed, self.position = nn.Linear(2 * c, width), place(tokens, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.season = nn.Linear(2, width)
        self.blocks = nn.ModuleList(DitBlock(width, heads, mlp) for _ in range(blocks))
        self.final, self.out = nn.Linear(width, 2 * width), nn.Linear(width, c)

    def forward(self, x, background, t, season):
        half = self.width // 2
        angle = 1000 * t[:, None] * 10_000 ** (-torch.arange(half) / half)
        cond = self.time(torch.cat([angle.cos(), angle.sin()], 1)) + self.season(season)
        h = self.embed(torch.cat([x, background], 2)) + self.position
        for block in self.blocks:
            h = block(h, cond)
        shift, scale = self.final(F.silu(cond)).unsqueeze(1).chunk(2, -1)
        return self.out(F.layer_norm(h, (self.width,), eps=1e-6) * (1 + scale) + shift)


angle = math.acos(math.sqrt(1e-3))


def level(t):
    mu = torch.cos(angle * t).square()
    return mu, (1 - mu.square() + 1e-6).sqrt()


def best(f, repeats, warm=1):
    times = []
    end = time.perf_counter() + given["patience"] / 1000
    while len(times) < warm + repeats and (len(times) <= warm or time.perf_counter() < end):
        start = time.perf_counter()
        f()
        times.append(1000 * (time.perf_counter() - start))
    return min(times[warm:])


def training(model, loss_of, clip):
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-4, betas=(0.9, 0.99))

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss_of(model).backward()
        torch.nn.utils.clip_grad_norm_(trained, clip)
        optimiser.step()

    return step, sum(p.numel() for p in trained)


torch.set_num_threads(given["threads"])
torch.manual_seed(0)
repeats = given["repeats"]
result = {"version": torch.__version__}


def measure(name, model, loss_of, clip):
    step, parameters = training(model, loss_of, clip)
    result[name] = {"ms": best(step, repeats), "parameters": parameters}


f = dict(given["forecast"])
n = f.pop("batch")
x, y, season = torch.randn(n, channels, lat, lon), torch.randn(n, channels, lat, lon), torch.randn(n, 2)
measure("forecast", Forecaster(**f), lambda m: (m(x, season) - y).square().mean(), 0.1)

a = dict(given["autoencoder"])
n = a.pop("batch")
tokens = lat * lon // (a["patch"][0] * a["patch"][1])
states, noise = torch.randn(n, channels, lat, lon), torch.randn(n, tokens, a["latent"])


def reconstruction(m):
    decoded, kl = m(states, noise)
    return (decoded - states).square().mean() + 1e-7 * kl


measure("autoencoder", Autoencoder(**a), reconstruction, 0.1)

p = dict(given["prior"])
n = p.pop("batch")
z, eps, background = (torch.randn(n, p["tokens"], p["c"]) for _ in range(3))
weights, t, when = torch.rand(p["c"]) + 0.5, torch.rand(n), torch.randn(n, 2)
denoiser = Denoiser(**p)


def denoising(m):
    mu, sigma = (v.view(-1, 1, 1) for v in level(t))
    s = (mu.square() + sigma.square()).sqrt()
    v = m((mu * z + sigma * eps) / s, background, t, when)
    return ((v - (mu * eps - sigma * z) / s).square() * weights).mean()


measure("prior", denoiser, denoising, 1.0)


def sample():
    """DPM-Solver++(2M) in lambda = log(mu / sigma)."""
    with torch.no_grad():
        times = torch.linspace(0.98, 0.02, given["sampling"]["steps"] + 1)
        mu, sigma = level(times)
        lam = (mu / sigma).log()
        u, last = torch.randn_like(z), None
        for i in range(len(times) - 1):
            s = (mu[i].square() + sigma[i].square()).sqrt()
            v = s * denoiser(u / s, background, times[i].expand(n), when)
            z0 = (mu[i] * u - sigma[i] * v) / s.square()
            h = lam[i + 1] - lam[i]
            d = z0 if last is None else z0 + (z0 - last) * (h / (2 * (lam[i] - lam[i - 1])))
            u = u * (sigma[i + 1] / sigma[i]) - mu[i + 1] * torch.expm1(-h) * d
            last = z0


result["sampling"] = {"ms": best(sample, max(1, repeats // 3), warm=0), "parameters": result["prior"]["parameters"]}
print(json.dumps(result))
