"""Expressions as definitions write them: what one asks of the run's state and calls, or why nobody can read it."""

import ast
import warnings
from dataclasses import dataclass, field
from functools import lru_cache

from flowdeck.definition.values.expression_text import Prepared, prepare
from flowdeck.definition.values.jsonpath import ANYWHERE, LATE, Several, Step, Steps, read

# The first three are documented ("Using Functions in Expressions"); Globus's own example flows call the others too.
FUNCTIONS = ("pathsplit", "is_present", "getattr", "len", "str")
# These take the path of a value as a text, and do not fail where there is none.
_TESTS = ("is_present", "getattr")
# As attributes they are methods of an object, whatever keys it has.
_METHODS = frozenset(name for name in dir(dict) if not name.startswith("_"))
_CONSTANTS = {"true": "True", "false": "False", "null": "None"}
_UNSUPPORTED: dict[type[ast.AST], str] = {
    ast.Lambda: "a lambda",
    ast.NamedExpr: "an assignment",
    ast.Await: "`await`",
    ast.Yield: "`yield`",
    ast.YieldFrom: "`yield`",
    ast.JoinedStr: "an f-string",
}
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_UNDOCUMENTED = "which expressions are not documented to have"
PLAIN = "use operators, conditions and list comprehensions only"
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Use:
    """What an expression asks of the run's state.

    `tests`: only whether it is there. `certain`: whenever the expression is evaluated, not on a condition.
    """

    steps: Steps
    tests: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Expression:
    """`fault` says why it cannot be read, `hint` the way out; `paths` are the JSONPaths in backticks.

    `unsupported` says what it does that expressions are not known to do, each with the way out.
    """

    uses: tuple[Use, ...] = ()
    calls: tuple[str, ...] = ()
    unsupported: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()
    fault: str = ""
    hint: str = ""


_UNKNOWN = Expression((Use(ANYWHERE),))


@lru_cache(maxsize=2048)
def understand(text: str) -> Expression:
    """Read an expression; one with a late reference, or too long or deep to be judged, may ask for anything."""
    if LATE in text or len(text) > _LONGEST:
        return _UNKNOWN
    prepared = prepare(text)
    if prepared.fault:
        return Expression(_UNKNOWN.uses, fault=prepared.fault, hint=prepared.hint)
    try:
        tree = _parsed(prepared.text, "eval")
        if tree is None:
            return _statement(prepared)
        reader = _Reader(prepared)
        reader.visit(tree)
    except (RecursionError, MemoryError):
        return _UNKNOWN
    return Expression(
        tuple(dict.fromkeys(reader.uses)),
        tuple(dict.fromkeys(reader.calls)),
        tuple(dict.fromkeys(reader.unsupported)),
        prepared.paths,
    )


def _parsed(text: str, mode: str) -> ast.AST | None:
    """The syntax of a text; None where it has none. Nothing is compiled or run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text, mode=mode)
        except (SyntaxError, ValueError):
            return None


def _statement(prepared: Prepared) -> Expression:
    """What is to be said of a text that is no expression."""
    if _parsed(prepared.text, "exec") is None:
        return Expression(_UNKNOWN.uses, fault="it is not written as in Python", hint=prepared.hint)
    found = (("is a statement, and no expression", "write one expression; `==` compares"),)
    return Expression(_UNKNOWN.uses, unsupported=found, paths=prepared.paths)


@dataclass(slots=True)
class _Reader:
    """Collects what the syntax of an expression holds."""

    prepared: Prepared
    uses: list[Use] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    unsupported: list[tuple[str, str]] = field(default_factory=list)

    def visit(self, node: ast.AST, bound: frozenset[str] = frozenset(), certain: bool = True) -> None:
        """Read a node; names in `bound` are not the state's."""
        if what := _UNSUPPORTED.get(type(node)):
            self.unsupported.append((f"uses {what}, {_UNDOCUMENTED}", PLAIN))
        match node:
            case ast.Name() | ast.Attribute() | ast.Subscript():
                self._chain(node, bound, certain)
            case ast.Call():
                self._call(node, bound, certain)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, bound, certain)
            case ast.NamedExpr():
                self.visit(node.value, bound, certain)
            case ast.Lambda():
                named = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
                self.visit(node.body, bound | named, certain=False)
            case ast.IfExp():
                self.visit(node.test, bound, certain)
                self._visit_each((node.body, node.orelse), bound)
            case ast.BoolOp():
                self.visit(node.values[0], bound, certain)
                self._visit_each(node.values[1:], bound)
            case ast.Compare():
                self._compare(node, bound, certain)
            case _:
                for child in ast.iter_child_nodes(node):
                    self.visit(child, bound, certain)

    def _visit_each(self, nodes: "list[ast.expr] | tuple[ast.expr, ...]", bound: frozenset[str]) -> None:
        """Read parts that may never be evaluated."""
        for node in nodes:
            self.visit(node, bound, certain=False)

    def _comprehension(self, node: _Comprehension, bound: frozenset[str], certain: bool) -> None:
        for index, one in enumerate(node.generators):
            self.visit(one.iter, bound, certain and index == 0)
            bound |= {name.id for name in ast.walk(one.target) if isinstance(name, ast.Name)}
            self._visit_each(one.ifs, bound)
        self._visit_each([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt], bound)

    def _compare(self, node: ast.Compare, bound: frozenset[str], certain: bool) -> None:
        self.visit(node.left, bound, certain)
        self.visit(node.comparators[0], bound, certain)
        self._visit_each(node.comparators[1:], bound)
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            holder = node.comparators[0]
            if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Attribute) and holder.func.attr == "keys":
                holder = holder.func.value
            self._test_key(holder, node.left, bound)

    def _test_key(self, holder: ast.expr, key: ast.expr, bound: frozenset[str]) -> None:
        """`'key' in holder` asks only whether the key is there."""
        steps = self._steps(holder, bound)
        if steps is not None and isinstance(key, ast.Constant) and isinstance(key.value, str):
            self.uses.append(Use((*steps, key.value), tests=True))

    def _call(self, node: ast.Call, bound: frozenset[str], certain: bool) -> None:
        rest = [*node.args, *(one.value for one in node.keywords)]
        match node.func:
            case ast.Name(id=name) if name not in bound:
                self.calls.append(name)
                if name in _TESTS:
                    self.uses.append(Use(_named(rest[0]) if rest else ANYWHERE, tests=True))
                    self._visit_each(rest, bound)
                    return
            case ast.Attribute(value=holder, attr=name):
                self._check_name(name)
                self.visit(holder, bound, certain)
                if name == "get" and rest:
                    self._test_key(holder, rest[0], bound)
            case other:
                self.visit(other, bound, certain)
        for part in rest:
            self.visit(part, bound, certain)

    def _chain(self, node: ast.Name | ast.Attribute | ast.Subscript, bound: frozenset[str], certain: bool) -> None:
        """A name and what follows it, `a.b[0]`, is one value of the state."""
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute | ast.Subscript):
            if isinstance(inner, ast.Subscript):
                self.visit(inner.slice, bound, certain)
            else:
                self._check_name(inner.attr)
            inner = inner.value
        steps = self._steps(node, bound)
        if steps is not None:
            self.uses.append(Use(steps, certain=certain))
        elif not isinstance(inner, ast.Name):
            self.visit(inner, bound, certain)
        elif inner.id not in bound:  # a constant of another language
            right = _CONSTANTS[inner.id]
            self.unsupported.append((f"takes `{inner.id}` for a key of the run's state", f"write `{right}`"))

    def _steps(self, node: ast.expr, bound: frozenset[str]) -> Steps | None:
        """The steps of a chain; None for one that does not begin in the state."""
        found: list[Step] = []
        while isinstance(node, ast.Attribute | ast.Subscript):
            found.append(_step(node))
            node = node.value
        if not isinstance(node, ast.Name) or node.id in bound or node.id in _CONSTANTS:
            return None
        path = self.prepared.path(node.id)
        return (*(read(path).steps if path is not None else (node.id,)), *reversed(found))

    def _check_name(self, name: str) -> None:
        if name.startswith("__"):
            self.unsupported.append((f"uses `{name}`, {_UNDOCUMENTED}", PLAIN))


def _step(node: ast.Attribute | ast.Subscript) -> Step:
    if isinstance(node, ast.Attribute):
        return Several.UNKNOWN if node.attr in _METHODS else node.attr
    match node.slice:
        case ast.Constant(value=bool()):
            return Several.UNKNOWN
        case ast.Constant(value=str() | int() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
        case ast.Slice():
            return Several.SLICE
        case _:
            return Several.UNKNOWN


def _named(node: ast.expr) -> Steps:
    """The steps of a path that is written as a text, with or without `$.`."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return ANYWHERE
    return read(node.value if node.value.startswith("$") else f"$.{node.value}").steps
