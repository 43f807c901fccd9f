"""A gate for people, for pull requests, for annotations on GitHub, for JUnit."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from proctor.analysis.gate_report import GateReport, RuleResult, State
from proctor.analysis.gate_text import gate_sentence, rule_sentences
from proctor.analysis.task_scores import name_of
from proctor.analysis.wording import number, signed
from proctor.cli.ls import markdown_table
from proctor.cli.text_tables import aligned_table
from proctor.errors import printable

MARKS = {State.PASS: "✓", State.FAIL: "✗", State.INCONCLUSIVE: "?", State.MISSING: "!"}
HEADERS = ("", "", "metric", "n", "baseline", "candidate", "difference", "limit", "")


def text_lines(report: GateReport, *, markdown: bool = False) -> list[str]:
    """The rules as a table, a sentence for each that does not pass, and the state.

    Args:
        report: The gate.
        markdown: Whether it is for Markdown.
    """
    rows = [_row(rule) for rule in report.rules]
    lines = [markdown_table(HEADERS, rows) if markdown else aligned_table(HEADERS, rows, left=(0, 1, 2, 8)), ""]
    for rule in report.rules:
        if rule.state is not State.PASS or rule.warnings:
            lines += [f"{'- ' if markdown else ''}{rule.name}: {printable(text)}" for text in rule_sentences(rule)]
    return [*lines, *([""] if markdown else []), gate_sentence(report)]


def _row(rule: RuleResult) -> Sequence[str]:
    difference = None if None in (rule.baseline, rule.candidate) else (rule.candidate or 0) - (rule.baseline or 0)
    limits = ", ".join(f"{check.kind} {check.limit:g}" for check in rule.checks)
    state = f"{rule.state}" + (" (advisory)" if rule.tier == "advisory" else "")
    return (
        *(MARKS[rule.state], rule.name, name_of(rule.metric) if rule.metric else "", f"{rule.n:,}" if rule.n else ""),
        *("" if value is None else number(value) for value in (rule.baseline, rule.candidate)),
        *("" if difference is None else signed(difference), limits, state),
    )


def github_lines(report: GateReport, inconclusive: str) -> list[str]:
    """Annotations, one for each rule that does not pass, and the state.

    Args:
        report: The gate.
        inconclusive: What becomes of what cannot be decided: "pass", "warn" or "fail".
    """
    lines = list[str]()
    for rule in report.rules:
        level = _level(rule, inconclusive)
        if level:
            lines.append(
                f"::{level} title={_escaped(rule.name, title=True)}::{_escaped('; '.join(rule_sentences(rule)))}"
            )
    return [*lines, gate_sentence(report)]


def _level(rule: RuleResult, inconclusive: str) -> str | None:
    if rule.state is State.PASS:
        return "warning" if rule.warnings else None
    if rule.tier == "advisory":
        return "warning"
    if rule.state is State.INCONCLUSIVE:
        return {"pass": "notice", "warn": "warning", "fail": "error"}[inconclusive]
    return "error"


def _escaped(text: str, *, title: bool = False) -> str:
    """A text within a workflow command: line ends, and in a title the characters that end it."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if title else text


def junit_document(report: GateReport, inconclusive: str, command: str) -> str:
    """One suite, one case for each rule.

    Args:
        report: The gate.
        inconclusive: As in :func:`github_lines`.
        command: How the difference is looked at.
    """
    cases = [_case(rule, inconclusive, command) for rule in report.rules]
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    name = quoteattr(_plain(f"proctor gate {report.candidate.name}"))
    head = f'<testsuite name={name} tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}" time="0">'
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", head, *cases, "</testsuite>",
                      "</testsuites>", ""))  # fmt: skip


def _case(rule: RuleResult, inconclusive: str, command: str) -> str:
    start = f'<testcase classname="proctor.gate" name={quoteattr(_plain(rule.name))} time="0">'
    text = "\n".join((*rule_sentences(rule), f"Documents that changed sides: {command}"))
    message = quoteattr(_plain(rule_sentences(rule)[0] if rule_sentences(rule) else str(rule.state)))
    body = escape(_plain(text))
    if rule.state is State.PASS or (rule.state is State.INCONCLUSIVE and inconclusive == "pass"):
        inner = f"<system-out>{body}</system-out>"
    elif rule.tier == "advisory" or (rule.state is State.INCONCLUSIVE and inconclusive == "warn"):
        inner = f"<skipped message={message}/><system-out>{body}</system-out>"
    else:
        inner = f'<failure type="{rule.state}" message={message}>{body}</failure>'
    return f"{start}{inner}</testcase>"


def _plain(text: str) -> str:
    """A text without what XML 1.0 cannot hold: control characters and lone surrogates."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
