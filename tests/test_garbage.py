"""Collections are paused while many objects are made; only the command leaves its imports out of all later ones."""

import gc
import subprocess
import sys

import pytest

from proctor.garbage import collection_paused

IMPORTING = (
    "import gc, sys; from proctor import garbage, lazy; own = sys.argv[1] == 'own'\n"
    "if own: garbage.own_process()\n"
    "before = gc.get_freeze_count(); lazy.need('yaml'); print(gc.get_freeze_count() > before, gc.isenabled())"
)


def test_the_collector_is_as_it_was_after_a_pause_and_after_an_error():
    with pytest.raises(ValueError), collection_paused():
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with collection_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(("process", "frozen"), [("own", "True True"), ("foreign", "False True")])
def test_imports_are_frozen_in_a_process_of_our_own_only(process, frozen):
    shown = subprocess.run([sys.executable, "-c", IMPORTING, process], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == frozen.split()


def test_what_is_imported_already_freezes_nothing_again():
    """Objects that are alive then would never be freed if they come to hold each other."""
    code = (
        "import gc; from proctor import garbage, lazy; garbage.own_process(); lazy.need('yaml')\n"
        "before = gc.get_freeze_count(); more = [[] for _ in range(1000)]; lazy.need('yaml')\n"
        "print(gc.get_freeze_count() - before)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(shown.stdout) <= 0


def test_a_command_within_another_program_freezes_nothing():
    from proctor.cli.main import main

    before = gc.get_freeze_count()
    assert main(["--version"]) == 0
    assert main(["ls", "tasks", "--help"]) == 0
    assert gc.get_freeze_count() == before


def test_only_the_command_changes_how_often_is_collected():
    own = "garbage.own_process(); print(before, gc.get_threshold())"
    code = f"import gc; from proctor import garbage; before = gc.get_threshold(); {own}"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == f"{gc.get_threshold()} (50000, 50, 4)"


@pytest.mark.parametrize(("module", "frozen"), [("triton", False), ("another", True)])
def test_what_is_frozen_is_torn_down_where_bindings_would_report_it_as_leaked(module, frozen):
    code = (
        "import atexit, gc, sys; from proctor import garbage, lazy\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"
        "garbage.own_process(); lazy.need('yaml'); sys.modules[sys.argv[1]] = sys"
    )
    shown = subprocess.run([sys.executable, "-c", code, module], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == str(frozen)
