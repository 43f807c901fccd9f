"""The prompts of a run exactly as they are sent, for a few documents: step five of ten, and stop.

What is shown comes out of the same functions that a run uses, so it cannot differ from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from proctor.check.chat import check_style
from proctor.check.task_checks import TaskChecks, warn
from proctor.errors import UsageError, value_text
from proctor.messages import Message
from proctor.models import declared_kind, open_model, open_tokenizer
from proctor.models.generation import plan_generation
from proctor.preview.text_layout import (
    boundary_text,
    column_count,
    count_text,
    framed,
    framed_chat,
    listed,
    pieces_text,
    rule,
    shown_path,
)
from proctor.preview.token_boundaries import fit, token_boundaries
from proctor.preview.totals import Totals
from proctor.run.bind import bind_tasks
from proctor.run.exam import select_suite, warn_of_surprises
from proctor.run.prompt_style import model_style
from proctor.run.seeds import seed_everything
from proctor.run.selection import selection_of
from proctor.settings.config import RunConfig
from proctor.tasks.class_task import AnyTask, ClassTask
from proctor.tasks.example import Ask, Variant
from proctor.tasks.fewshot import load_pool, pool_split, row_in_split
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.plan import DocumentPlan, TaskPlan, plan_task
from proctor.tasks.prompt import PromptStyle
from proctor.tasks.task import Task
from proctor.types import Choose, Generate, Loglikelihood, Request, Rolling

if TYPE_CHECKING:
    from proctor.models.tokens.tokenizer import Tokens
    from proctor.run.progress import OpenProgress

Paint = Callable[[str], str]

VARIANTS_SHOWN, ORDERS_SHOWN = 2, 5
"""Of a document in several orders: prompts that are shown, and orders that are named after them."""


def preview(config: RunConfig, *, progress: OpenProgress, color: bool = False) -> Iterator[str]:
    """Yield blocks of text: per task a head and its documents, at the end a sum.

    Args:
        config: The settings; without ``--limit`` and ``--samples`` one document of each task is shown.
        progress: Opens a display.
        color: Dim all of a prompt but its document (ANSI), where no chat template hides where that begins.
    """
    # Nothing that a model writes is run here.
    config = replace(config, confirm_run_unsafe_code=True)
    # One document of each task is shown; whoever names documents sees those.
    if config.limit is None and config.samples is None:
        config = replace(config, limit=1)
    suite = select_suite(config)
    seed_everything(config.seed)
    tasks = bind_tasks(suite.tasks, progress)
    warn_of_surprises(config, suite.tasks)
    tokens = open_tokenizer(config.model, config.model_args)
    style = preview_style(config, tokens)
    check_style(style, [task.spec for task in tasks])
    view = _Writer(config, style, tokens, color)
    for task in tasks:
        plan = plan_task(task, selection=selection_of(config, task.spec.name), seed=config.seed.fewshot, style=style)
        _check(plan, style)
        yield from view.task(plan)
    yield view.sum()


def _check(plan: TaskPlan, style: PromptStyle) -> None:
    """Say what a run would say; what stops a run is to be seen here."""
    if isinstance(plan.task, ClassTask):
        return
    checks = TaskChecks(plan.task, [planned.example.doc_id for planned in plan.documents], style)
    for planned in plan.documents:
        checks.look(planned.example)
    errors, warnings = checks.finish()
    warn([*errors, *warnings])


def preview_style(config: RunConfig, tokens: Tokens | None) -> PromptStyle:
    """How prompts are rendered with the chat template of a tokenizer, or of a model that has one without.

    Args:
        config: The settings.
        tokens: The tokenizer; None: there is none.

    Raises:
        UsageError: A chat template is wanted, and no model is named that has one.
    """
    if not config.apply_chat_template or tokens is not None:
        return model_style(config, tokens)
    if declared_kind(config.model).open_tokenizer is not None:
        raise UsageError(
            "--apply_chat_template needs a tokenizer, which has the template.",
            hint="Name the model: --model_args pretrained=NAME_OR_FOLDER.",
        )
    return model_style(config, open_model(config.model, config.model_args))


class _Writer:
    """Writes tasks down."""

    def __init__(self, config: RunConfig, style: PromptStyle, tokens: Tokens | None, color: bool) -> None:
        self._config, self._style, self._tokens = config, style, tokens
        self._dim: Paint = (lambda text: f"\x1b[2m{text}\x1b[22m" if text else "") if color else str
        self._bold: Paint = (lambda text: f"\x1b[1m{text}\x1b[22m") if color else str
        self._total = Totals()
        self._now = Totals()

    def task(self, plan: TaskPlan) -> Iterator[str]:
        """A task's head, then its documents."""
        self._now = Totals(tasks=1)
        yield "\n".join(self._head(plan.task))
        for planned in plan.documents:
            self._now.documents += 1
            yield "\n".join(self._document(plan, planned))
        self._total.add(self._now, len(plan.task.documents))

    def sum(self) -> str:
        """The last lines."""
        total, counted = self._total, self._tokens is not None
        shown = [
            count_text(total.tasks, "task"),
            count_text(total.documents, "document"),
            count_text(total.requests, "request"),
            count_text(total.characters, "character"),
        ]
        whole = [
            f"{count_text(total.all_documents, 'document')}, about {count_text(round(total.all_requests), 'request')}"
        ]
        if counted:
            shown.append(count_text(total.tokens, "token"))
            whole.append(count_text(round(total.all_tokens), "token"))
        lines = ["", rule("summary", "═"), f"shown  {', '.join(shown)}", f"all    {', '.join(whole)}"]
        if total.cut:
            lines.append(f"warning: {count_text(total.cut, 'prompt')} shown here cannot be read whole by the model.")
        return "\n".join(lines)

    def _head(self, task: AnyTask) -> list[str]:
        spec = task.spec
        if isinstance(task, ClassTask):
            return self._class_head(task)
        name = spec.data.path or "custom_dataset"
        source = f"{name} ({spec.data.name})" if spec.data.name else name
        count = count_text(len(task.documents), "document")
        lines = [
            *([""] if self._total.tasks else []),
            rule(self._bold(spec.name), "═", column_count(spec.name)),
            f"{spec.output}, {count} in split {spec.data.eval_split!r} of {source}",
            self._shots_line(task),
        ]
        return [*lines, shown_path(spec.file)] if spec.file else lines

    def _class_head(self, task: ClassTask) -> list[str]:
        spec = task.spec
        shots = count_text(spec.n_shot, "few-shot example") if spec.n_shot else "no few-shot examples"
        lines = [
            *([""] if self._total.tasks else []),
            rule(self._bold(spec.name), "═", column_count(spec.name)),
            f"{count_text(len(task.documents), 'document')} of {spec.made_by}, {shots}",
        ]
        return [*lines, shown_path(spec.file)] if spec.file else lines

    def _shots_line(self, task: Task) -> str:
        spec = task.spec
        if spec.n_shot == 0 or not task.output.has_prompt:
            return "no few-shot examples"
        split = pool_split(spec)
        source = "fewshot_config.samples" if split is None else f"split {split!r}"
        sampler = spec.fewshot.sampler
        drawn = f"drawn with seed {self._config.seed.fewshot}" if sampler == "default" else f"by sampler {sampler}"
        size = count_text(len(load_pool(spec, task.splits)), "document")
        return f"{count_text(spec.n_shot, 'few-shot example')} from {source} ({size}), {drawn}"

    def _document(self, plan: TaskPlan, planned: DocumentPlan) -> list[str]:
        task, example = plan.task, planned.example
        title = f"{task.spec.name}, document {example.doc_id}"
        if example.shots:
            numbers = [row_in_split(task.spec, position) for position in example.shots]
            noun = "document" if len(numbers) == 1 else "documents"
            title += f", after {noun} {listed(numbers)} of {pool_split(task.spec) or 'the samples'}"
        lines, formulated = ["", rule(title, "─")], list[str]()
        for number, variant in enumerate(example.variants):
            # All are read, since the totals count them; two show what an order changes.
            shown = self._variant(task, variant, planned.asks_of(number))
            if number and variant.formulation is not None:
                formulated += ["", f"  the same document in the formulation {variant.formulation.name}", *shown]
                continue
            if number == 1:
                shown = ["", f"  the same document, its options in the order {_spelled(variant)}", *shown]
            lines += shown if number < VARIANTS_SHOWN else []
        if others := [one for one in example.variants[VARIANTS_SHOWN:] if one.formulation is None]:
            orders = " · ".join(map(_spelled, others[:ORDERS_SHOWN])) + (" ..." if len(others) > ORDERS_SHOWN else "")
            lines += ["", f"  and in {count_text(len(others), 'more order')}: {orders}"]
        lines += formulated
        if plan.queries_per_request > 1:
            lines.append(f"  asked   {plan.queries_per_request} times")
        self._now.requests += sum(ask.request.count for ask in planned.asks) * plan.queries_per_request
        return lines

    def _variant(self, task: AnyTask, variant: Variant, asks: Sequence[Ask]) -> list[str]:
        lines: list[str] = []
        golds = () if isinstance(task, ClassTask) else task.output.golds(variant)
        with_prompt = [ask for ask in asks if ask.role not in ("unconditional", "neutral")]
        starts = dict(zip(map(id, with_prompt), map(self._question_start, variant.contexts), strict=False))
        right = [id(with_prompt[gold]) for gold in golds] if task.shape.multiple_input else []
        for number, ask in enumerate(asks, 1):
            label = f" {number} of {len(asks)}" if len(asks) > 1 else ""
            if id(ask) in right:
                label += ", the right one"
            # Where options are contexts, the right one is a request and no continuation.
            lines += self._request(
                ask.request, label, starts.get(id(ask), 0), () if task.shape.multiple_input else golds
            )
        if output_type_of(task.spec).has_prompt:
            lines.append(f"  target  {value_text(variant.gold)}" + _remark(task, golds))
        return lines

    def _question_start(self, turns: Sequence[Message]) -> int:
        """How many characters of a plain prompt stand before its document."""
        if self._style.chat is not None:
            return 0
        # The last user's turn is the document's own; a gen_prefix may follow it.
        last = max(position for position, turn in enumerate(turns) if turn.role == "user")
        return sum(len(turn.content) + len(turn.delimiter) for turn in turns[:last])

    def _request(self, request: Request, label: str, start: int, golds: Sequence[int]) -> list[str]:
        self._now.characters += sum(map(len, request.texts))
        if isinstance(request, Rolling):
            return self._rolling(request, label)
        if isinstance(request, Loglikelihood):
            return self._text(request.context, label, start) + self._continuations(request, golds)
        prompt = request.prompt
        is_text = isinstance(prompt, str)
        lines = self._text(prompt, label, start) if is_text else framed_chat(f"prompt{label}", prompt)
        return lines + (_choose(request) if isinstance(request, Choose) else self._generate(request))

    def _text(self, text: str, label: str, start: int) -> list[str]:
        return framed(f"prompt{label}", self._dim(text[:start]) + text[start:], text)

    def _rolling(self, request: Rolling, label: str) -> list[str]:
        lines = framed(f"text{label}, scored from its first token on", request.text, request.text)
        if self._tokens is not None:
            windows = self._tokens.rolling(request.text)
            count = sum(len(scored) for _, scored in windows)
            self._now.tokens += count
            limit = f"{count_text(len(windows), 'window')} of at most {self._tokens.scored_length:,}"
            lines.append(f"  tokens  {count:,}, in {limit}")
        return lines

    def _generate(self, request: Generate) -> list[str]:
        settings = ", ".join(f"{key}={value!r}" for key, value in request.kwargs.items())
        lines = [f"  generate with  {settings}"]
        # Nobody but the model knows which tokens it makes of messages.
        if self._tokens is None or not isinstance(request.prompt, str):
            plan_generation(request.kwargs)
            return lines
        plan = plan_generation(request.kwargs, eos=self._tokens.eot_text)
        prompt_fit = fit(self._tokens, request.prompt, plan)
        self._now.tokens += prompt_fit.prompt
        limit = self._tokens.max_length
        left = max(prompt_fit.room, 0)
        room = f"{left:,} of the model's {limit:,} are left by max_gen_toks"
        lines.append(f"  tokens  {prompt_fit.prompt:,} ({room}), the last: {pieces_text(prompt_fit.before)}")
        if not left:
            refused = f"a run refuses this: {plan.max_tokens:,} tokens are to be generated and the model's limit is"
            return [*lines, f"  warning: {refused} {limit:,}. Lower it with --gen_kwargs max_gen_toks=N."]
        return lines + self._cut(prompt_fit.cut)

    def _continuations(self, request: Loglikelihood, golds: Sequence[int]) -> list[str]:
        shown = [repr(text) for text in request.continuations]
        boundaries = (
            token_boundaries(self._tokens, request.context, request.continuations) if self._tokens is not None else []
        )
        lines = []
        if boundaries and self._tokens is not None:
            longest = max(boundary.continuation for boundary in boundaries)
            self._now.tokens += boundaries[0].context + sum(boundary.continuation for boundary in boundaries)
            count = f"{boundaries[0].context:,} + at most {longest:,} of {self._tokens.max_length:,}"
            lines.append(f"  tokens  {count}; the prompt ends in {pieces_text(boundaries[0].before)}")
        wide = max(map(column_count, shown), default=0)
        short = wide <= 30
        lines.append("  then, one at a time:" if len(shown) > 1 else "  then:")
        for index, text in enumerate(shown):
            mark = self._bold("  ← gold") if index in golds else ""
            after = boundary_text(boundaries[index]) if boundaries else ""
            padding = " " * (wide - column_count(text)) if short and (after or mark) else ""
            beside = f"   | {after}" if after and short else ""
            lines.append(f"    {text}{padding}{beside}{mark}")
            if after and not short:
                lines.append(f"      | {after}")
        return lines + self._cut(max((boundary.cut for boundary in boundaries), default=0))

    def _cut(self, cut: int) -> list[str]:
        if not cut:
            return []
        self._now.cut += 1
        return [f"  warning: the first {count_text(cut, 'token')} of the prompt do not fit and are cut off."]


def _remark(task: AnyTask, golds: Sequence[int]) -> str:
    if isinstance(task, ClassTask) or golds or not task.output.has_options:
        return ""
    return "   which is none of the choices: any answer counts as wrong"


def _spelled(variant: Variant) -> str:
    return " ".join(map(str, variant.order))


def _choose(request: Choose) -> list[str]:
    """Which label stands for which option."""
    texts = request.options or ("",) * len(request.labels)
    shown = ", ".join(f"{label}={text!r}" if text else label for label, text in zip(request.labels, texts, strict=True))
    return [f"  choose one of  {shown}  (--mc {request.route})"]
