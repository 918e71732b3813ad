"""Puts a mutant into modules that are loaded already, without loading anything again."""

from __future__ import annotations

import ast
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

Place = tuple[str, int]  # qualified name of a code object, and which of those of this name


def graft(module: ModuleType, before: str, after: str) -> None:
    """Make the loaded module what it would be with the source `after`.

    Functions get other code in their place, so that everybody who has imported them has it too.
    A statement of the module or of a class is run anew, and what it made is put wherever the
    former was. Raises whatever the statement raises.
    """
    old, new = ast.parse(before), ast.parse(after)
    _give_code(str(module.__file__), before, after)
    for former, statement in zip(old.body, new.body, strict=True):
        if ast.dump(former) != ast.dump(statement):
            _run_anew(module, former, statement)


def _give_code(file: str, before: str, after: str) -> None:
    old = {code: place for place, code in _codes(compile(before, file, "exec"))}
    new = dict(_codes(compile(after, file, "exec")))
    gc.unfreeze()  # what pytest has frozen would not be found
    for function in gc.get_objects():
        if not isinstance(function, FunctionType) or function.__code__.co_filename != file:
            continue
        code = new.get(old.get(function.__code__, ("", 0)))
        if code is not None and code.co_freevars == function.__code__.co_freevars:
            function.__code__ = code


def _codes(code: CodeType) -> Iterator[tuple[Place, CodeType]]:
    seen: Counter[str] = Counter()

    def walk(outer: CodeType) -> Iterator[tuple[Place, CodeType]]:
        for inner in outer.co_consts:
            if isinstance(inner, CodeType):
                seen[inner.co_qualname] += 1
                yield (inner.co_qualname, seen[inner.co_qualname]), inner
                yield from walk(inner)

    return walk(code)


def _run_anew(module: ModuleType, former: ast.stmt, statement: ast.stmt) -> None:
    if isinstance(statement, ast.FunctionDef) and isinstance(former, ast.FunctionDef):
        if _head(former) != _head(statement):
            _replace(module, statement.name, _made(module, statement)[statement.name])
    elif isinstance(statement, ast.ClassDef) and isinstance(former, ast.ClassDef):
        _renew_class(module, former, statement)
    else:
        for name, value in _made(module, statement).items():
            _replace_constant(module, name, value)


def _renew_class(module: ModuleType, former: ast.ClassDef, statement: ast.ClassDef) -> None:
    old_methods = {node.name: node for node in former.body if isinstance(node, ast.FunctionDef)}
    methods = [node for node in statement.body if isinstance(node, ast.FunctionDef)]
    for node in methods:
        if _head(old_methods[node.name]) != _head(node):
            made = _made(module, node)[node.name]
            setattr(getattr(module, statement.name), node.name, made)
    rest = [
        [ast.dump(node) for node in one.body if not isinstance(node, ast.FunctionDef)]
        for one in (former, statement)
    ]
    if rest[0] != rest[1]:
        _replace(module, statement.name, _made(module, statement)[statement.name])


def _head(function: ast.FunctionDef) -> str:
    """What of a function is no code of its own."""
    return "".join(ast.dump(node) for node in [function.args, *function.decorator_list])


def _made(module: ModuleType, statement: ast.stmt) -> dict[str, Any]:
    code = compile(ast.Module([statement], []), str(module.__file__), "exec")
    made: dict[str, Any] = {}
    exec(code, vars(module), made)  # noqa: S102 (the module's own statement)
    return made


def _replace(module: ModuleType, name: str, value: Any) -> None:
    former = getattr(module, name)
    setattr(module, name, value)
    for holder in gc.get_referrers(former):
        if isinstance(holder, dict):
            for key, held in list(holder.items()):
                if held is former:
                    holder[key] = value
        elif isinstance(holder, list):
            holder[:] = [value if held is former else held for held in holder]


def _replace_constant(module: ModuleType, name: str, value: Any) -> None:
    """Only under its own name: equal numbers are often one object."""
    former = vars(module).get(name)
    for other in list(sys.modules.values()):
        if name in getattr(other, "__dict__", {}) and vars(other)[name] is former:
            vars(other)[name] = value
