"""What a template is compiled to: each value is measured where it may grow, once."""

from __future__ import annotations

from jinja2.sandbox import SandboxedEnvironment

from proctor.template_environment import bound


def test_a_chain_of_sums_is_measured_once_and_what_is_printed_short_costs_no_more():
    environment = bound(SandboxedEnvironment())
    code = environment.compile("{{ a + b + c + d }}{{ 'x' if a else 'y' }}{{ a == 'x' }}", raw=True)
    assert code.count("t_1(") == 2  # once defined for the case that there is no such filter
    assert "'<printed>'" in code
    assert "'<searched>'" not in code
