"""Row filters for ``bsvae show --where``: comparisons of columns with literals, and nothing else.

An expression is parsed to a syntax tree and only the node types below are ever interpreted, so a
filter cannot call, import or reach anything.
"""

import ast
import operator

import pandas as pd

from bsvae.trial import BadInput, unknown

_COMPARE = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda column, values: column.isin(values),
    ast.NotIn: lambda column, values: ~column.isin(values),
}

#: Letters of an expression; longer ones may be nested too deep to be read.
LONGEST = 1_000

#: What a column can be compared with.
_PLAIN = str | int | float | None


def where(frame: pd.DataFrame, expression: str) -> pd.DataFrame:
    """The rows of a frame for which an expression holds.

    Args:
        frame: any table.
        expression: comparisons such as ``family == "gaussian"`` or ``latent_dim in [2, 4]``,
            joined by ``and``, ``or``, ``not`` and parentheses.

    Raises:
        BadInput: for anything else, an unknown column, or more than `LONGEST` letters.

    >>> frame = pd.DataFrame({"family": ["gaussian", "concrete"], "latent_dim": [2, 4]})
    >>> where(frame, "latent_dim >= 2 and family != 'gaussian'").latent_dim.tolist()
    [4]
    """
    expression = expression.strip()
    if len(expression) > LONGEST:
        letters = f"{len(expression)} letters, at most {LONGEST}"
        raise BadInput(f"--where {expression[:20]!r}... is too long ({letters})")
    try:
        tree = ast.parse(expression, mode="eval")
        return frame[_mask(frame, tree.body)]
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(_refusal(expression)) from None


def _mask(frame: pd.DataFrame, node: ast.expr) -> pd.Series:
    match node:
        case ast.BoolOp(op=op, values=values):
            masks = [_mask(frame, value) for value in values]
            joined = masks[0]
            for mask in masks[1:]:
                joined = joined & mask if isinstance(op, ast.And) else joined | mask
            return joined
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_mask(frame, operand)
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[right]):
            if name not in frame.columns:
                raise BadInput(unknown("column", name, frame.columns))
            value = ast.literal_eval(right)
            many = isinstance(op, ast.In | ast.NotIn)
            if not all(isinstance(one, _PLAIN) for one in (value if many else [value])):
                raise BadInput(_refusal(ast.unparse(node)))
            if value is None and isinstance(op, ast.Eq | ast.NotEq):
                return frame[name].isna() == isinstance(op, ast.Eq)
            if type(op) in _COMPARE:
                return _COMPARE[type(op)](frame[name], value)
    raise BadInput(_refusal(ast.unparse(node)))


def _refusal(text: str) -> str:
    return (
        f"--where {text!r}: write comparisons of a column with a value, like "
        "family == 'gaussian' and latent_dim > 2"
    )
