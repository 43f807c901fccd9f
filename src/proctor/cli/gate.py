"""Pass a run or not: against a baseline within a margin, by a policy; fails for a real loss and not for noise."""

from __future__ import annotations

import argparse
import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.cli.cache import add_store_flag
from proctor.cli.stored_runs import one_run, refuse_own_files
from proctor.cli.values import Words
from proctor.errors import OutputError, ProctorError, UsageError

if TYPE_CHECKING:
    from yaml import MappingNode

    from proctor.analysis.gate_policy import Policy, Rule
    from proctor.analysis.gate_report import GateReport
    from proctor.results.stored_run import StoredRun

USAGE = "proctor gate CANDIDATE [--baseline BASE] [--margin 0.01] [--policy gate.yaml] [--inconclusive pass|warn|fail]"
MARGIN = 0.01
UNDECIDED = 3
"""The exit code of an inconclusive gate under ``--inconclusive fail``."""
EXAMPLE = (
    "For example:\n    default: {max_drop: 0.01}\n    tasks:\n      mmlu: {max_drop: 0.005}\n      gsm8k: {min: 0.6}"
)

log = logging.getLogger("proctor")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which run, against what, and what becomes of what cannot be decided."""
    parser.add_argument("candidate", metavar="CANDIDATE", help="the new run: as in 'proctor compare'")
    parser.add_argument("--baseline", metavar="BASE", help="the run that it must not fall behind")
    parser.add_argument(
        "--margin", type=float, metavar="M", help=f"the loss that is accepted (default without a policy: {MARGIN})"
    )
    parser.add_argument("--policy", metavar="FILE", help="a YAML file of limits by task or group")
    parser.add_argument("--metric", metavar="NAME[,FILTER]", help="the metric, where the policy names none")
    parser.add_argument(
        "--tasks", nargs="+", action=Words, metavar="NAME", help="these tasks and groups (default: those in no group)"
    )
    parser.add_argument(
        "--cluster", metavar="COLUMN", help="documents with equal values of this column belong together"
    )
    parser.add_argument("--by_number", action="store_true", help="pair documents by number, whatever they hold")
    parser.add_argument(
        "--inconclusive",
        choices=("pass", "warn", "fail"),
        default="warn",
        help=f"what becomes of what the documents cannot decide; fail: exit code {UNDECIDED} (default: warn)",
    )
    parser.add_argument("--junit", metavar="FILE", help="also write JUnit XML, a case for each rule")
    parser.add_argument("--format", choices=("text", "json", "markdown", "github"), default="text")
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Check, print; 0 where the gate passes, 1 where it fails, 3 where it is undecided and that is to fail.

    Any error is one of exit code 2: that of a run that cannot be read would say that the gate fails.
    """
    try:
        return _check(namespace)
    except ProctorError as error:
        if error.exit_code != 1:
            raise
        raise UsageError(error.message, hint=error.hint) from error


def _check(namespace: argparse.Namespace) -> int:
    from proctor.analysis.gate import check_gate

    if namespace.margin is not None and not 0 <= namespace.margin < math.inf:
        raise UsageError(f"--margin {namespace.margin}: it must be 0 or above.")
    if namespace.baseline is None and namespace.policy is None:
        raise UsageError("A gate needs a baseline, or a policy with floors.", hint="--baseline RUN, --policy FILE")
    candidate = one_run(namespace.candidate, namespace.store)
    baseline = None if namespace.baseline is None else one_run(namespace.baseline, namespace.store)
    refuse_own_files(namespace.junit, [run for run in (candidate, baseline) if run is not None])
    rules = _rules(namespace, candidate)
    report = check_gate(candidate, baseline, rules, cluster=namespace.cluster, by_number=namespace.by_number)
    _warn_of_unchecked(report, rules)
    _print(report, namespace)
    return _exit_code(report, namespace.inconclusive)


def _rules(namespace: argparse.Namespace, candidate: StoredRun) -> Mapping[str, Rule]:
    from dataclasses import replace

    from proctor.analysis.gate_policy import Policy, Rule, rules_of

    margin = namespace.margin if namespace.margin is not None or namespace.policy else MARGIN
    policy = _policy(namespace.policy) if namespace.policy else Policy(Rule(), {})
    if margin is not None:
        with_margin = lambda rule: rule if rule.max_drop is not None else replace(rule, max_drop=margin)  # noqa: E731
        both = {name: with_margin(rule) for name, rule in policy.rules.items()}
        # One margin for all names: a rise of what should fall is as bad as a drop.
        default = with_margin(policy.default)
        policy = Policy(replace(default, max_rise=default.max_rise if namespace.policy else margin), both)
    roots = [name for name, depth in candidate.tree() if depth == 0]
    names = [*candidate.groups, *candidate.tasks]
    if namespace.tasks:
        policy = Policy(policy.default, dict.fromkeys(namespace.tasks, policy.default) | dict(policy.rules))
    rules = rules_of(policy, names, roots)
    if namespace.metric is not None:
        rules = {name: rule if rule.metric else replace(rule, metric=namespace.metric) for name, rule in rules.items()}
    return rules


def _warn_of_unchecked(report: GateReport, rules: Mapping[str, Rule]) -> None:
    """Say which limits need a baseline, where there is none."""
    from proctor.analysis.gate_policy import LOSSES

    unchecked = [one for one in LOSSES if any(getattr(rule, one) is not None for rule in rules.values())]
    if report.baseline is None and unchecked:
        skipped = f"; the rules of {', '.join(report.skipped)} are skipped" if report.skipped else ""
        log.warning("Without --baseline %s cannot be checked%s.", " and ".join(unchecked), skipped)


def _policy(file: str) -> Policy:
    from proctor.analysis.gate_policy import policy_of
    from proctor.settings.config_file import read_mapping

    looked = set[int]()  # a value may contain itself

    def look(node: MappingNode) -> None:
        """A key that is there twice would silently lose its first value."""
        seen = set[str]()
        for key, value in node.value:
            if key.value in seen:
                raise UsageError(f"{file}:{key.start_mark.line + 1}: '{key.value}' is there twice.")
            seen.add(key.value)
            if isinstance(value.value, list) and value.id == "mapping" and id(value) not in looked:
                looked.add(id(value))
                look(value)

    return policy_of(read_mapping(file, "policy", EXAMPLE, look), file)


def _print(report: GateReport, namespace: argparse.Namespace) -> None:
    from proctor.cli.gate_formats import github_lines, junit_document, text_lines

    if namespace.format == "json":
        from proctor.analysis.gate_text import gate_document

        print(json.dumps(gate_document(report), ensure_ascii=False, indent=2))
    elif namespace.format == "github":
        print("\n".join(github_lines(report, namespace.inconclusive)))
    else:
        print("\n".join(text_lines(report, markdown=namespace.format == "markdown")))
    # Last: a file that cannot be written takes nothing of what was found away.
    if namespace.junit:
        words = [namespace.baseline or "BASELINE", namespace.candidate]
        command = f"proctor compare {' '.join(words)} --flips 20"
        _write(Path(namespace.junit), junit_document(report, namespace.inconclusive, command))


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}.", hint="--junit FILE names another.") from error


def _exit_code(report: GateReport, inconclusive: str) -> int:
    if report.state == "fail":
        return 1
    if report.state == "inconclusive" and inconclusive == "warn":
        log.warning(
            "The gate is inconclusive: these documents cannot decide. --inconclusive fail makes that exit code 3."
        )
    return UNDECIDED if report.state == "inconclusive" and inconclusive == "fail" else 0
