"""Bounds of a function over whole intervals, proved with Taylor series in ball arithmetic (Arb, by python-flint).

About the middle of an interval the coefficients are balls of no width to speak of; the last one is taken over the whole interval, which is what Lagrange's remainder asks for.
"""

from flint import arb, arb_series, ctx

# The differences looked at are near 2^-60; intervals are halved until the series says so.
ctx.prec, TERMS = 400, 20
ctx.cap = TERMS + 2
HALVINGS = 12


def polynomial(coefficients, x):
    """The polynomial with these coefficients, lowest first, at a series."""
    total = arb_series([0], TERMS + 1)
    for c in reversed(coefficients):
        total = total * x + arb(c)
    return total


def about(f, centre):
    """The series of `f` about a point, or what holds about each point of a ball."""
    return f(arb_series([centre, 1], TERMS + 1))


def bound(f, low, high, enough, halvings=HALVINGS):
    """A number that `|f|` does not exceed between `low` and `high`: at most `enough`, or as small as halving the interval makes it."""
    low, high = arb(low), arb(high)
    middle = ((low + high) / 2).mid()
    half = (high - middle).max(middle - low).abs_upper()
    found = arb("inf")
    try:
        here, everywhere = about(f, middle), about(f, middle + arb(0, 1) * half)
        found = (sum((abs(here[k]) * half**k for k in range(TERMS)), arb(0)) + abs(everywhere[TERMS]) * half**TERMS).abs_upper()
    except ValueError:
        pass  # A divisor that may be 0 on so wide an interval.
    if found <= arb(enough) or halvings == 0:
        return found
    return bound(f, low, middle, enough, halvings - 1).max(bound(f, middle, high, enough, halvings - 1))
