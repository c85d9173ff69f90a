"""Constants of f32 and f64 as a Rust trait and its two implementations."""

import math
from typing import NamedTuple

import mpmath as mp

from minimax import literal, rounded

KINDS = ("f32", "f64")
# Of rustfmt.toml.
MAX_WIDTH = 140


class Constant(NamedTuple):
    """A constant of one type."""

    name: str
    # `{error}` stands for the errors of both types.
    doc: str
    # As Rust writes it; of a table, its numbers.
    value: str | list
    # The binary logarithm of a fit's error.
    error: float | None = None


def number(name, doc, c, kind):
    return Constant(name, doc, literal(rounded(c, kind), kind))


def two_parts(name, doc, c, kind):
    """`c` rounded, and what that lacks."""
    low = c - rounded(c, kind)
    return [number(name, doc, c, kind), number(f"{name}_LOW", f"What `{name}` lacks.", low, kind)]


def table(name, doc, coefficients, kind, error=None):
    return Constant(name, doc, [literal(c, kind) for c in coefficients], error and float(mp.log(error, 2)))


def definition(constant, kind):
    """The constant in the implementation for `kind`, as rustfmt sets it."""
    if isinstance(constant.value, str):
        return f"    const {constant.name}: {kind} = {constant.value};"
    start = f"    const {constant.name}: &'static [{kind}] = &["
    line = start + ", ".join(constant.value) + "];"
    return line if len(line) <= MAX_WIDTH else "\n".join([start, *(f"        {c}," for c in constant.value), "    ];"])


def declaration(family, single, double):
    """The constant in the trait, with its errors in both types rounded up to a tenth."""
    doc = single.doc
    if single.error is not None:
        errors = (f"`2^{math.ceil(10 * c.error) / 10}` in {kind}" for c, kind in zip((single, double), KINDS))
        doc = doc.format(error=f"{', '.join(errors)} (`tools/coefficients.py {family}`)")
    kind = "Self" if isinstance(single.value, str) else "&'static [Self]"
    comment = [f"    /// {line}" for line in doc.split("\n")]
    return "\n".join([*comment, f"    const {single.name}: {kind};"])


def rust(head, families):
    """The file: `head`, which ends with the trait's documentation, the trait and its implementations.

    `families` are (name, title, the constants in f32, the same in f64)."""
    trait = []
    for name, title, singles, doubles in families:
        assert [(c.name, c.doc) for c in singles] == [(c.name, c.doc) for c in doubles], name
        trait += [f"    // {title}", *(declaration(name, *pair) for pair in zip(singles, doubles)), ""]
    blocks = ["pub trait Coefficients: Sized + 'static {", *trait[:-1], "}", ""]
    for kind, column in zip(KINDS, (2, 3)):
        constants = [definition(c, kind) for family in families for c in family[column]]
        blocks += [f"impl Coefficients for {kind} {{", *constants, "}", ""]
    return head + "\n".join(blocks)
