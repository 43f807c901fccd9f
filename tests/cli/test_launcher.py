"""Under a launcher ranks compute a run together; where they cannot, one computes it and the others end."""

from __future__ import annotations

import logging
import types
from contextlib import contextmanager

import pytest

from proctor.cli import launcher as module
from proctor.cli.launcher import (
    common_command,
    follow_rank_0,
    is_pooled,
    is_surplus,
    launched_ranks,
    let_rank_0_report,
    open_alone,
    run_on_ranks,
)
from proctor.cli.logs import LOGGER, log_as_rank, rank_prefix
from proctor.cli.main import main
from proctor.cli.stop import SigtermError, report_stop
from proctor.errors import ModelError
from proctor.models.dummy import DummyModel
from proctor.models.pool.launchers import Ranks
from proctor.settings.config import build_config

WORDS = ["run", "--model", "dummy", "--tasks", "demo_text_sums", "--limit", "2"]


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in ("WORLD_SIZE", "RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMI_SIZE", "PMI_RANK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("proctor.cli.logs._RankName.prefix", "")
    level = LOGGER.level
    yield
    LOGGER.setLevel(level)


def config(model="hf", **args):
    return build_config({"model": model, "tasks": ["demo"], "model_args": {"pretrained": "x", **args}})


def ranks(rank=1):
    return Ranks("torchrun", rank, 2, rank, 2, "127.0.0.1", 29500)


@pytest.mark.parametrize("rank", [0, 1])
def test_the_first_process_computes_a_run_that_several_cannot_and_another_ends_with_success(
    rank, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", str(rank))
    assert main([*WORDS, "--output_path", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert ("sums" in shown.out) == (rank == 0)
    assert len(list((tmp_path / "out").rglob("results_*.json"))) == (1 if rank == 0 else 0)
    assert ("A launcher started 2 processes" in shown.err) == (rank == 0)
    assert rank == 0 or not shown.err


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["ls", "tasks", "demo*"], "demo_text_sums"),
        (["validate", "--tasks", "demo_text_sums"], "demo_text_sums"),
        (["preview", "--tasks", "demo_text_sums", "--limit", "1"], "demo_text_sums"),
        (["run", "--tasks", "list"], "demo_text_sums"),
        (["run", "--help"], "--model_args"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
@pytest.mark.parametrize("rank", [0, 1])
def test_what_several_cannot_divide_is_done_by_rank_0_alone(words, shown, rank, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", str(rank))
    assert main(words) == 0
    output = capsys.readouterr()
    assert (shown in output.out) == (rank == 0)
    assert rank == 0 or not output.out + output.err
    wanted = rank == 0 and words[0] != "run"
    assert (f"2 processes: '{words[0]}' is done by this one alone" in output.err) == wanted


@pytest.mark.parametrize(
    "words", [["probe", "--model", "hf", "--tasks", "demo"], ["preview", "--plan", "--model", "hf", "--tasks", "demo"]]
)
def test_a_model_that_needs_all_ranks_is_refused_where_one_works(words, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert main([*words, "--model_args", "pretrained=x,tp_plan=auto"]) == 2
    assert "is done by one process, and tp_plan spreads the model over all" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["run", "--batchsize", "3"], ["run", "--model", "hf", "--config", "none.yaml"]])
def test_a_mistake_is_shown_by_rank_0_first_and_where_it_ends_the_others_once(words, monkeypatch, capsys):
    waits = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("proctor: error: ")
    assert not waits
    monkeypatch.setenv("RANK", "1")
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("rank 1: proctor: error: ")
    assert waits == [module.RANK_0_FIRST]
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert not module.is_other_rank()


def test_a_rank_does_not_wait_for_one_that_ends_with_the_same_mistake(monkeypatch, capsys):
    monkeypatch.setattr(module, "RANK_0_FIRST", 0.0)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert main(["run", "--model", "hf", "--tasks", "demo"]) == 2
    assert "rank 1: proctor: error: --model hf needs to know which model to load" in capsys.readouterr().err


def test_another_rank_that_waits_can_be_stopped(monkeypatch):
    def stop(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.time, "sleep", stop)
    monkeypatch.setattr(module.os, "environ", {"WORLD_SIZE": "2", "RANK": "1"})
    let_rank_0_report()


def test_the_stop_of_a_launcher_is_shown_by_rank_0(monkeypatch, capsys):
    monkeypatch.setattr(module.os, "environ", {"WORLD_SIZE": "2", "RANK": "1"})
    assert report_stop(SigtermError(), last=False) == 143
    assert not capsys.readouterr().err
    module.os.environ["RANK"] = "0"
    assert report_stop(SigtermError(), last=False) == 143
    assert "stopped by SIGTERM" in capsys.readouterr().err


def test_a_device_may_differ_between_ranks_and_the_rest_of_the_command_may_not(monkeypatch):
    commands = set()
    for more in (["--device", "cuda:0"], ["--device=cuda:1"], []):
        monkeypatch.setattr("sys.argv", ["proctor", "run", *more, "--tasks", "a"])
        commands.add(common_command())
    assert commands == {"proctor run --tasks a"}


def test_what_a_rank_has_to_say_stands_behind_its_number(monkeypatch, capsys):
    monkeypatch.setattr(module, "RANK_0_FIRST", 0.0)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert main(["run", "--model", "hf", "--tasks", "demo", "--config", "none.yaml"]) == 2
    assert capsys.readouterr().err.startswith("rank 1: proctor: error: ")
    LOGGER.info("unheard")
    LOGGER.warning("heard")
    shown = capsys.readouterr().err
    assert "unheard" not in shown
    assert shown.startswith("rank 1: ")


@pytest.mark.parametrize(
    ("one", "pooled"),
    [
        (config(), True),
        (config(parallelize=True), True),
        (config(tp_plan="auto"), True),
        (config("vllm"), False),
        (config("dummy"), False),
    ],
)
def test_models_that_are_computed_here_are_computed_by_all_ranks(one, pooled):
    assert is_pooled(one) == pooled


def test_no_process_is_surplus_where_one_model_is_computed_by_all():
    assert not is_surplus(ranks(), [config(tp_plan="auto")])
    assert not is_surplus(ranks(), [config()])
    assert not is_surplus(ranks(), [config("dummy"), config()])
    assert is_surplus(ranks(), [config("dummy")])


def test_a_pool_on_ray_leaves_ranks_nothing_to_do(caplog):
    assert not is_pooled(config(pool="ray"))
    assert is_surplus(ranks(), [config(pool="ray")])
    assert not is_surplus(ranks(0), [config(pool="ray")])
    assert "for a model with pool=ray, which has processes of its own, is not computed by several" in caplog.text


def test_one_process_is_no_rank(monkeypatch, caplog):
    for place in ({}, {"WORLD_SIZE": "1", "RANK": "0"}, {"WORLD_SIZE": "2"}):
        monkeypatch.setattr(module.os, "environ", place)
        assert launched_ranks() is None
    assert not caplog.records
    monkeypatch.setattr(module.os, "environ", {"ACCELERATE_USE_CPU": "True", "MASTER_ADDR": "127.0.0.1"})
    assert launched_ranks() is None
    assert "accelerate launch was given several processes and has started one" in caplog.text


def test_rank_0_logs_as_ever(monkeypatch):
    LOGGER.setLevel(logging.INFO)
    monkeypatch.setattr(module.os, "environ", {"WORLD_SIZE": "2", "RANK": "0"})
    assert launched_ranks().rank == 0
    assert (rank_prefix(), LOGGER.level) == ("", logging.INFO)
    log_as_rank(3)
    assert (rank_prefix(), LOGGER.level) == ("rank 3: ", logging.WARNING)


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt, 130), (SigtermError, 143)])
def test_a_stopped_rank_ends_with_the_code_of_its_signal(monkeypatch, stop, code):
    def follow(ranks, command):
        raise stop

    monkeypatch.setattr("proctor.models.pool.group.follow", follow)
    assert follow_rank_0(ranks()) == code


def test_rank_0_opens_on_all_ranks_what_several_can_compute(monkeypatch):
    group = types.SimpleNamespace(loss=None)

    @contextmanager
    def lead(ranks, command):
        yield group

    monkeypatch.setattr("proctor.models.pool.group.lead", lead)
    monkeypatch.setattr("proctor.run.model.open_on_ranks", lambda *words: words)
    opened = []
    assert run_on_ranks(ranks(0), lambda opener: opened.extend(map(opener, (config(), config("dummy")))) or 7) == 7
    assert opened[0] == (config(), ranks(0), group)
    assert isinstance(opened[1], DummyModel)
    assert isinstance(open_alone(config("dummy")), DummyModel)

    def stop(opener):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_on_ranks(ranks(0), stop)
    # The launcher stops the ranks that are left when one has died.
    group.loss = ModelError("Rank 1 of 2 has ended: killed.")
    with pytest.raises(ModelError, match="Rank 1 of 2 has ended: killed"):
        run_on_ranks(ranks(0), stop)
