"""Look a run through: how sure its scores are, what they are worth, what they leave unsaid."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from proctor.cli.cache import add_store_flag
from proctor.cli.stored_runs import add_analysis_flags, one_run
from proctor.cli.values import SentenceParser

USAGE = "proctor audit RUN [--metric NAME] [--tasks NAME ...] [--by COLUMN] [--exclude FILE] [--json]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which run, and how it is looked through."""
    if isinstance(parser, SentenceParser):
        parser.stray_hint = "An audit is of one run; 'proctor compare A B' compares two."
    parser.add_argument(
        "run",
        metavar="RUN",
        help="a results file, a samples file, a folder, a .zip or .tar.gz, or a number of 'proctor runs'; of proctor "
        "or lm-eval",
    )
    add_analysis_flags(parser)
    parser.add_argument(
        "--by", metavar="COLUMN", help="also by the values of this column of the documents, as of a subject or level"
    )
    parser.add_argument(
        "--interval",
        choices=("wilson", "exact"),
        default="wilson",
        help="of shares: Wilson's, or the exact one of Clopper and Pearson (default: wilson)",
    )
    parser.add_argument(
        "--exclude",
        metavar="FILE",
        help="also the scores without the documents that a file of JSON lines names, as 'proctor items --output' "
        "writes them",
    )
    parser.add_argument(
        "--predictions",
        nargs="+",
        metavar="RUN",
        help="runs of other models on all documents: predict the score of all from the random part that RUN asked",
    )
    parser.add_argument(
        "--draws",
        nargs="+",
        metavar="RUN",
        help="runs of the same model on the same documents with other prompts, examples or seeds: how sure one run is, "
        "and how much of the spread is the prompt",
    )
    parser.add_argument("--brief", action="store_true", help="one line for each group or task, no table")
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Look through, and print; a weak score is no error, so the exit code is 0."""
    from proctor.analysis.audit import audit_run, check_some_score
    from proctor.analysis.predicted_score import predicted_scores
    from proctor.analysis.run_audit import AuditOptions
    from proctor.analysis.stored_draws import stored_draws

    options = AuditOptions(
        metric=namespace.metric,
        tasks=tuple(namespace.tasks or ()),
        cluster=namespace.cluster,
        by=namespace.by,
        interval=namespace.interval,
        details=namespace.json,
        exclude=namespace.exclude,
    )
    references, draws = (
        [one_run(path, namespace.store) for path in paths or ()] for paths in (namespace.predictions, namespace.draws)
    )
    audit = check_some_score(audit_run(one_run(namespace.run, namespace.store), options))
    if references:
        audit = replace(audit, predicted=predicted_scores(audit, references))
    if draws:
        audit = replace(audit, draws=stored_draws(audit, draws))
    if namespace.json:
        from proctor.analysis.audit_document import audit_document

        print(json.dumps(audit_document(audit), ensure_ascii=False, indent=2))
        return 0
    from proctor.cli.audit_tables import audit_lines, brief_lines

    lines = brief_lines(audit) if namespace.brief else audit_lines(audit, markdown=namespace.markdown)
    print("\n".join(lines))
    return 0
