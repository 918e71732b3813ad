"""The mutants of a module: one small change each, of the kind that a careless edit makes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_COMPARED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.Lt: ast.LtE(),
    ast.LtE: ast.Lt(),
    ast.Gt: ast.GtE(),
    ast.GtE: ast.Gt(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
}
# A link of a chain that narrows, locks, orders or evens out: without it there is still a chain.
_LINKS = {
    *("select_for_update", "filter", "exclude", "order_by", "for_portal", "active", "due"),
    *("casefold", "lower", "strip"),
}
_CONDITIONS = {"filter", "exclude", "get", "get_or_create", "update", "create"}
# Without these the module does not load, or nobody sees a difference.
_KEPT_DECORATORS = {
    "property",
    "classmethod",
    "staticmethod",
    "dataclass",
    "cache",
    "contextmanager",
}
_UNSEEN_CALLS = {"log", "logger", "logging"}
_UNSEEN_FUNCTIONS = {"__str__", "__repr__"}
_TRANSLATED = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext"}


@dataclass(frozen=True)
class Mutant:
    """`where`: the function or class around it, empty at the module's own level; `before` and
    `after`: the source from `start` to `end`, offsets in characters."""

    path: str
    where: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def applied_to(self, source: str) -> str:
        return source[: self.start] + self.after + source[self.end :]

    def lines(self, source: str) -> tuple[str, str]:
        """What a person compares: the source before and after, from its first changed line."""
        first = source.rfind("\n", 0, self.start) + 1
        last = source.find("\n", max(self.start, self.end - 1))
        changed = source[first : self.start] + self.after + source[self.end : last]
        return _flat(source[first:last]), _flat(changed)


def _flat(code: str) -> str:
    return " ".join(code.split())


def mutants_of(path: str, source: str) -> dict[str, Mutant]:
    """By a name that stays when lines above come or go, in the order of the source."""
    found = {
        (mutant.start, mutant.end, mutant.after): mutant
        for mutant in _Search(path, source).mutants(ast.parse(source))
    }
    named: dict[str, Mutant] = {}
    for _place, mutant in sorted(found.items(), key=lambda each: each[0]):
        before, after = mutant.lines(source)
        name = f"{mutant.where or 'module'}: {before} -> {after}"
        same = sum(1 for known in named if known == name or known.startswith(f"{name} #"))
        named[f"{name} #{same + 1}" if same else name] = mutant
    return named


class _Search:
    def __init__(self, path: str, source: str) -> None:
        self.path, self.source = path, source
        self.lines = source.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.where: list[str] = []

    def mutants(self, node: ast.AST) -> Iterator[Mutant]:
        if _is_unseen(node):
            return
        scope = node if isinstance(node, ast.FunctionDef | ast.ClassDef) else None
        if isinstance(node, ast.FunctionDef):
            yield from self._decorators(node)
        if scope is not None:
            self.where.append(scope.name)
        if changes := getattr(self, f"_of_{type(node).__name__}", None):
            yield from changes(node)
        for child in _children(node):
            yield from self.mutants(child)
        if scope is not None:
            self.where.pop()

    def _change(self, node: ast.AST, after: str) -> Mutant:
        start = self._at(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        end = self._at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return self._cut(node.lineno, start, end, after)  # type: ignore[attr-defined]

    def _cut(self, line: int, start: int, end: int, after: str) -> Mutant:
        where, before = ".".join(self.where), self.source[start:end]
        return Mutant(self.path, where, line, start, end, before, after)

    def _at(self, line: int, column_bytes: int) -> int:
        text = self.lines[line - 1].encode()[:column_bytes].decode()
        return self.starts[line - 1] + len(text)

    def _text(self, node: ast.AST) -> str:
        return ast.get_source_segment(self.source, node) or ""

    def _decorators(self, node: ast.FunctionDef) -> Iterator[Mutant]:
        self.where.append(node.name)
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called).split(".")[-1] not in _KEPT_DECORATORS:
                start = self._at(decorator.lineno, decorator.col_offset) - 1
                end = self._at(decorator.end_lineno or 0, decorator.end_col_offset or 0)
                yield self._cut(decorator.lineno, start, end, "")
        self.where.pop()

    def _of_Compare(self, node: ast.Compare) -> Iterator[Mutant]:
        for index, operator in enumerate(node.ops):
            operators = list(node.ops)
            operators[index] = _COMPARED[type(operator)]
            yield self._change(node, _code(ast.Compare(node.left, operators, node.comparators)))

    def _of_BoolOp(self, node: ast.BoolOp) -> Iterator[Mutant]:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield self._change(node, f"({_code(ast.BoolOp(other, node.values))})")

    def _of_UnaryOp(self, node: ast.UnaryOp) -> Iterator[Mutant]:
        if isinstance(node.op, ast.Not):
            yield self._change(node, f"({_code(node.operand)})")

    def _of_BinOp(self, node: ast.BinOp) -> Iterator[Mutant]:
        if isinstance(node.op, ast.Add | ast.Sub) and not _is_text(node):
            other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield self._change(node, f"({_code(ast.BinOp(node.left, other, node.right))})")

    def _of_Constant(self, node: ast.Constant) -> Iterator[Mutant]:
        if isinstance(node.value, bool):
            yield self._change(node, str(not node.value))
        elif isinstance(node.value, int):
            yield self._change(node, str(node.value + 1))

    def _of_arguments(self, node: ast.arguments) -> Iterator[Mutant]:
        for default in [*node.defaults, *(one for one in node.kw_defaults if one)]:
            if isinstance(default, ast.Constant) and isinstance(default.value, str):
                yield self._change(default, repr("other" if not default.value else ""))

    def _of_Expr(self, node: ast.Expr) -> Iterator[Mutant]:
        if isinstance(node.value, ast.Call):
            yield self._change(node, "pass")

    def _of_Assign(self, node: ast.Assign) -> Iterator[Mutant]:
        """What is written into an object, not what a function calls its parts."""
        targets = [
            inner
            for target in node.targets
            for inner in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in targets):
            yield self._change(node, "pass")

    def _of_Raise(self, node: ast.Raise) -> Iterator[Mutant]:
        yield self._change(node, "pass")

    def _of_Return(self, node: ast.Return) -> Iterator[Mutant]:
        value = node.value
        if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            yield self._change(node, "return None")

    def _of_Call(self, node: ast.Call) -> Iterator[Mutant]:
        if isinstance(node.func, ast.Name) and node.func.id in {"min", "max"}:
            yield self._change(node.func, "max" if node.func.id == "min" else "min")
        if not isinstance(node.func, ast.Attribute):
            return
        inner = node.func.value
        if node.func.attr in _LINKS and not _is_manager(inner):
            name_ends = self._at(node.func.end_lineno or 0, node.func.end_col_offset or 0)
            start = self.source.rindex(".", 0, name_ends)
            end = self._at(node.end_lineno or 0, node.end_col_offset or 0)
            yield self._cut(node.func.end_lineno or 0, start, end, "")
        elif node.func.attr in _LINKS and node.func.attr != "due":
            yield self._change(node, f"{self._text(inner)}.all()")
        if node.func.attr in _CONDITIONS:
            yield from self._without_each_keyword(node)

    def _without_each_keyword(self, node: ast.Call) -> Iterator[Mutant]:
        given = [*node.args, *node.keywords]
        for index, one in enumerate(given):
            if isinstance(one, ast.keyword) and one.arg and len(given) > 1:
                yield self._without(given, index)

    def _of_Dict(self, node: ast.Dict) -> Iterator[Mutant]:
        pairs = [
            ast.Slice(
                lineno=(key or value).lineno,
                col_offset=(key or value).col_offset - (0 if key else 2),
                end_lineno=value.end_lineno,
                end_col_offset=value.end_col_offset,
            )
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        yield from (self._without(pairs, index) for index in range(len(pairs)))

    def _of_List(self, node: ast.List) -> Iterator[Mutant]:
        yield from (self._without(node.elts, index) for index in range(len(node.elts)))

    def _of_Set(self, node: ast.Set) -> Iterator[Mutant]:
        if len(node.elts) > 1:
            yield from (self._without(node.elts, index) for index in range(len(node.elts)))

    def _without(self, items: Sequence[ast.AST], index: int) -> Mutant:
        """One of several, with the comma behind it or, for the last, before it."""
        one: Any = items[index]
        start = self._at(one.lineno, one.col_offset)
        end = self._at(one.end_lineno, one.end_col_offset)
        if index + 1 < len(items):
            following: Any = items[index + 1]
            end = self._at(following.lineno, following.col_offset)
        elif index:
            former: Any = items[index - 1]
            start = self._at(former.end_lineno, former.end_col_offset)
        return self._cut(one.lineno, start, end, "")


def _code(node: ast.AST) -> str:
    """One line of source, whose length decides nothing."""
    return ast.unparse(ast.fix_missing_locations(node))


def _is_manager(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"objects", "signers", "_meta"}


def _is_text(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    kinds = ast.JoinedStr | ast.List | ast.Tuple
    return any(
        isinstance(side, kinds)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str | bytes))
        for side in sides
    )


def _is_unseen(node: ast.AST) -> bool:
    """Logs, names for debugging, texts, imports, types."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.FunctionDef):
        return node.name in _UNSEEN_FUNCTIONS
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func).split(".")[0] in _UNSEEN_CALLS
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _TRANSLATED
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    return False


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.ClassDef) and any(ast.unparse(b) == "models.Model" for b in node.bases):
        # What else stands there is in the database's schema: migrations would have to follow.
        yield from (child for child in node.body if isinstance(child, ast.FunctionDef))
        return
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child
