#!/usr/bin/env python3
"""Writes src/number/coefficients.rs: the constants of src/math that differ between f32 and f64.

    pip install mpmath numpy
    tools/coefficients.py --write       # writes the file
    tools/coefficients.py --check       # computes it anew; where it differs, prints that and exits with 1
    tools/coefficients.py exp quantile  # prints the constants of these families

The first two compute everything: about a minute, on two cores half of it. The fits are those of tools/minimax.py.
"""

import argparse
import concurrent.futures
import difflib
import pathlib
import sys

import mpmath as mp
from mpmath import mpf

from minimax import between, exact_ratio, fit, rounded, stretched
from rust_constants import KINDS, Constant, definition, number, rust, table, two_parts

FILE = pathlib.Path(__file__).resolve().parent.parent / "src" / "number" / "coefficients.rs"
HEAD = """\
//! The constants of [`math`](crate::math) that differ between `f32` and `f64`.
//!
//! Written by `tools/coefficients.py --write`: change them there. Numbers are the shortest decimals that read back. An
//! error is the largest of a fit with its rounded coefficients, itself evaluated without rounding.

/// The constants of [`math`](crate::math), each in the precision of the scalar.
"""


def exp(kind):
    """The exponential function."""
    double = kind == "f64"

    def remainder(point):
        r = point[0]
        return sum(r**k / mp.factorial(k + 2) for k in range(45))

    grid = between("-0.3475", "0.3475")
    p, _, error = fit("exp", kind, grid, remainder, lambda t: t[0] ** 2 * mp.exp(-t[0]), 9 if double else 4, 0)
    bits = 40 if double else 15
    high = mp.nint(mp.log(2) * mpf(2) ** bits) / mpf(2) ** bits
    normal_from = "From here on `e^x` is a normal number, with an exponent to spare."
    fit_doc = "`P` in `e^r = 1 + r + r^2 P(r)`, `|r| <= 0.3475`.\nError relative to `e^r`: {error}."
    return [
        # Half the least subnormal is e^-103.97 or e^-745.13.
        Constant("EXP_LOW", "Below it `e^x` rounds to 0.", "-746.0" if double else "-104.0"),
        # The least normal number is e^-87.34 or e^-708.40.
        Constant("EXP_NORMAL", normal_from, "-707.0" if double else "-86.0"),
        # The largest number is e^88.72 or e^709.78.
        Constant("EXP_HIGH", "Above it `e^x` is infinite.", "710.0" if double else "89.0"),
        # By its name, as Clippy wants it.
        Constant("LOG2_E", "`log2(e)`.", f"core::{kind}::consts::LOG2_E"),
        number("LN_2_HIGH", "`ln 2` to few bits, so that its multiples by an exponent are exact.", high, kind),
        number("LN_2_LOW", "`ln 2 - LN_2_HIGH`.", mp.log(2) - high, kind),
        table("EXP", fit_doc, p, kind, error),
    ]


def ln(kind):
    """The natural logarithm."""
    double = kind == "f64"

    def series(point):
        return sum(2 * point[0] ** k / (2 * k + 3) for k in range(90))

    # s^2 up to ((sqrt 2 - 1)/(sqrt 2 + 1))^2.
    grid = between(0, "0.02945")
    p, _, error = fit("ln", kind, grid, series, lambda t: t[0] / (2 + t[0] * series(t)), 6 if double else 2, 0)
    doc = "`P` in `2 atanh(s) = 2 s + s^3 P(s^2)`, `|s| <= 0.1716`.\nError relative to the logarithm: {error}."
    # The bits of a significand and one: more than the least subnormal needs.
    lift = 54 if double else 25
    return [
        table("LN", doc, p, kind, error),
        Constant("LIFT", "`2^k`, by which a subnormal becomes normal.", f"{2**lift}.0"),
        Constant("LIFT_EXPONENT", "`k`.", f"{lift}.0"),
    ]


def mills_ratio(t):
    """(1 - Phi(t))/phi(t): erfc, or Laplace's continued fraction far out."""
    if t < 40:
        return mp.sqrt(mp.pi / 2) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2))
    c = t
    for k in range(2000, 0, -1):
        c = t + k / c
    return 1 / c


def mills(kind):
    """The Mills ratio."""
    double = kind == "f64"
    degree = 10 if double else 5
    points = stretched(0, 2000, 3)

    def grid(n):
        return [(t, mills_ratio(t)) for t in points(n)]

    p, q, error = fit("mills", kind, grid, lambda p: 1 / p[1] - p[0], lambda p: p[1], degree - 1, degree,
                      lambda t: (1 + t / 3) ** degree, q0=exact_ratio(mp.sqrt(2 / mp.pi), kind))
    fit_doc = "`P` in `1/M(t) = t + P(t)/Q(t)`, `t >= 0`.\nError relative to `M(t)`: {error}."
    return [
        table("MILLS_P", fit_doc, p, kind, error),
        table("MILLS_Q", "`Q` in the same.", q, kind),
        # There M(t) is less than 1/t by 2^-28 or 2^-56 of it, and a unit at least 2^-24 or 2^-53 of it.
        Constant("MILLS_FAR", "From here on `M(t) = 1/t` to an eighth of a unit in the last place.",
                 f"{2**28 if double else 2**14}.0"),
    ]


def normal(kind):
    """The normal distribution."""
    return [
        # 1 - Phi(15) = 3.7e-51 and 1 - Phi(39) = 5.4e-333.
        Constant("TAIL_END", "From here on the tail `1 - Phi(x)` rounds to 0.", "39.0" if kind == "f64" else "15.0"),
        *two_parts("INV_SQRT_2_PI", "`1/sqrt(2 pi)`.", 1 / mp.sqrt(2 * mp.pi), kind),
        *two_parts("LN_SQRT_2_PI", "`ln sqrt(2 pi)`.", mp.log(2 * mp.pi) / 2, kind),
    ]


def log_tail(z):
    """log(1 - Phi(z))."""
    return mp.log(mp.ncdf(-z)) if z < 1 else mp.log(mills_ratio(z)) - z * z / 2 - mp.log(2 * mp.pi) / 2


def quantile(kind):
    """The normal distribution's quantile."""
    double = kind == "f64"
    zero = mp.sqrt(mp.log(2) / 2)
    # Near z = 1, where the room is least, the constant term of Q keeps the significands of P and Q high in f32, and the
    # slope makes the ratio small in f64; a larger one would make it large further out.
    degree, far, slope, lead = (10, "14", "2.25", "0.94") if double else (6, "1e5", "2", "0.96")

    def grid(n):
        span = mp.log((mpf(far) + 1) * 2)
        zs = [mpf("-0.01") + (mp.exp(span * (1 - mp.cos(mp.pi * i / (n - 1))) / 2) - 1) / 2 for i in range(n)]
        return [(mp.sqrt(-log_tail(z) / 2) - zero, z) for z in zs]

    p, q, error = fit("quantile", kind, grid, lambda p: p[1] / p[0] - mpf(slope), lambda p: p[0] / max(1, abs(p[1])),
                      degree - 1, degree, lambda v: (1 + v) ** degree, rounds=16, q0=rounded(mpf(lead), kind))
    fit_doc = "`P` in the same.\nError in units of `max(1, z)`, for `z <= 1e5` in f32 and `z <= 14` in f64: {error}."
    held = "From here on `v` is held in `v (B + P(v)/Q(v))`, which moves no more (`f32`) or is not used (`f64`)."
    end = "Below this `lp` the ratio is not exact enough."
    return [
        *two_parts("QUANTILE_ZERO", "`sqrt(ln(2) / 2)`, where `z = 0`.", zero, kind),
        number("QUANTILE_BEND", "`B` in `z = 2 v + v (B + P(v)/Q(v))`, `v = sqrt(-lp / 2) - QUANTILE_ZERO`.",
               mpf(slope) - 2, kind),
        table("QUANTILE_P", fit_doc, p, kind, error),
        table("QUANTILE_Q", "`Q` in the same.", q, kind),
        # At the end in f64 v = 6.5.
        Constant("QUANTILE_HELD", held, "16.0" if double else "131072.0"),
        Constant("QUANTILE_END", end, "-100.0" if double else "f32::NEG_INFINITY"),
        number("QUANTILE_AT_END", "The `z` there.", mp.findroot(lambda z: log_tail(z) + 100, 14), kind)
        if double else Constant("QUANTILE_AT_END", "The `z` there.", "f32::INFINITY"),
        # With r that root, z = 2 r - log(sqrt(2 pi) 2 r) / (2 r) and so on: less than a tenth of a unit below 2 r.
        Constant("QUANTILE_FAR", "From here on `sqrt(-lp / 2)` is half of `z`.", f"{2**30 if double else 2**17}.0"),
    ]


def tanh(kind):
    """The hyperbolic tangent."""

    def ratio(point):
        x = mp.sqrt(point[0])
        return mp.tanh(x) / x if x else mpf(1)

    def f(point):
        return (ratio(point) - 1) / point[0] if point[0] else -mpf(1) / 3

    deg_p, deg_q = (2, 3) if kind == "f64" else (1, 1)
    p, q, error = fit("tanh", kind, between(0, "0.390625"), f, lambda t: t[0] / ratio(t), deg_p, deg_q)
    doc = "`P` in `tanh x = x + x z P(z)/Q(z)`, `z = x^2`, `|x| <= 0.625`.\nError relative to `tanh x`: {error}."
    return [table("TANH_P", doc, p, kind, error), table("TANH_Q", "`Q` in the same.", q, kind)]


def core(kind):
    """Density and tail of the normal in mixtures."""
    double = kind == "f64"

    def series(point):
        def factor(k):
            return mpf(2) ** (k + 1) * mp.factorial(k + 1) * (2 * k + 3)

        return sum((-1) ** k * point[0] ** k / factor(k) for k in range(60))

    p, _, error = fit("core", kind, between(0, 1), series, lambda t: t[0] ** mpf("1.5"), 9 if double else 4, 0)
    end = "From here on density and tail are 0; below they are normal numbers."
    doc = "`P` in `int_0^t e^(-u^2/2) du = t - t^3 P(t^2)`, `t <= 1`.\nAbsolute error: {error}."
    return [
        # The last integers at which e^(-t^2/2) and M(t) times that are normal numbers.
        Constant("DENSITY_END", end, "37.0" if double else "13.0"),
        table("CORE", doc, p, kind, error),
    ]


# In the order of the file.
FAMILIES = {f.__name__: f for f in (exp, ln, mills, normal, quantile, tanh, core)}


def compute(names):
    """`(name, title, the constants in f32, the same in f64)` of each family."""
    with concurrent.futures.ProcessPoolExecutor() as pool:
        # f64 first: it takes longer.
        tasks = {(name, kind): pool.submit(FAMILIES[name], kind) for kind in reversed(KINDS) for name in names}
        return [(name, FAMILIES[name].__doc__, *(tasks[name, kind].result() for kind in KINDS)) for name in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", metavar="family", help=f"{', '.join(FAMILIES)}; all if none is named")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--write", action="store_true", help="write the file")
    mode.add_argument("--check", action="store_true", help="compare with the file")
    arguments = parser.parse_args()
    unknown = set(arguments.families) - set(FAMILIES)
    if unknown or arguments.families and (arguments.write or arguments.check):
        parser.error(f"no family {', '.join(unknown)}" if unknown else "the file holds all families: name none")

    families = compute(arguments.families or list(FAMILIES))
    if arguments.write:
        FILE.write_text(rust(HEAD, families))
    elif arguments.check:
        before, now = FILE.read_text().splitlines(), rust(HEAD, families).splitlines()
        difference = list(difflib.unified_diff(before, now, FILE.name, "computed", lineterm="", n=0))
        if difference:
            sys.exit("\n".join(difference))
        print(f"{FILE.name}: as computed")
    else:
        for _, _, *both in families:
            for kind, column in zip(KINDS, both):
                print("\n".join(definition(c, kind) for c in column))


if __name__ == "__main__":
    main()
