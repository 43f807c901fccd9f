"""What is different when an earlier run is graded again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from proctor.settings.config import RunConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is different this time; None and empty: as it was."""

    tasks: tuple[str, ...] = ()
    include_path: tuple[str, ...] = ()
    num_fewshot: int | None = None
    exclude: str | None = None
    cluster: str | None = None
    output_path: str | None = None
    log_samples: bool | str = False
    store: str | None = None
    no_store: bool = False
    confirm_run_unsafe_code: bool = False
    strict_lm_eval: bool = False
    fail_fast: bool = False
    show_config: bool = False

    def apply_to(self, config: RunConfig) -> RunConfig:
        """The settings of an earlier run, as they are this time.

        Args:
            config: The settings of the earlier run.
        """
        return replace(
            config,
            tasks=self.tasks or config.tasks,
            include_path=(*config.include_path, *self.include_path),
            num_fewshot=config.num_fewshot if self.num_fewshot is None else self.num_fewshot,
            # A file of excluded documents is of today's judgement, and need not be there any more.
            exclude=self.exclude,
            cluster=self.cluster or config.cluster,
            output_path=self.output_path,
            log_samples=self.log_samples,
            # Grading again is the purpose, also of a run that only predicted.
            predict_only=False,
            write_out=False,
            store=self.store,
            use_cache=None,
            no_store=self.no_store,
            confirm_run_unsafe_code=self.confirm_run_unsafe_code,
            strict_lm_eval=config.strict_lm_eval or self.strict_lm_eval,
            fail_fast=self.fail_fast,
            # Nothing is sent.
            batch=False,
            prices=None,
            max_cost=None,
            show_config=self.show_config,
        )
