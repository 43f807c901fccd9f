"""Probe a model for traces of an exam: is the published order of options likelier than others, beyond chance?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from proctor.cli.environment import set_tokenizer_threads
from proctor.cli.flags import add_named_flags
from proctor.cli.stored_runs import add_output
from proctor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proctor.probe.statements import Row

USAGE = "proctor probe --model MODEL --model_args KEY=VALUE[,...] --tasks TASK[,...] [--reference FILE] [flags]"
ORDERS = 24
SETTINGS = (
    *("model", "model_args", "tasks", "include_path", "config", "limit", "samples", "limit_order", "seed"),
    *("batch_size", "max_batch_size", "device", "threads", "trust_remote_code", "store", "no_store", "verbosity"),
)
"""Those of a run that choose the model and the documents. Prompts have no examples and no chat template."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The settings of a run that choose model and documents, and the probe's own."""
    add_named_flags(parser, SETTINGS)
    own = parser.add_argument_group("the probe")
    own.add_argument(
        "--probe_orders",
        type=int,
        default=ORDERS,
        metavar="N",
        help=f"orders of the options of a document, rounded up to whole blocks of rotations ({ORDERS})",
    )
    own.add_argument(
        "--min_k",
        type=float,
        nargs="?",
        const=0.2,
        metavar="SHARE",
        help="also Min-K%% and Min-K%%++ of questions, by this share of their least likely tokens (0.2); of --model hf",
    )
    own.add_argument(
        "--reference", metavar="FILE", help="what --output wrote for a model that cannot have seen the exam"
    )
    add_output(own, "write the numbers of every document, as --reference reads them")
    own.add_argument("--json", action="store_true", help="print the rows as JSON")


def execute(namespace: argparse.Namespace) -> int:
    """Probe and print; what is found is no failure, so the exit code is 0."""
    from proctor.cli.launcher import refuse_spread_model
    from proctor.cli.run import check_model, read_config

    given = dict(vars(namespace))
    orders, as_json = given.pop("probe_orders", ORDERS), given.pop("json", False)
    reference_file, output = given.pop("reference", None), given.pop("output", None)
    min_k = given.pop("min_k", None)
    if orders < 2:
        raise UsageError(f"--probe_orders {orders}: the published order needs at least one other to be compared with.")
    if min_k is not None and not 0 < min_k < 1:
        raise UsageError(f"--min_k {min_k:g}: the share of tokens lies between 0 and 1, as in 0.2.")
    config = read_config(given)
    refuse_spread_model(config, "probe")
    check_model(config)

    from proctor.probe.document import read_reference, write_probe

    # Before the model is asked: a reference that cannot be read costs nothing.
    reference = read_reference(reference_file) if reference_file else None
    set_tokenizer_threads(config.threads)

    from proctor.probe.run import run_probe
    from proctor.probe.statements import probe_rows
    from proctor.run.progress import open_progress

    result = run_probe(config, orders, progress=open_progress, min_k=min_k)
    if output:
        write_probe(result, output)
    rows = probe_rows(result, reference)
    name = None if reference is None else reference.model
    if as_json:
        _print_json(rows, name, min_k)
    else:
        print("\n".join(_lines(rows, name, min_k, result.left_out, sum(task.refused for task in result.tasks))))
    return 0


def _print_json(rows: Sequence[Row], reference: str | None, min_k: float | None) -> None:
    import json
    from dataclasses import asdict

    from proctor.probe.statements import min_k_sentence, probe_sentences

    shown = [
        {
            **{key: value for key, value in asdict(row).items() if key != "canary"},
            "documents": 0 if row.canary is None else len(row.canary.ranks),
            "first_places": None if row.canary is None else row.canary.first_places,
            "p_rank_sum": None if row.canary is None else row.canary.p_rank_sum,
            "p_first": None if row.canary is None else row.canary.p_first,
            "sentences": [
                *probe_sentences(row, reference),
                *filter(None, [min_k_sentence(row, min_k, reference) if min_k else None]),
            ],
        }
        for row in rows
    ]
    print(json.dumps(shown, ensure_ascii=False, indent=2))


def _lines(
    rows: Sequence[Row], reference: str | None, min_k: float | None, left_out: Sequence[str], refused: int
) -> list[str]:
    from proctor.analysis.wording import named
    from proctor.cli.text_tables import aligned_table
    from proctor.plurals import counted
    from proctor.probe.statements import min_k_sentence, probe_sentences

    headers = ["", "documents", "left out", "first", "expected", "p", "halves", "verbatim", "bits/byte"]
    headers += ["reference: first", "bits/byte"] if reference else []
    lines = [aligned_table(headers, [_cells(row, with_reference=reference is not None) for row in rows]), ""]
    for row in rows[: 1 if len(rows) > 3 else None]:
        lines += [f"{row.name}: {' '.join(probe_sentences(row, reference))}"]
    marked = [row.name for row in rows[1:] if row.is_preferred] if len(rows) > 3 else []
    if marked:
        lines.append(f"Preferred beyond chance, corrected for the number of tasks: {named(marked)}.")
    lines += _verbatim(rows[0], reference)
    lines += filter(None, [min_k_sentence(rows[0], min_k, reference) if min_k else None])
    if left_out:
        lines.append(f"Left out, since their prompts list no options: {named(left_out)}.")
    if refused:
        lines.append(f"Left out, since they have no finite log-likelihood: {counted(refused, 'request')}.")
    return lines


def _verbatim(row: Row, reference: str | None) -> list[str]:
    """What is known of the second halves of questions; nothing where there are none."""
    from proctor.analysis.wording import number
    from proctor.plurals import counted

    if row.bits_per_byte is None:
        return []
    known = f" ({reference}: {number(row.reference_bits, 2)})" if reference else ""
    return [
        f"Of {counted(row.halves, 'question')} the second half is written word for word by greedy decoding on "
        f"{row.greedy:,}; it costs {number(row.bits_per_byte, 2)} bits a byte{known}."
    ]


def _cells(row: Row, *, with_reference: bool) -> list[str]:
    from proctor.analysis.wording import number, probability

    canary = row.canary
    cells = [row.name, "0" if canary is None else f"{len(canary.ranks):,}", f"{row.left_out:,}"]
    if canary is None:
        cells += ["", "", ""]
    else:
        cells += [f"{canary.first_places:,}", f"{canary.first_expected * len(canary.ranks):.1f}", probability(row.p)]
    cells += [f"{row.halves:,}", f"{row.greedy:,}" if row.halves else "", number(row.bits_per_byte, 2)]
    if with_reference:
        firsts = "" if row.reference_firsts is None else f"{row.reference_firsts:,}"
        cells += [firsts, number(row.reference_bits, 2)]
    return cells
