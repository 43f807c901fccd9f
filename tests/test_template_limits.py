"""Templates of strangers: what would never end, or fill the memory, is refused; everything else is as in jinja."""

from __future__ import annotations

import faulthandler

import pytest
from jinja2 import Environment
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from proctor import template_limits
from proctor.template_environment import bound, bounded_like
from proctor.template_limits import budget
from proctor.template_sizes import TemplateTooLarge

MESSAGES = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello\nthere"}] * 3
BOMBS = {
    "product": "{{ 'x' * 3000000000 }}",
    "product of lists": "{{ ([1] * 100000) * 100000 }}",
    "power": "{{ 9**(9**8) }}",
    "product of numbers": "{% set ns = namespace(n=9**9000) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}"
    "{% endfor %}",
    "sum": "{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "sum of lists": "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "tilde": "{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "loops with loop": "{% for a in range(99999) %}{% for b in range(99999) %}{{ loop.last }}{% endfor %}{% endfor %}",
    "range": "{% for i in range(10**12) %}{% endfor %}",
    "percent": "{{ '%1000000000d' % 1 }}",
    "percent star": "{{ '%*d' % (1000000000, 1) }}",
    "format filter": "{{ '%1000000000d'|format(1) }}",
    "format": "{{ '{:1000000000}'.format(1) }}",
    "nested format": "{{ '{:{}}'.format(1, 1000000000) }}",
    "format map": "{{ '{a:1000000000}'.format_map({'a': 1}) }}",
    "center": "{{ 'x'|center(1000000000) }}",
    "center method": "{{ 'x'.center(1000000000) }}",
    "zfill": "{{ '1'.zfill(1000000000) }}",
    "expandtabs": "{{ '\t\t'.expandtabs(1000000000) }}",
    "join": "{{ ('x' * 9999999).join('x' * 100000) }}",
    "join filter": "{{ ('x' * 100000)|join('y' * 100000) }}",
    "replace": "{{ ('x' * 100000)|replace('x', 'y' * 100000) }}",
    "replace method": "{{ ('x' * 100000).replace('x', 'y' * 100000) }}",
    "translate": "{{ ('x' * 100000).translate({120: 'y' * 100000}) }}",
    "chain of replaces": "{{ 'x'" + "|replace('x', 'xx')" * 60 + " }}",
    "batch": "{{ [1]|batch(1000000000, 'x')|list|length }}",
    "batch by name": "{{ [1]|batch(linecount=1000000000, fill_with='x')|list|length }}",
    "slice": "{{ [1]|slice(1000000000)|list|length }}",
    "indent": "{{ 'x\ny'|indent(1000000000) }}",
    "round": "{{ 1|round(1000000000, 'ceil') }}",
    "tojson": "{{ [1]|tojson(indent=1000000000) }}",
    "map": "{{ ['x']|map('center', 1000000000)|list|length }}",
    "lists": "{% set ns = namespace(x=[]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}"
    "{% endfor %}{{ ns.x }}",
    "tuples": "{% set ns = namespace(x=()) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}"
    "{% endfor %}{{ ns.x == 1 }}",
    "dicts": "{% set ns = namespace(x={}) %}{% for i in range(60) %}"
    "{% set ns.x = {1: ns.x, 2: ns.x} %}{% endfor %}{{ ns.x|string }}",
    "namespaces": "{% set ns = namespace(x=1) %}{% for i in range(60) %}"
    "{% set ns.x = namespace(a=ns.x, b=ns.x) %}{% endfor %}{{ ns.x }}",
    "output": "{% set x = 'x' * 9000000 %}{% for i in range(99999) %}{{ x }}{% endfor %}",
    "macro": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "lorem": "{{ lipsum(n=1000000) }}",
    "large value in a loop": "{% set x = 'x' * 9000000 %}{% for i in range(99999) %}{{ x == x ~ '' }}{% endfor %}",
    "bytes": "{{ ((5).to_bytes(1000000000, 'big'))|length }}",
    "recursive loop": "{% for a in [1] recursive %}{% if loop.depth < 90 %}{{ loop([1]) }}{{ loop([1]) }}"
    "{% endif %}{% endfor %}",
    "wordwrap": "{{ ('a' * 1000000)|wordwrap(1, wrapstring='x' * 100000) }}",
    "wordwrap of one word": "{{ ('a' * 1000000)|wordwrap(1) }}",
    "striptags": "{{ ('<!---->' * 1000000)|striptags }}",
    "search from the right": "{{ ('a' * 9000000).rfind('b' ~ 'a' * 4000000) }}",
    "rsplit": "{{ ('a' * 9000000).rsplit('b' ~ 'a' * 4000000) }}",
    "strip": "{{ ('a' * 5000000).strip('b' * 4000000 ~ 'a') }}",
    "trim": "{{ ('a' * 5000000)|trim('b' * 4000000 ~ 'a') }}",
    "pprint": "{{ ([0] * 3000000)|pprint }}",
    "long numbers": "{% set n = 10**300000 %}{{ n * n // (n - 1) }}",
    "division of numbers": "{% set n = ('9' * 4000)|int %}{% set m = ('7' * 2000)|int %}"
    "{% for i in range(99999) %}{% set x = n // m %}{% endfor %}",
    "remainder of numbers": "{% set n = ('9' * 4000)|int %}{% set m = ('7' * 2000)|int %}"
    "{% for i in range(99999) %}{% set x = n % m %}{% endfor %}",
    "numbers as text": "{% set n = ('9' * 4000)|int %}{% for i in range(99999) %}{% set x = n|string %}{% endfor %}",
    "search in a list": "{% set a = range(99999)|list %}{% for i in range(99999) %}{{ 'x' in a }}{% endfor %}",
    "search in a range": "{% for i in range(99999) %}{{ 'x' in range(99999) }}{% endfor %}",
    "equal lists": "{% set a, b = range(99999)|list, range(99999)|list %}"
    "{% for i in range(99999) %}{{ a == b }}{% endfor %}",
    "sum of numbers": "{% set ns = namespace(n=1) %}{% for a in range(99999) %}"
    "{% set ns.n = ns.n + ns.n %}{% endfor %}",
    "difference of numbers": "{% set ns = namespace(n=1) %}{% for a in range(99999) %}"
    "{% set ns.n = ns.n - -ns.n %}{% endfor %}",
    "division of long numbers": "{% set n = ('f' * 900000)|int(base=16) %}{% set m = ('f' * 450000)|int(base=16) %}"
    "{{ n // m }}",
    "search": "{% set x = range(99999)|list %}{% for i in x %}{{ -1 in x }}{% endfor %}",
    "search by test": "{% set x = range(99999)|list %}{{ x|select('in', x)|list|length }}",
    "comparison": "{% set x = range(99999)|list %}{% set y = range(99999)|list %}"
    "{% for i in x %}{{ x == y }}{% endfor %}",
    "sums in a loop": "{% for i in range(99999) %}{{ range(99999)|sum }}{% endfor %}",
    "sum of texts in one chain": "{% set x = 'x' * 999999 %}{{ " + " + ".join(["x"] * 12) + " }}",
    "short loops in each other": "{% for a in l %}" * 6 + "{% endfor %}" * 6,
    "division": "{{ 1 / 0 }}",
    "types": "{{ messages + 5 }}",
    "include": "{% include 'x' %}",
}
HARMLESS = [
    "{{ ('a' * 100000 ~ '</think>b').rsplit('</think>')|length }}{{ ('word ' * 1000)|wordwrap|length }}",
    "{{ '<b>x</b><!-- y -->'|striptags }}{{ '..x..'.strip('.') }}{{ 2**100 // 7 % 5 - 3 }}{{ messages|pprint }}",
    "{{ messages[0].role == 'user' and 'hi' in messages[0].content and 1 < 2 <= 3 and messages[:2] != messages }}",
    "{% for m in messages %}<|{{ m.role }}|>{{ m['content'] | trim }}{{ '\n' if not loop.last }}{% endfor %}",
    "{% for m in messages %}{% if loop.first %}{{ loop.length }}"
    "{% endif %}{{ loop.index0 }}{{ loop.previtem is defined }}{% endfor %}",
    "{%- for m in messages if m.role == 'user' -%}"
    "{{ '<|' + m.role + '|>' ~ m.content|upper }}{%- else -%}none{%- endfor -%}",
    "{% set ns = namespace(a='', n=0) %}{% for m in messages %}"
    "{% set ns.a = ns.a + m.content %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.a }}{{ ns.n }}",
    "{% for k, v in messages[0].items() %}{{ k }}={{ v }};{% endfor %}{{ messages|length }}{{ absent }}",
    "{% for x in absent %}{{ x }}{% endfor %}{{ messages[1:]|map(attribute='role')|join(',') }}",
    "{% macro f(x, y=2) %}{{ x }}-{{ y }}{{ caller() if caller }}{% endmacro %}{{ f(1) }}{% call f(2) %}c{% endcall %}",
    "{{ [1, 'a', (2, 3)] }}{{ {'a': [1, {}]} }}{{ (1, 2) }}{{ 2 ** 10 }}{{ 7 % 3 }}{{ '%05d' % 3 }}{{ 'ab' * 3 }}",
    "{{ '{:>5}|{a}'.format('x', a=1) }}{{ 'x'.center(9, '-') }}{{ ','.join(['a', 'b']) }}"
    "{{ 'aXb'.replace('X', 'yy') }}",
    "{% for c in 'abc' %}{{ c }}{% endfor %}{% for i in range(3) %}{{ loop.revindex }}"
    "{% endfor %}{{ cycler('a', 'b').next() }}",
    "{% for a in [[1, [2]], [3]] recursive %}{{ loop(a) if a is iterable and a is not string else a }}{% endfor %}",
    "{{ messages|selectattr('role', 'equalto', 'user')|list|length }}{{ [3, 1, 2]|sort|first }}{{ 'x\ny'|indent(2) }}",
    "{% set t %}in {{ messages[0].role }}{% endset %}{{ t }}{% filter upper %}up"
    "{% endfilter %}{{ none }}{{ true }}{{ 1.5|round(1) }}",
    "{% set a, b = 1, 2 %}{{ a + b }}{{ [1, 2] + [3] }}{{ 'a' 'b' }}{{ (messages|first).role[:2] }}{{ 3 * [0] }}",
    "{{ messages|tojson }}{{ messages|batch(4)|list|length }}{{ 'a b c'|wordwrap(2) }}{{ {'b': 1, 'a': 2}|dictsort }}",
]


@pytest.fixture(autouse=True)
def no_hang():
    faulthandler.dump_traceback_later(600, exit=True)
    budget.renew()
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("base", [SandboxedEnvironment, ImmutableSandboxedEnvironment])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused(bomb, base, monkeypatch):
    monkeypatch.setattr(template_limits, "STEPS", 200_000)
    monkeypatch.setattr(template_limits, "LARGEST", 10_000_000 if "9000000" in BOMBS[bomb] else 1_000_000)
    budget.renew()
    with pytest.raises(Exception) as caught:
        bound(base()).from_string(BOMBS[bomb]).render(messages=MESSAGES, l=list(range(60)))
    own = {"division": ZeroDivisionError, "types": TypeError, "include": TypeError, "recursion": RecursionError}
    assert isinstance(
        caught.value, (own.get(bomb, TemplateTooLarge), OverflowError if bomb == "range" else TemplateTooLarge)
    )


@pytest.mark.parametrize("source", HARMLESS)
@pytest.mark.parametrize("options", [{}, {"trim_blocks": True, "lstrip_blocks": True}, {"autoescape": True}])
def test_within_the_bounds_the_text_is_jinjas(source, options):
    for base in (SandboxedEnvironment, ImmutableSandboxedEnvironment):
        expected = base(**options).from_string(source).render(messages=MESSAGES)
        assert bound(base(**options)).from_string(source).render(messages=MESSAGES) == expected
        again = bounded_like(base(**options).from_string(source), source)
        assert again.render(messages=MESSAGES) == expected
    assert Environment(**options).from_string(source).render(messages=MESSAGES) == expected


def test_each_rendering_has_the_bounds_for_itself(monkeypatch):
    monkeypatch.setattr(template_limits, "STEPS", 1000)
    template = bound(SandboxedEnvironment()).from_string("{% for i in range(600) %}{% endfor %}ok")
    for _ in range(3):
        budget.renew()
        assert template.render() == "ok"
    with pytest.raises(TemplateTooLarge, match="1,000 steps"):
        template.render()
