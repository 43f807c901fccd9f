"""Where a template is checked: its syntax tree, before jinja compiles it, with filters that measure what is made.

What no hook of jinja's sandbox sees goes through them: loops, ``+``, ``-``, ``~``, lists, what is printed, what is
compared. A check costs a call for each time it is passed, so it is left out where the tree shows that it would find
nothing: constants, the inner sums of a chain, a comparison with a constant.

This module imports jinja and is itself imported where a template is made.
"""

# {% for a in b %}    ->  {% for a in b | <counted> %}         each turn is a step
# {{ a + b + c }}     ->  {{ (a + b + c) | <bounded> }}        once for the chain: it only grows
# {{ a ~ b }}         ->  {{ (a | <printed> ~ b | <printed>) | <bounded> }}
# [a, b], {k: v}      ->  [a, b] | <bounded>                   as often as it is written out
# {{ a }}             ->  {{ a | <printed> }}                  not of constants, nor of what is bounded already
# a in b              ->  a in (b | <searched>)
# {% set ns.x = a %}  ->  {% set ns.x = a | <printed> %}       a namespace lives on from turn to turn
#
# Names in angle brackets are no names in jinja's grammar, so no template can use or shadow them.

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from proctor.template_sizes import BOUNDED, COUNTED, PRINTED, SEARCHED


def with_counters(source: Any) -> Any:
    """The tree ``source`` with the filters in it.

    Args:
        source: The syntax tree of a template.
    """
    tree = _TreeCounters().visit(source)
    if tree.environment is not None:
        tree.set_environment(tree.environment)
    return tree


def _through(name: str, node: Any) -> Any:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _is_short(node: Any) -> bool:
    """Whether it is no longer than the template: a constant, or one of two."""
    if isinstance(node, nodes.CondExpr):
        return _is_short(node.expr1) and (node.expr2 is None or _is_short(node.expr2))
    return isinstance(node, (nodes.TemplateData, nodes.Const))


def _printed(node: Any) -> Any:
    measured = isinstance(node, nodes.Filter) and node.name == BOUNDED
    return node if measured or _is_short(node) else _through(PRINTED, node)


class _TreeCounters(NodeTransformer):
    """Puts the filters into a tree, from the leaves up; ``visit_X`` is called for nodes of the kind ``X``."""

    def visit_For(self, node: Any) -> Any:
        self.generic_visit(node)
        node.iter = _through(COUNTED, node.iter)
        return node

    def visit_Add(self, node: Any) -> Any:
        return _through(BOUNDED, self._sum(node))

    visit_Sub = visit_Add

    def _sum(self, node: Any) -> Any:
        """A chain of additions: what is added in between is no larger than the end."""
        chain = (nodes.Add, nodes.Sub)
        node.left = self._sum(node.left) if isinstance(node.left, chain) else self.visit(node.left)
        node.right = self._sum(node.right) if isinstance(node.right, chain) else self.visit(node.right)
        return node

    def visit_Concat(self, node: Any) -> Any:
        self.generic_visit(node)
        node.nodes = [_printed(part) for part in node.nodes]
        return _through(BOUNDED, node)

    def visit_Output(self, node: Any) -> Any:
        self.generic_visit(node)
        node.nodes = [_printed(part) for part in node.nodes]
        return node

    def visit_List(self, node: Any) -> Any:
        self.generic_visit(node)
        return _through(BOUNDED, node) if node.items else node

    visit_Dict = visit_List

    def visit_Tuple(self, node: Any) -> Any:
        self.generic_visit(node)
        return _through(BOUNDED, node) if node.items and node.ctx == "load" else node

    def visit_Assign(self, node: Any) -> Any:
        self.generic_visit(node)
        if isinstance(node.target, nodes.NSRef):
            node.node = _printed(node.node)
        return node

    def visit_Compare(self, node: Any) -> Any:
        written = [isinstance(part, nodes.Literal) for part in (node.expr, *(op.expr for op in node.ops))]
        self.generic_visit(node)
        for operand, left, right in zip(node.ops, written, written[1:], strict=False):
            if not right and (not left or operand.op in ("in", "notin")):
                operand.expr = _through(SEARCHED, operand.expr)
        return node

    def visit_Test(self, node: Any) -> Any:
        written = [isinstance(part, nodes.Literal) for part in node.args or []]
        self.generic_visit(node)
        node.args = [
            part if literal else _through(SEARCHED, part)
            for part, literal in zip(node.args or [], written, strict=True)
        ]
        return node
