"""Polynomials and ratios of them with the smallest largest error, with coefficients that are floats.

Each fit minimises the largest weighted error max |w (P/Q - f)|, by Lawson's reweighting of linear least squares
(C. L. Lawson, thesis, UCLA 1961), linearised as by Sanathanan and Koerner (IEEE Trans. Autom. Control 8, 1963).
The coefficients are then rounded to the target type one at a time, low order first, and the rest is fitted anew, so
that the later ones make up for the rounding of the earlier ones.
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
    """(P, Q, error) of one approximation. `grid(n)` gives n points, f and w map a point to value and weight; `q0` is
    the constant term of Q. The error is that of the rounded coefficients, on a grid ten times finer and evaluated
    without rounding."""
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
    print(f"{title} ({kind}): error {mp.nstr(worst, 3)} = 2^{mp.nstr(mp.log(worst, 2), 4)}"
          f" (before rounding 2^{mp.nstr(mp.log(ideal, 2), 4)})", file=sys.stderr, flush=True)
    return p, q, worst


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


def stretched(lo, hi, middle):
    """Points of [lo, hi], dense near lo and up to a few `middle`, thin in the far tail."""
    lo, hi, middle = mpf(lo), mpf(hi), mpf(middle)

    def grid(n):
        top = (hi - lo - middle) / (hi - lo + middle)
        ys = [(top - 1) / 2 - (top + 1) / 2 * mp.cos(mp.pi * i / (n - 1)) for i in range(n)]
        return [lo + middle * (1 + y) / (1 - y) for y in ys]

    return grid
