"""Environments with bounds: a template's own stays as it was, and each thread has its bounds."""

from __future__ import annotations

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from proctor.template_environment import bound, bounded_like
from proctor.template_limits import budget
from proctor.template_sizes import TemplateTooLarge


def test_the_environment_that_a_template_came_from_stays_as_it_was():
    budget.renew()
    environment = ImmutableSandboxedEnvironment()
    filters = dict(environment.filters)
    bounded_like(environment.from_string("{{ 1 }}"), "{{ 1 }}")
    assert environment.filters == filters
    assert type(environment) is ImmutableSandboxedEnvironment
    assert environment.from_string("{{ 'x' * 20000000 }}").render() == "x" * 20_000_000


def test_a_template_that_compiles_in_a_thread_of_its_own_has_bounds_there():
    from concurrent.futures import ThreadPoolExecutor

    def render(source):
        return bound(SandboxedEnvironment()).from_string(source).render()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(render, "{{ 'a b'|trim|upper }}").result() == "A B"
        with pytest.raises(TemplateTooLarge):
            pool.submit(render, "{{ 'x' * 30000000 }}").result()
