"""What strangers make to do harm, and secrets: chat templates, special files, aliases, names, exceptions, flags."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from pathlib import Path
from typing import Any

from fuzz_source import Source, sentences

_PIECES = (
    "{{ messages }}", "{{ 'x' * N }}", "{{ N ** N }}", "{% for i in range(N) %}", "{% endfor %}", "{{ m.content }}",
    "{% for m in messages %}", "{{ loop.length }}", "{{ 'x'|center(N) }}", "{{ '%Nd' % 1 }}", "{{ '{:N}'.format(1) }}",
    "{% set ns = namespace(x='ab') %}", "{% set ns.x = ns.x + ns.x %}", "{% set ns.x = [ns.x, ns.x] %}", "{{ ns.x }}",
    "{{ ns.x ~ ns.x }}", "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}", "{{ f() }}", "{% include 'x' %}",
    "{{ [1]|batch(N, 'x')|list|length }}", "{{ messages|tojson(indent=N) }}", "{{ 1 / 0 }}", "{{ absent.x }}",
    "{{ strftime_now('%Nd') }}", "{{ raise_exception('no') }}", "{{ ','.join(messages) }}", "{{ lipsum(N) }}",
    "{% if add_generation_prompt %}", "{% endif %}", "{{ 'aa'|replace('a', 'x' * N) }}", "{% break %}", "\n", "{{",
)  # fmt: skip


def chat_templates(source: Source, folder: Path) -> None:
    """Chat templates of pieces that grow, loop and fail, within small bounds: a text, a refusal, or a sentence."""
    from jinja2.exceptions import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from proctor import template_limits
    from proctor.models.chat import render_chat
    from proctor.template_environment import bound

    class Tokenizer:
        name_or_path = "odd"
        chat_template: Any = ""

        def apply_chat_template(self, messages: Any, **options: Any) -> Any:
            made = bound(ImmutableSandboxedEnvironment(extensions=[loopcontrols]))
            return made.from_string(self.chat_template).render(messages=messages, **options)

    tokenizer = Tokenizer()
    text = "".join(source.pick(_PIECES) for _ in range(source.below(9)))
    number = source.pick(("3", "99", "3000000000", "10**12", "-1"))
    tokenizer.chat_template = source.pick((text.replace("N", number), source.text(), source.value(2)))
    before = template_limits.STEPS, template_limits.LARGEST
    template_limits.STEPS, template_limits.LARGEST = 20_000, 100_000
    try:
        with sentences(), contextlib.suppress(TemplateError):
            text = render_chat(tokenizer, [{"role": "user", "content": source.text()}], add_generation_prompt=True)
            assert len(text) <= 100_000
    finally:
        template_limits.STEPS, template_limits.LARGEST = before


def special_files(source: Source, folder: Path) -> None:
    """Pipes, devices, links and folders in the place of a task, an include, a configuration or results."""
    from proctor.api import open_results
    from proctor.cli.environment import load_env_file
    from proctor.settings.config_file import read_config_file
    from proctor.tasks.index import build_index
    from proctor.tasks.yaml import load_task_yaml

    name = source.pick(("t.yaml", "_base", "results_x.json", "x" * 300, os.fsdecode(b"\xff"), "a/b", "a\0b"))
    odd = folder / name
    with contextlib.suppress(OSError, ValueError):
        source.pick((os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to(path.name)))(
            odd
        )
    (folder / "own.yaml").write_text(f"task: own\ninclude: {json.dumps(source.pick((name, '/dev/zero', '.', '/')))}\n")
    for read in (load_task_yaml, read_config_file, load_env_file, open_results):
        with sentences():
            read(source.pick((str(odd), str(folder / "own.yaml"), "/dev/urandom", str(folder))))
    with sentences():
        build_index([folder], defaults=False, cache_dir=folder)


def aliases(source: Source, folder: Path) -> None:
    """YAML whose aliases multiply, merge or contain themselves."""
    from proctor.settings.config_file import read_config_file
    from proctor.tasks.yaml import load_task_yaml
    from proctor.tasks.yaml_head import read_head

    lines = ["task: t"]
    for number in range(1 + source.below(12)):
        parts = [f"*a{source.below(number + 2)}" for _ in range(source.below(12))]
        shape = source.pick(("[{}]", "{{<<: [{}]}}", "{{k: [{}]}}", "{{? [{}] : 1}}"))
        lines.append(
            f"{source.pick(('metadata', 'tag', 'x', f'k{number}'))}: &a{number} {shape.format(', '.join(parts))}"
        )
    if source.chance(3):
        lines.append(f"<<: *a{source.below(4)}")
    file = folder / "t.yaml"
    file.write_text("\n".join(lines) + "\n")
    for read in (load_task_yaml, read_config_file):
        with sentences():
            read(file)
    with contextlib.suppress(Exception):  # the index turns whatever this raises into the file's error
        read_head(file.read_bytes())


def exceptions(source: Source, folder: Path) -> None:
    """Exceptions whose text fails, is none, or is endless, as the cause of proctor's own sentences."""
    from proctor.errors import ModelError, error_line
    from proctor.run.grade import sentence

    outcome = source.pick((source.text(), None, "x" * 50_000, ValueError("no"), SystemExit(0)))

    class Odd(source.pick((Exception, ValueError, KeyError, OSError))):  # type: ignore[misc]
        def __str__(self) -> Any:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        __repr__ = __str__

    error = Odd(source.text())
    assert error_line(error).startswith("Odd")
    assert len(sentence(error)) < 30_000
    with sentences():
        raise ModelError(f"It failed: {error_line(error)}", hint=error_line(error))


_SECRET_KEYS = (
    "api_key", "token", "auth", "pass", "pwd", "password", "bearer", "webhook", "connection_string", "client_secret",
    "Authorization", "x-api-key", "dsn", "AccountKey", "hf_token",
)  # fmt: skip


def planted_secrets(source: Source, folder: Path) -> None:
    """A secret of odd letters behind a key or in an address: in nothing that is made of what was given."""
    from proctor import secrets
    from proctor.results.redact import redact
    from proctor.secrets import HIDDEN, note, redact_text
    from proctor.settings.kwargs import parse_tokens

    core = "zebrafinch" + "".join(source.pick("abcdefgh") for _ in range(6))
    odd = source.pick(("", "'", '"', "\\", "@", "/", " ", ",", ";", "é", "=", "%", "#")).join(("qz9", core))
    key = source.pick(_SECRET_KEYS)
    given: Any = source.pick(
        ({key: odd}, {"service": {key: odd}}, {"list": [{key: odd}]}, {"url": f"https://me:{core}@host/x?{key}=1"})
    )
    words = [json.dumps(given), json.dumps(given, ensure_ascii=False)]
    before = set(secrets._given)
    try:
        note(parse_tokens([words[0]]))
        shown = [redact_text(text) for text in (*words, repr(given), shlex.join(words), f"{key}={odd}")]
        shown.append(json.dumps(redact(given)))
        for text in shown:
            assert core not in text, (text, odd)
            assert HIDDEN in text
    finally:
        secrets._given.clear()
        secrets._given.update(before)
