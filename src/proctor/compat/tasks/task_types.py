"""``lm_eval.api.task``: the classes that tasks written in Python descend from."""

from __future__ import annotations

from typing import Any, ClassVar

from proctor.compat.tasks.base import Task
from proctor.compat.tasks.instance import Instance
from proctor.compat.tasks.registry import get_metric_aggregation, is_higher_better
from proctor.errors import UsageError
from proctor.metrics.choice import measure_choice
from proctor.tasks.output_types.table import OUTPUT_TYPES

ALL_OUTPUT_TYPES = list(OUTPUT_TYPES)


class _MeasuredTask(Task):
    """A task whose scores are metrics of the table; it is not served."""

    _METRICS: ClassVar[tuple[str, ...]]

    def aggregation(self) -> dict[str, Any]:
        """As the table of metrics has them."""
        return {name: get_metric_aggregation(name) for name in self._METRICS}

    def higher_is_better(self) -> dict[str, Any]:
        """As the table of metrics has it."""
        return {name: is_higher_better(name) for name in self._METRICS}


class MultipleChoiceTask(_MeasuredTask):
    """Documents with ``choices`` and the number ``gold`` of the right one."""

    OUTPUT_TYPE = "loglikelihood"
    _METRICS = ("acc", "acc_norm")

    def doc_to_target(self, doc: Any) -> str:
        """The right choice after a space."""
        # lm-eval: a space, whatever target_delimiter a configuration has.
        return " " + doc["choices"][doc["gold"]]

    def construct_requests(self, doc: Any, ctx: Any, **kwargs: Any) -> list[Instance]:
        """One log-likelihood for each choice."""
        own = {key: value for key, value in kwargs.items() if key not in ("apply_chat_template", "chat_template")}
        return [
            Instance(request_type="loglikelihood", doc=doc, arguments=(ctx, f" {choice}"), idx=number, **own)
            for number, choice in enumerate(doc["choices"])
        ]

    def process_results(self, doc: Any, results: Any) -> dict[str, Any]:
        """Whether the likeliest choice is the right one, as it is and by its length."""
        return dict(
            measure_choice(
                lls=[float(value[0]) for value in results],
                greedy=[bool(value[1]) for value in results],
                choices=doc["choices"],
                gold=doc["gold"],
                wanted=self._METRICS,
            )
        )


class PerplexityTask(_MeasuredTask):
    """Documents that are texts, scored whole."""

    OUTPUT_TYPE = "loglikelihood_rolling"
    _METRICS = ("word_perplexity", "byte_perplexity", "bits_per_byte")

    def has_training_docs(self) -> bool:
        """A text needs no examples."""
        return False

    def fewshot_examples(self, k: int, rnd: Any) -> list[Any]:
        """None; asking for some is an error."""
        if k:
            raise UsageError("A task that scores whole texts takes no few-shot examples.", hint="Use --num_fewshot 0.")
        return []

    def fewshot_context(
        self, doc: Any, num_fewshot: int, rnd: Any = None, description: Any = None, **kwargs: Any
    ) -> str:
        """Nothing stands before a text."""
        self.fewshot_examples(num_fewshot, None)
        return ""

    def doc_to_text(self, doc: Any) -> str:
        """There is no question."""
        return ""

    def doc_to_target(self, doc: Any) -> Any:
        """The text."""
        return doc

    def doc_to_decontamination_query(self, doc: Any) -> Any:
        """The text."""
        return doc

    def construct_requests(self, doc: Any, ctx: Any, **kwargs: Any) -> Instance:
        """One rolling log-likelihood."""
        own = {key: value for key, value in kwargs.items() if key not in ("apply_chat_template", "chat_template")}
        arguments = (self.doc_to_target(doc),)
        return Instance(request_type="loglikelihood_rolling", doc=doc, arguments=arguments, idx=0, **own)

    def process_results(self, doc: Any, results: Any) -> dict[str, Any]:
        """The log-likelihood with its words and its bytes."""
        (logprob,) = results
        text = self.doc_to_target(doc)
        sizes = (self.count_words(text), self.count_bytes(text), self.count_bytes(text))
        return {name: (logprob, size) for name, size in zip(self._METRICS, sizes, strict=True)}
