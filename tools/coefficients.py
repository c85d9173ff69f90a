#!/usr/bin/env python3
"""Computes every polynomial and rational coefficient of src/math.

    pip install mpmath numpy
    python3 tools/coefficients.py [exp ln tanh mills core quantile]

Each fit minimises the largest weighted error max |w (P/Q - f)|, by Lawson's reweighting of linear least squares
(C. L. Lawson, thesis, UCLA 1961), linearised as by Sanathanan and Koerner (IEEE Trans. Autom. Control 8, 1963).
The coefficients are then rounded to the target type one at a time, low order first, and the rest is fitted anew, so
that the later ones make up for the rounding of the earlier ones. Printed are the Rust constants and the error of the
rounded ones, measured on a grid ten times finer and evaluated without rounding.
"""

import sys

import mpmath as mp
import numpy as np
from mpmath import mpf

DIGITS = 60
FIT_DIGITS = 160
mp.mp.dps = DIGITS


def rounded(c, kind):
    """The nearest f32 or f64."""
    if kind == "f64":
        return mpf(float(c))
    # Through f64 the rounding could be double; the next f32 on either side decides.
    near = np.float32(float(c))
    around = [near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))]
    return min((mpf(float(a)) for a in around), key=lambda a: abs(a - c))


def literal(c, kind):
    """The shortest decimal that reads back as `c`."""
    return repr(float(c)) if kind == "f64" else str(np.float32(float(c)))


def evaluate(c, x):
    return mp.polyval(c[::-1], x)


def lawson(xs, fs, ws, deg_p, deg_q, fixed_p, fixed_q, start, rounds):
    """(error, P, Q) of the best weighted fit with some coefficients held; `start` is a guess of Q on the grid."""
    free = [(0, j) for j in range(deg_p + 1) if j not in fixed_p]
    free += [(1, j) for j in range(deg_q + 1) if j not in fixed_q]
    powers = [[x**j for j in range(max(deg_p, deg_q) + 1)] for x in xs]
    lam, q_grid, best = [mpf(1)] * len(xs), start, None
    for _ in range(rounds if free else 1):
        p, q = [mpf(0)] * (deg_p + 1), [mpf(0)] * (deg_q + 1)
        for j, c in fixed_p.items():
            p[j] = c
        for j, c in fixed_q.items():
            q[j] = c
        if free:
            n = len(free)
            a, b = mp.matrix(n, n), mp.matrix(n, 1)
            for i, x in enumerate(powers):
                scale = lam[i] * (ws[i] / q_grid[i]) ** 2
                row = [x[j] if k == 0 else -fs[i] * x[j] for k, j in free]
                rhs = fs[i] * sum(q[j] * x[j] for j in fixed_q) - sum(p[j] * x[j] for j in fixed_p)
                for r in range(n):
                    weighted = scale * row[r]
                    b[r] += weighted * rhs
                    for c in range(r, n):
                        a[r, c] += weighted * row[c]
            for r in range(n):
                for c in range(r):
                    a[r, c] = a[c, r]
            for (k, j), c in zip(free, mp.lu_solve(a, b)):
                (p if k == 0 else q)[j] = c
        q_grid = [evaluate(q, x) for x in xs]
        errors = [abs(w * (evaluate(p, x) / d - f)) for x, f, w, d in zip(xs, fs, ws, q_grid)]
        worst = max(errors)
        if best is None or worst < best[0]:
            best = (worst, p, q)
        lam = [l * (e / worst + mpf(10) ** -9) for l, e in zip(lam, errors)]
        total = sum(lam)
        lam = [l / total for l in lam]
    return best


def fit(title, kind, grid, f, w, deg_p, deg_q, start=lambda x: mpf(1), rounds=24, q0=mpf(1)):
    """Fits, rounds and prints one approximation. `grid(n)` gives n points, f and w map a point to value and weight;
    `q0` is the constant term of Q."""
    mp.mp.dps = FIT_DIGITS
    points = grid(6 * (deg_p + deg_q) + 60)
    xs, fs, ws = [p[0] for p in points], [f(p) for p in points], [w(p) for p in points]
    ideal, p, q = lawson(xs, fs, ws, deg_p, deg_q, {}, {0: q0}, [start(x) for x in xs], rounds)
    fixed_p, fixed_q = {}, {0: q0}
    for j in range(max(deg_p, deg_q) + 1):
        for coefficients, fixed, degree in ((p, fixed_p, deg_p), (q, fixed_q, deg_q)):
            if j <= degree and j not in fixed:
                fixed[j] = rounded(coefficients[j], kind)
                guess = [evaluate(q, x) for x in xs]
                _, p, q = lawson(xs, fs, ws, deg_p, deg_q, fixed_p, fixed_q, guess, 6)
    fine = grid(10 * len(xs))
    worst = max(abs(w(t) * (evaluate(p, t[0]) / evaluate(q, t[0]) - f(t))) for t in fine)
    mp.mp.dps = DIGITS
    print(f"// {title} ({kind}): error {mp.nstr(worst, 3)} = 2^{mp.nstr(mp.log(worst, 2), 4)}"
          f" (before rounding 2^{mp.nstr(mp.log(ideal, 2), 4)})")
    for name, c in (("P", p), ("Q", q)):
        if name == "P" or deg_q > 0:
            print(f"const {name}: [Self; {len(c)}] = [" + ", ".join(literal(a, kind) for a in c) + "];")
    sys.stdout.flush()
    return p, q


def exact_ratio(ratio, kind):
    """The first number above 1 whose product with `ratio` rounds 256 times better than it must."""
    bits = 24 if kind == "f32" else 53
    k = 0
    while True:
        q0 = 1 + mpf(k) * mpf(2) ** (1 - bits)
        if abs(rounded(q0 * ratio, kind) / (q0 * ratio) - 1) < mpf(2) ** (-bits - 8):
            return q0
        k += 1


def between(lo, hi):
    """Chebyshev points of [lo, hi], ends included, as 1-tuples."""
    lo, hi = mpf(lo), mpf(hi)
    return lambda n: [((lo + hi) / 2 - (hi - lo) / 2 * mp.cos(mp.pi * i / (n - 1)),) for i in range(n)]


def split_ln2():
    """ln 2 = HI + LO, HI short enough for exact multiples by any exponent."""
    for kind, bits in (("f32", 15), ("f64", 40)):
        hi = mp.nint(mp.log(2) * mpf(2) ** bits) / mpf(2) ** bits
        print(f"// ln 2 ({kind}): HI {literal(hi, kind)} LO {literal(rounded(mp.log(2) - hi, kind), kind)}"
              f" log2(e) {literal(rounded(1 / mp.log(2), kind), kind)}")


def exp():
    """e^r = 1 + r + r^2 P(r); error relative to e^r."""
    split_ln2()

    def remainder(point):
        r = point[0]
        return sum(r**k / mp.factorial(k + 2) for k in range(45))

    for kind, degree in (("f32", 4), ("f64", 9)):
        fit("exp", kind, between("-0.3475", "0.3475"), remainder, lambda t: t[0] ** 2 * mp.exp(-t[0]), degree, 0)


def ln():
    """2 atanh(s) = 2 s + s z P(z), z = s^2; error relative to the logarithm. |s| <= (sqrt 2 - 1)/(sqrt 2 + 1)."""

    def series(point):
        return sum(2 * point[0] ** k / (2 * k + 3) for k in range(90))

    for kind, degree in (("f32", 2), ("f64", 6)):
        fit("ln", kind, between(0, "0.02945"), series, lambda t: t[0] / (2 + t[0] * series(t)), degree, 0)


def tanh():
    """tanh x = x + x z P(z)/Q(z), z = x^2, |x| <= 0.625; error relative to tanh x."""

    def ratio(point):
        x = mp.sqrt(point[0])
        return mp.tanh(x) / x if x else mpf(1)

    def f(point):
        return (ratio(point) - 1) / point[0] if point[0] else -mpf(1) / 3

    for kind, deg_p, deg_q in (("f32", 1, 1), ("f64", 2, 3)):
        fit("tanh", kind, between(0, "0.390625"), f, lambda t: t[0] / ratio(t), deg_p, deg_q)


def mills_ratio(t):
    """(1 - Phi(t))/phi(t): erfc, or Laplace's continued fraction far out."""
    if t < 40:
        return mp.sqrt(mp.pi / 2) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2))
    c = t
    for k in range(2000, 0, -1):
        c = t + k / c
    return 1 / c


def stretched(lo, hi, middle):
    """Points of [lo, hi], dense near lo and up to a few `middle`, thin in the far tail."""
    lo, hi, middle = mpf(lo), mpf(hi), mpf(middle)

    def grid(n):
        top = (hi - lo - middle) / (hi - lo + middle)
        ys = [(top - 1) / 2 - (top + 1) / 2 * mp.cos(mp.pi * i / (n - 1)) for i in range(n)]
        return [lo + middle * (1 + y) / (1 - y) for y in ys]

    return grid


def mills():
    """1/M(t) = t + P(t)/Q(t) on [0, inf); error relative to M."""
    for kind, degree in (("f32", 5), ("f64", 10)):
        points = stretched(0, 2000, 3)

        def grid(n):
            return [(t, mills_ratio(t)) for t in points(n)]

        fit("mills", kind, grid, lambda p: 1 / p[1] - p[0], lambda p: p[1],
            degree - 1, degree, lambda t: (1 + t / 3) ** degree, q0=exact_ratio(mp.sqrt(2 / mp.pi), kind))


def core():
    """The integral of exp(-u^2/2) from 0 to t is t - t^3 P(t^2), |t| <= 1; absolute error."""

    def series(point):
        return sum((-1) ** k * point[0] ** k / (mpf(2) ** (k + 1) * mp.factorial(k + 1) * (2 * k + 3)) for k in range(60))

    for kind, degree in (("f32", 4), ("f64", 9)):
        fit("core", kind, between(0, 1), series, lambda t: t[0] ** mpf("1.5"), degree, 0)


def log_tail(z):
    """log(1 - Phi(z))."""
    return mp.log(mp.ncdf(-z)) if z < 1 else mp.log(mills_ratio(z)) - z * z / 2 - mp.log(2 * mp.pi) / 2


def quantile():
    """z = slope v + v P(v)/Q(v) with v = sqrt(-log(1 - Phi(z)) / 2) - sqrt(log(2) / 2), z >= -0.01; error relative to
    max(1, |z|). Near z = 1, where the room is least, the constant term of Q keeps the significands of P and Q high in
    f32, and the slope makes the ratio small in f64; a larger one would make it large further out."""
    zero = mp.sqrt(mp.log(2) / 2)
    for kind, deg_p, deg_q, far, slope, lead in (("f32", 5, 6, "1e5", "2", "0.96"), ("f64", 9, 10, "14", "2.25", "0.94")):
        high = rounded(zero, kind)
        print(f"// zero ({kind}): {literal(high, kind)} LOW {literal(rounded(zero - high, kind), kind)}")

        def grid(n):
            span = mp.log((mpf(far) + 1) * 2)
            zs = [mpf("-0.01") + (mp.exp(span * (1 - mp.cos(mp.pi * i / (n - 1))) / 2) - 1) / 2 for i in range(n)]
            return [(mp.sqrt(-log_tail(z) / 2) - zero, z) for z in zs]

        fit("quantile", kind, grid, lambda p: p[1] / p[0] - mpf(slope), lambda p: p[0] / max(1, abs(p[1])),
            deg_p, deg_q, lambda v: (1 + v) ** deg_q, rounds=16, q0=rounded(mpf(lead), kind))


if __name__ == "__main__":
    for name in sys.argv[1:] or ["exp", "ln", "tanh", "mills", "core", "quantile"]:
        {"exp": exp, "ln": ln, "tanh": tanh, "mills": mills, "core": core, "quantile": quantile}[name]()
