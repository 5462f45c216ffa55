"""The same functions for single rows, compiled with numba.

Nothing is written twice: numba compiles the functions of `pairs`, `meant`,
`grid`, `row`, `ends`, `position`, `behind` and `outcome` themselves.  Only the few primitives that
tell a column from a single number have a second form here.
"""

from __future__ import annotations

import inspect
import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import (
    intrinsic,
    lower_builtin,
    make_attribute_wrapper,
    models,
    overload,
    register_model,
    type_callable,
)

from liqcalc.batch.fast import behind, ends, grid, meant, outcome, pairs, position, row
from liqcalc.batch.fast.pairs import Pair
from liqcalc.engine import formulas

_OPTIONS = {"error_model": "numpy", "forceinline": True, "_nrt": False}


class PairType(types.Type):
    """The type of a pair of floats."""

    def __init__(self) -> None:
        super().__init__(name="Pair")


_PAIR = PairType()


@type_callable(Pair)
def _type_of_pair(context: Any) -> Any:
    def typed(hi: Any, lo: Any) -> Any:
        return _PAIR

    return typed


@register_model(PairType)
class _PairModel(models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("hi", types.float64), ("lo", types.float64)])


make_attribute_wrapper(PairType, "hi", "hi")
make_attribute_wrapper(PairType, "lo", "lo")


@lower_builtin(Pair, types.Any, types.Any)
def _make_pair(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    pair = cgutils.create_struct_proxy(_PAIR)(context, builder)
    pair.hi, pair.lo = (
        context.cast(builder, value, kind, types.float64)
        for value, kind in zip(args, sig.args, strict=True)
    )
    return pair._getvalue()


@intrinsic
def _fused(context: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a*b + c, rounded once."""
    number = types.float64

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        double = ir.DoubleType()
        kind = ir.FunctionType(double, [double] * 3)
        return builder.call(builder.module.declare_intrinsic("llvm.fma", [double], kind), args)

    return number(number, number, number), code


@intrinsic
def _half_step(context: Any, x: Any) -> Any:
    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        whole, double = ir.IntType(64), ir.DoubleType()
        bits = builder.and_(builder.bitcast(args[0], whole), ir.Constant(whole, 0x7FF0 << 48))
        return builder.bitcast(builder.sub(bits, ir.Constant(whole, 53 << 52)), double)

    return types.float64(types.float64), code


@intrinsic
def _power_of_two(context: Any, x: Any) -> Any:
    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        whole, double = ir.IntType(64), ir.DoubleType()
        bits = builder.lshr(builder.bitcast(args[0], whole), ir.Constant(whole, 52))
        bits = builder.and_(bits, ir.Constant(whole, 0x7FF))
        return builder.sitofp(builder.sub(bits, ir.Constant(whole, 1023)), double)

    return types.float64(types.float64), code


def _is_pair(kind: Any) -> bool:
    return kind is _PAIR


@overload(pairs.two_product, jit_options=_OPTIONS)
def _two_product(a, b):
    def product(a, b):
        p = a * b
        return p, _fused(a, b, -p)

    return product


@overload(pairs.where, jit_options=_OPTIONS)
def _where(condition, yes, no):
    if _is_pair(yes):
        return lambda condition, yes, no: Pair(
            yes.hi if condition else no.hi, yes.lo if condition else no.lo
        )
    return lambda condition, yes, no: yes if condition else no


@overload(pairs.where_rare, jit_options=_OPTIONS)
def _where_rare(condition, yes, of, otherwise):
    return lambda condition, yes, of, otherwise: yes(of) if condition else otherwise


@overload(pairs.take, jit_options=_OPTIONS)
def _take(table, place):
    return lambda table, place: table[np.uint64(place)]


@overload(pairs.every, jit_options=_OPTIONS)
def _every(condition):
    return lambda condition: condition


@overload(pairs.exponent, jit_options=_OPTIONS)
def _exponent(x):
    return lambda x: _power_of_two(x)


@overload(pairs.half_step, jit_options=_OPTIONS)
def _half(x):
    return lambda x: _half_step(x)


@overload(ends.place, jit_options=_OPTIONS)
def _place(number):
    return lambda number: np.int64(number)


_PRIMITIVES = {
    pairs.two_product,
    pairs.where,
    pairs.where_rare,
    pairs.take,
    pairs.every,
    pairs.exponent,
    pairs.half_step,
    ends.place,
}


def teach(function: Any) -> None:
    """Let numba compile a function as it is."""

    def implementation(*args: Any) -> Any:
        return function

    vars(implementation)["__signature__"] = inspect.signature(function)
    overload(function, jit_options=_OPTIONS, strict=False)(implementation)


for _module in (pairs, meant, grid, row, ends, position, behind, outcome, formulas):
    for _function in vars(_module).values():
        ours = inspect.isfunction(_function) and _function.__module__ == _module.__name__
        if ours and _function not in _PRIMITIVES:
            teach(_function)


def _of(kind: Any) -> bool:
    return isinstance(kind, types.Number | types.Boolean)


@overload(operator.neg, jit_options=_OPTIONS)
def _negative(a):
    if _is_pair(a):
        return lambda a: Pair(-a.hi, -a.lo)


@overload(operator.add, jit_options=_OPTIONS)
def _add(a, b):
    if _is_pair(a) and _is_pair(b):
        return lambda a, b: pairs.add(a, b)
    if _is_pair(a) and _of(b):
        return lambda a, b: pairs.add_float(a, b)
    if _of(a) and _is_pair(b):
        return lambda a, b: pairs.add_float(b, a)


@overload(operator.sub, jit_options=_OPTIONS)
def _subtract(a, b):
    if _is_pair(a) and _is_pair(b):
        return lambda a, b: pairs.add(a, -b)
    if _is_pair(a) and _of(b):
        return lambda a, b: pairs.add_float(a, -b)
    if _of(a) and _is_pair(b):
        return lambda a, b: pairs.add_float(-b, a)


@overload(operator.mul, jit_options=_OPTIONS)
def _multiply(a, b):
    if _is_pair(a) and _is_pair(b):
        return lambda a, b: pairs.multiply(a, b)
    if _is_pair(a) and _of(b):
        return lambda a, b: pairs.multiply_float(a, b)
    if _of(a) and _is_pair(b):
        return lambda a, b: pairs.multiply_float(b, a)


@overload(operator.truediv, jit_options=_OPTIONS)
def _divide(a, b):
    if _is_pair(a) and _is_pair(b):
        return lambda a, b: pairs.divide(a, b)
    if _is_pair(a) and _of(b):
        return lambda a, b: pairs.divide_float(a, b)
