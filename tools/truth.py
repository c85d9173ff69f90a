#!/usr/bin/env python3
"""Writes the true values that tests/ulp.rs compares with: tests/data/math/<function>.bin.

    pip install mpmath gmpy2
    python3 tools/truth.py [normal_functions.safetensors]

Each file is a sequence of little-endian f64 triples (x, high, low): the function of exactly x, computed to 60 digits,
is high + low (low holds the next 53 bits, so distances are exact to a small part of a unit in the last place; only
beside a subnormal high is low lost, and distances there are whole units). The
points are the ends and the neighbours of ends of each domain, an even spread over its middle, and a spread that is
even in the logarithm of |x| down to the subnormals; a fixed seed fixes them. The optional argument is a table of the
normal distribution made by other means: it is converted to golden_<function>.bin, with low = 0.
"""

import json
import math
import pathlib
import random
import struct
import sys

import mpmath as mp
from mpmath import mpf

mp.mp.dps = 60
OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "math"


def mills(t):
    """(1 - Phi(t))/phi(t), by erfc or by Laplace's continued fraction, whose n-th tail falls like exp(-t sqrt(8 n))."""
    if t < 30:
        return mp.sqrt(mp.pi / 2) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2))
    c = t
    for k in range(int(5000 / t) + 40, 0, -1):
        c = t + k / c
    return 1 / c


def log_sf(z):
    """log(1 - Phi(z)) of full relative precision on both sides."""
    if z < 0:
        return mp.log1p(-mp.erfc(-z / mp.sqrt(2)) / 2)
    return mp.log(mills(z)) - z * z / 2 - mp.log(2 * mp.pi) / 2


def hazard(z):
    """phi(z)/(1 - Phi(z))."""
    if z < 0:
        return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi) / (1 - mp.erfc(-z / mp.sqrt(2)) / 2)
    return 1 / mills(z)


def quantile_log_sf(lp):
    """Newton's method on log(1 - Phi(z)) = lp; for lp near 0 on the other tail."""
    if lp > -mp.log(2):
        return -quantile_log_sf(mp.log(-mp.expm1(lp)))
    r = mp.sqrt(-2 * lp)
    z = r - mp.log(r * mp.sqrt(2 * mp.pi)) / r if r > 3 else mpf(1)
    for _ in range(60):
        step = (log_sf(z) - lp) / hazard(z)
        z += step
        if abs(step) < mpf(10) ** -50 * max(1, abs(z)):
            return z
    raise ArithmeticError(lp)


def tail_quantile(p):
    """The z with Phi(z) = p."""
    return -quantile_log_sf(mp.log(p)) if p < 0.5 else quantile_log_sf(mp.log1p(-p))


def near(*ends):
    """Each end with four neighbours on both sides."""
    points = []
    for end in ends:
        up = down = end
        points.append(end)
        for _ in range(4):
            up, down = math.nextafter(up, math.inf), math.nextafter(down, -math.inf)
            points += [up, down]
    return points


def even(rng, lo, hi, n):
    return [lo + (hi - lo) * (k + rng.random()) / n for k in range(n)]


def log_even(rng, lo, hi, n, sign=1.0):
    """n points between 2^lo and 2^hi."""
    return [sign * 2.0 ** min(e, hi) for e in even(rng, lo, hi, n)]


# name: (function of an mpf, points from a generator)
FUNCTIONS = {
    "exp": (mp.exp, lambda r: near(0.0, 709.782712893384, -708.3964185322641, -745.1332191019411)
            + even(r, -746, 709.78, 1200) + even(r, -2, 2, 800) + log_even(r, -60, 0, 200) + log_even(r, -60, 0, 200, -1.0)),
    "expm1": (mp.expm1, lambda r: near(0.0, 709.782712893384, math.log(2) / 2, -math.log(2) / 2, 41.5)
              + even(r, -60, 100, 600) + even(r, -2, 2, 1400) + log_even(r, -1070, 0, 200) + log_even(r, -1070, 0, 200, -1.0)),
    "ln": (mp.log, lambda r: near(1.0, 2.0, math.sqrt(0.5), math.sqrt(2.0), 2.2250738585072014e-308)
           + log_even(r, -1074, 1024, 1000) + even(r, 0.5, 2, 1500) + [5e-324, 1.7976931348623157e308]),
    "ln_1p": (mp.log1p, lambda r: near(0.0, 1.0, math.sqrt(0.5) - 1, math.sqrt(2.0) - 1) + [math.nextafter(-1.0, 0.0)]
              + even(r, -1, 3, 1500) + log_even(r, -1074, 1023.9, 500) + log_even(r, -1074, -0.01, 500, -1.0)),
    "tanh": (mp.tanh, lambda r: near(0.0, 0.625, -0.625) + even(r, -22, 22, 800) + even(r, -2, 2, 1200)
             + log_even(r, -1070, 5, 400)),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), lambda r: near(0.0, -708.0, -744.0) + even(r, -745, 40, 800)
                + even(r, -10, 10, 1200)),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), lambda r: near(0.0, -708.0, -744.0) + even(r, -745, 100, 800)
                 + even(r, -10, 10, 1200)),
    "mills": (mills, lambda r: [0.0] + near(2.0**28, 1.0) + even(r, 0, 4, 1500)
              + even(r, 4, 40, 700) + log_even(r, -1070, 1022, 500)),
    "log_pdf": (lambda x: -x * x / 2 - mp.log(2 * mp.pi) / 2, lambda r: near(0.0) + even(r, -10, 10, 400)
                + log_even(r, -100, 511, 200)),
    "pdf": (lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi), lambda r: near(0.0) + even(r, -38.6, 38.6, 1000)
            + even(r, -3, 3, 500)),
    "cdf": (lambda x: mp.erfc(-x / mp.sqrt(2)) / 2, lambda r: near(0.0, -37.5, -38.4, 8.3) + even(r, -38.5, 9, 1500)
            + even(r, -4, 4, 1500)),
    "log_cdf": (lambda x: log_sf(-x), lambda r: near(0.0, 1.0, -1.0, -(2.0**28)) + even(r, -40, 38.4, 1500)
                + even(r, -4, 4, 2000) + log_even(r, 5, 511, 300, -1.0) + log_even(r, -300, 0, 200)),
    "quantile_log_sf": (quantile_log_sf, lambda r: near(-math.log(2), math.log(0.75), -0.287, -(2.0**61))
                        + log_even(r, -1000, 1023, 600, -1.0) + log_even(r, -4, 7, 1200, -1.0) + even(r, -2, -0.2, 600) + log_even(r, -1000, -3, 200, -1.0)),
    "quantile_log_tail": (quantile_log_sf, lambda r: near(-(2.0**61)) + [-math.log(2)] + log_even(r, -0.52, 1023, 600, -1.0)
                          + log_even(r, -0.52, 6, 1400, -1.0)),
    "quantile": (tail_quantile, lambda r: near(0.5) + [5e-324, math.nextafter(1.0, 0.0)] + even(r, 0, 1, 1200)
                 + log_even(r, -1074, -1, 600)),
}


def convert(path):
    """The columns of a safetensors file of f64 tensors, as golden files."""
    raw = pathlib.Path(path).read_bytes()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:start])

    def column(name):
        begin, end = header[name]["data_offsets"]
        return struct.unpack(f"<{(end - begin) // 8}d", raw[start + begin : start + end])

    for name, x, y in (("cdf", "x", "Phi"), ("log_cdf", "x", "log_Phi"), ("mills", "x_pos", "mills"),
                       ("quantile_log_cdf", "logp", "z_of_logp")):
        rows = zip(column(x), column(y))
        (OUT / f"golden_{name}.bin").write_bytes(b"".join(struct.pack("<3d", a, b, 0.0) for a, b in rows))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (f, points) in FUNCTIONS.items():
        rng = random.Random(name)
        data = bytearray()
        xs = sorted(set(points(rng)))
        for x in xs:
            y = f(mpf(x))
            high = float(y)
            if math.isinf(high):
                continue
            data += struct.pack("<3d", x, high, float(y - mpf(high)))
        (OUT / f"{name}.bin").write_bytes(data)
        print(name, len(xs), len(data), flush=True)
    for path in sys.argv[1:]:
        convert(path)


if __name__ == "__main__":
    main()
