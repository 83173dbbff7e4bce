"""Counting the steps of foreign code: every turn of a loop, every call of a function and every item of a comprehension.

The source is changed before it is compiled: the counter is a line in front of each body. It is the same count on every
machine and in every version of Python, which time or traced lines would not be. What runs inside of one built-in function,
such as ``sum(range(10**12))``, is one step and is not interrupted.
"""

from __future__ import annotations

import ast
from typing import Final, TypeAlias

STEP: Final = "__step__"
"""The name under which the counter is called in the changed source."""
COUNTED: Final = "__counted__"
"""The name under which the items of a comprehension are counted."""

Body: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.For | ast.AsyncFor | ast.While


def with_counted_steps(tree: ast.Module) -> ast.Module:
    """The same module with its steps counted; line numbers stay."""
    _Counting().visit(tree)
    return ast.fix_missing_locations(tree)


class _Counting(ast.NodeTransformer):
    """Puts a step in front of every body that may run again."""

    def _counted(self, node: Body) -> Body:
        self.generic_visit(node)
        first = node.body[0]
        has_docstring = (
            isinstance(node, ast.FunctionDef)
            and isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        )
        step = ast.copy_location(ast.Expr(_call(STEP)), first)
        node.body.insert(1 if has_docstring else 0, step)
        return node

    def visit(self, node: ast.AST) -> ast.AST:
        """Bodies that may run again, and what else is counted."""
        if isinstance(node, Body):
            return self._counted(node)
        changed: ast.AST = super().visit(node)
        return changed

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        """``lambda: x`` counts as ``lambda: (step(), x)[1]``."""
        self.generic_visit(node)
        pair = ast.Tuple([_call(STEP), node.body], ast.Load())
        node.body = ast.copy_location(ast.Subscript(pair, ast.Constant(1), ast.Load()), node.body)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        """``for x in items`` counts every item."""
        self.generic_visit(node)
        node.iter = ast.copy_location(_call(COUNTED, node.iter), node.iter)
        return node


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
