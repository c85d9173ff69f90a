"""How far the polynomials and ratios of src/number/coefficients.rs, in f64, are from their functions: each a bound for all arguments of its interval, with the coefficients as they are rounded.

The docs of the coefficients tell the errors that were seen on a grid; these are proved, and hardly larger.
"""

from flint import arb, arb_series

from taylor import TERMS, bound, polynomial


def mills_ratio(t):
    return (arb.pi() / 2).sqrt() * (t * t / 2).exp() * (t / arb(2).sqrt()).erfc()


def exp(c):
    """Relative to `e^r`."""
    return bound(lambda r: (1 + r + r * r * polynomial(c["EXP"], r)) * (-r).exp() - 1, "-0.3475", "0.3475", arb(2) ** -57.7)


def ln(c):
    """Relative to the logarithm, of `z = s^2`: `2 atanh(s) = s (2 + 2 z / 3 + 2 z^2 / 5 + ..)`, whose terms past the 60th are below 2^-300."""
    terms = [arb(2) / (2 * k + 1) for k in range(60)]
    return bound(lambda z: (2 + z * polynomial(c["LN"], z)) / (polynomial(terms, z) + arb(0, arb(2) ** -300)) - 1, 0, "0.02945", arb(2) ** -59.3)


def mills(c):
    """Relative to `M(t)`, for all `t >= 0`."""
    p, q = c["MILLS_P"], c["MILLS_Q"]
    near = bound(lambda t: polynomial(q, t) / ((t * polynomial(q, t) + polynomial(p, t)) * mills_ratio(t)) - 1, 0, 16, arb(2) ** -55.8)

    # M(t) = s (1 - s^2 + 3 s^4 - 15 s^6 + ..) with s = 1/t, which lies between any two partial sums (DLMF 7.12.1).
    terms, size = [], arb(1)
    for k in range(40):
        terms.append(size)
        size *= -(2 * k + 1)

    def far(s):
        ratio = polynomial(terms, s * s) + arb(0, 1) * abs(size) * arb(16) ** -80
        above, below = polynomial(p[::-1], s), polynomial(q[::-1], s)
        return below / ((below + s * s * above) * ratio) - 1

    return near.max(bound(far, 0, arb(1) / 16, arb(2) ** -55.8))


def quantile(c):
    """In units of `max(1, z)`, for `z` up to 14: by how much `log(1 - Phi(z))` differs from `lp`, times the slope `M(z)`. At `v = 0.371` is `z = 1`."""
    zero = (arb(2).log() / 2).sqrt()

    def z(v):
        return 2 * v + v * (arb(c["QUANTILE_BEND"]) + polynomial(c["QUANTILE_P"], v) / polynomial(c["QUANTILE_Q"], v))

    def error(v):
        return ((((z(v) / arb(2).sqrt()).erfc() / 2).log()) + 2 * (v + zero) * (v + zero)) * mills_ratio(z(v))

    # That slope is M somewhere between the two z, which differ by less than 2^-50.
    return bound(error, -1e-15, "0.371", arb(2) ** -55.6).max(bound(lambda v: error(v) / z(v), "0.371", "6.4825", arb(2) ** -55.6)) * (1 + arb(2) ** -40)


def core(c):
    """Absolute, of the integral of `e^(-u^2/2)` from 0 to `t <= 1`."""
    return bound(lambda t: t - t * t * t * polynomial(c["CORE"], t * t) - (arb.pi() / 2).sqrt() * (t / arb(2).sqrt()).erf(), 0, 1, arb(2) ** -62.6)


ALL = (exp, ln, mills, quantile, core)
