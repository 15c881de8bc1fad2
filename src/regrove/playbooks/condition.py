"""The condition of a playbook: a small language over the fields of one event, which can compare and nothing else.

    alert.monitor == 'late-arrival' and alert.kind in ('performance', 'schedule')

It has names of one dot (``alert.kind``; ``event.kind`` means the same for every type of event), texts, numbers, True,
False and None, lists of them in parentheses or brackets, ``== != < <= > >= in``, ``and``, ``or`` and ``not``. The text
is parsed by Python's own parser and every node outside that closed set is refused, so nothing of it is ever run. There
is no arithmetic, no call, no index: a condition is a sentence that a reviewer can read.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

from regrove.errors import InvalidInput, nearest
from regrove.playbooks.vocabulary import FLAG, LIST, Field

__all__ = ["DEPTH", "LENGTH", "Condition"]

LENGTH: Final = 1_000
"""The most characters of a condition."""
DEPTH: Final = 20
"""How deep conditions may stand in conditions."""

_ORDERED: Final[dict[type[ast.cmpop], Any]] = {
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}
_NAMES: Final[dict[type[ast.AST], str]] = {
    ast.Call: "a call",
    ast.Subscript: "an index",
    ast.BinOp: "arithmetic",
    ast.Lambda: "a function",
    ast.IfExp: "if and else",
    ast.NamedExpr: "an assignment",
    ast.JoinedStr: "a text with places to fill in",
    ast.Dict: "a table",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Invert: "arithmetic",
    ast.UAdd: "arithmetic",
}


class Condition:
    """A condition that was read; InvalidInput for a text that is none.

    >>> condition = Condition("alert.kind in ('drift', 'performance') and not alert.rows < 100")
    >>> condition.names
    ('alert.kind', 'alert.rows')
    >>> condition.holds({"kind": "drift", "rows": 250})
    True
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._tree = _parse(self.text)
        _closed(self._tree, 0, self.text)
        self.names: tuple[str, ...] = tuple(dict.fromkeys(_names(self._tree)))
        """The names it speaks of, each once, as they are written."""

    def check(self, type_: str, fields: Mapping[str, Field]) -> None:
        """Hold it against the ``fields`` of events of type ``type_``: names, and what is compared with what.

        Raises InvalidInput with the nearest name or value.
        """
        subject = type_.partition(".")[0]
        kind = _Check(type_, subject, fields).kind(self._tree)
        if kind.kinds != FLAG.kinds:
            raise InvalidInput(
                "A condition says yes or no",
                expected="a comparison, or a field that is true or false",
                received=self.text,
            )

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether it holds for an event with these ``fields``.

        Raises InvalidInput when a name is not there, or for values that have no order among each other; events of an
        older version may lack what was checked against a newer one.
        """
        return _yes(self._tree, fields)


def _parse(text: str) -> ast.expr:
    if not text:
        raise InvalidInput("The condition is empty", expected="alert.kind == 'performance'", mend="leave when out")
    if len(text) > LENGTH:
        raise InvalidInput(
            "The condition is too long", expected=f"at most {LENGTH} characters", received=f"{len(text)} characters"
        )
    source = f"({text}\n)" if "\n" in text else text
    try:
        with warnings.catch_warnings(action="ignore"):  # of a strange escape in a text, which is only compared
            return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        what = error.msg
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        what = str(error) or type(error).__name__
    raise InvalidInput(
        f"The condition cannot be read: {what}",
        expected="comparisons joined by and, or, not, such as alert.kind == 'performance'",
        received=repr(text),
    )


def _closed(node: ast.expr, depth: int, text: str) -> None:
    """Refuse every node that is not of the language."""
    if depth > DEPTH:
        raise InvalidInput("The condition is nested too deeply", expected=f"at most {DEPTH} levels")
    inside: list[ast.expr]
    match node:
        case ast.BoolOp(values=values):
            inside = list(values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inside = [operand]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if not _is_flag(value):
            return
        case ast.Compare(left=left, ops=ops, comparators=right):
            for op in ops:
                if isinstance(op, ast.Is | ast.IsNot):
                    raise _strange(op, text)
            inside = [left, *right]
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for each in elements:
                if not isinstance(each, ast.Constant | ast.UnaryOp):
                    raise InvalidInput(
                        "A list in a condition holds values only",
                        expected="('drift', 'performance')",
                        received=_said(each),
                    )
            inside = list(elements)
        case ast.Constant(value=None | str() | int() | float()):
            return
        case ast.Attribute(value=ast.Name()):
            return
        case ast.Name(id=name):
            raise InvalidInput(
                f"The name {name!r} stands alone in a condition", expected="a field of the event", mend=f"event.{name}"
            )
        case _:
            raise _strange(node, text)
    for each in inside:
        _closed(each, depth + 1, text)


def _strange(node: ast.AST, text: str) -> InvalidInput:
    return InvalidInput(
        f"A condition cannot contain {_said(node)}",
        expected="names such as alert.kind, values, and, or, not, ==, !=, <, <=, >, >=, in",
        received=text,
    )


def _said(node: ast.AST) -> str:
    operator = node.op if isinstance(node, ast.UnaryOp) else node
    known = _NAMES.get(type(operator))
    if known:
        return known
    if isinstance(node, ast.Constant):
        return f"a value of type {type(node.value).__name__}"
    return "a name with several dots" if isinstance(node, ast.Attribute) else type(node).__name__.lower()


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield _name(node)
        return
    for child in ast.iter_child_nodes(node):
        yield from _names(child)


def _name(node: ast.Attribute) -> str:
    assert isinstance(node.value, ast.Name)
    return f"{node.value.id}.{node.attr}"


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


class _Check:
    """Works out what kind of value each part is, and refuses comparisons that could never be meant."""

    def __init__(self, type_: str, subject: str, fields: Mapping[str, Field]) -> None:
        self._type = type_
        self._subject = subject
        self._fields = fields

    def kind(self, node: ast.expr) -> Field:
        match node:
            case ast.BoolOp(values=values):
                for each in values:
                    self._flag(each)
                return FLAG
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._flag(operand)
                return FLAG
            case ast.Compare(left=left, ops=ops, comparators=right):
                for one, op, other in zip([left, *right], ops, right, strict=False):
                    self._compare(one, op, other)
                return FLAG
            case ast.Attribute():
                return self._named(node)
            case ast.Tuple() | ast.List():
                return LIST
            case _:
                return Field(frozenset({_kind(_value(node, {}))}))

    def _flag(self, node: ast.expr) -> None:
        if "flag" not in self.kind(node).kinds:
            raise InvalidInput(
                "and, or and not join what is true or false", expected="a comparison", received=ast.unparse(node)
            )

    def _named(self, node: ast.Attribute) -> Field:
        assert isinstance(node.value, ast.Name)
        if node.value.id not in ("event", self._subject):
            names = dict.fromkeys((self._subject, "event"))
            raise InvalidInput(
                f"A condition on {self._type} speaks of {' and '.join(names)} only",
                expected=f"{self._subject}.{node.attr}",
                received=_name(node),
                mend=nearest(node.value.id, names) or f"{self._subject}.{node.attr}",
            )
        if node.attr not in self._fields:
            raise InvalidInput(
                f"An event of type {self._type} has no field {node.attr!r}",
                expected=f"one of {', '.join(self._fields)}",
                received=_name(node),
                mend=nearest(node.attr, self._fields),
            )
        return self._fields[node.attr]

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> None:
        one, other = self.kind(left), self.kind(right)
        if isinstance(op, ast.In | ast.NotIn):
            if other.kinds != LIST.kinds:
                raise _mismatch(left, "in", right, "a list after in, such as ('drift', 'performance')")
            for element in right.elts if isinstance(right, ast.Tuple | ast.List) else ():
                self._compare(left, ast.Eq(), element)
            return
        both = one.kinds & other.kinds
        if isinstance(op, ast.Eq | ast.NotEq):
            if not both - {"list", "other"}:
                raise _mismatch(left, "==", right, f"a {' or '.join(sorted(one.kinds)) or 'value'} on both sides")
            self._among(one, left, right)
            self._among(other, right, left)
        elif not both & {"number", "text"}:
            raise _mismatch(left, "<", right, "two numbers, or two texts")

    def _among(self, field: Field, named: ast.expr, against: ast.expr) -> None:
        """Refuse a value that the field can never have."""
        if field.values and isinstance(against, ast.Constant) and against.value not in field.values:
            raise InvalidInput(
                f"{ast.unparse(named)} is never {against.value!r}",
                expected=f"one of {', '.join(map(repr, field.values))}",
                received=repr(against.value),
                mend=nearest(str(against.value), [str(each) for each in field.values]),
            )


def _mismatch(left: ast.expr, op: str, right: ast.expr, expected: str) -> InvalidInput:
    return InvalidInput(
        "Two things are compared that have nothing in common",
        expected=expected,
        received=f"{ast.unparse(left)} {op} {ast.unparse(right)}",
    )


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list | tuple) else "other"


def _value(node: ast.AST, fields: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Attribute(attr=name):
            if name not in fields:
                raise InvalidInput(f"The event has no field {name!r}", expected=f"one of {', '.join(fields)}")
            return fields[name]
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return [_value(each, fields) for each in elements]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case _:
            return _yes(node, fields)


def _yes(node: ast.AST, fields: Mapping[str, Any]) -> bool:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_yes(each, fields) for each in values)
        case ast.BoolOp(values=values):
            return any(_yes(each, fields) for each in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _yes(operand, fields)
        case ast.Compare(left=left, ops=ops, comparators=right):
            values = [_value(each, fields) for each in (left, *right)]
            return all(_compared(values[n], op, values[n + 1]) for n, op in enumerate(ops))
        case _:
            value = _value(node, fields)
            if not isinstance(value, bool):
                raise InvalidInput("A condition says yes or no", expected="true or false", received=repr(value))
            return value


def _compared(left: Any, op: ast.cmpop, right: Any) -> bool:
    match op:
        case ast.Eq():
            return _same(left, right)
        case ast.NotEq():
            return not _same(left, right)
        case ast.In() | ast.NotIn():
            if not isinstance(right, list | tuple):
                raise InvalidInput("in asks for a list", expected="a list", received=repr(right))
            return any(_same(left, each) for each in right) is isinstance(op, ast.In)
        case _:
            if _kind(left) != _kind(right) or _kind(left) not in ("number", "text"):
                raise InvalidInput(
                    "Values without an order were compared",
                    expected="two numbers, or two texts",
                    received=f"{left!r} and {right!r}",
                )
            return bool(_ORDERED[type(op)](left, right))


def _same(left: Any, right: Any) -> bool:
    return _kind(left) == _kind(right) and bool(left == right)
