"""Task files that say ``lm_eval`` meet proctor, and nothing of a real lm_eval."""

import importlib
import json
import os
import subprocess
import sys
import textwrap

import pytest

import proctor.compat.tasks.helpers
from proctor import alias
from proctor.alias import NotServedError, TaskModule, add_task_root, import_peer, load_file, locate
from proctor.errors import TaskError
from proctor.filters.extract import Regex
from proctor.refs import Ref


@pytest.fixture(autouse=True)
def known_roots(monkeypatch):
    monkeypatch.setattr(alias, "_ROOTS", [])


def write(folder, **files):
    for name, text in files.items():
        path = folder / f"{name.replace('__0', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def load(folder, text):
    return load_file(write(folder, mine=text) / "mine.py")


def test_every_way_to_say_import(tmp_path):
    module = load(
        tmp_path,
        """
        import importlib
        import importlib.util
        import lm_eval
        import lm_eval.api.filter as f
        import lm_eval.filters.extraction
        from importlib import import_module
        from lm_eval import utils
        from lm_eval.api import metrics
        from lm_eval.filters.extraction import RegexFilter
        from lm_eval.utils import *
        from lm_eval.utils import weighted_f1_score as w

        named = [importlib.import_module("lm_eval.utils"), import_module("lm_eval.utils")]
        named.append(__import__("lm_eval.utils").utils)
        found = importlib.util.find_spec("json")
        """,
    )
    served = proctor.compat.tasks.helpers
    assert module.utils is served
    assert all(one is served for one in module.named)
    assert module.lm_eval.__version__ == "0.4.13"
    assert module.lm_eval.filters.extraction.RegexFilter is module.RegexFilter is Regex
    assert issubclass(module.RegexFilter, module.f.Filter)
    assert module.metrics.mean([1, 2]) == 1.5
    assert module.w is module.weighted_f1_score
    assert module.found.name == "json"
    assert "lm_eval" not in sys.modules


def test_imports_within_functions_work_when_they_run(tmp_path):
    module = load(
        tmp_path, "def late():\n    from lm_eval.utils import general_detokenize\n    return general_detokenize\n"
    )
    assert module.late()('a " b') == 'a"b'


def test_a_name_that_is_not_there_is_a_sentence_at_its_line(tmp_path):
    write(tmp_path, mine="import json\nfrom lm_eval.utils import mak_table\n")
    with pytest.raises(TaskError) as caught:
        Ref(str(tmp_path), "mine.f", str(tmp_path / "t.yaml"), 4).resolve()
    [finding] = caught.value.errors
    assert (finding.file, finding.line) == (str(tmp_path / "mine.py"), 2)
    assert "proctor's 'lm_eval.utils' has no 'mak_table'. Did you mean 'make_table'?" in finding.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import lm_eval.utilz", "serves no module 'lm_eval.utilz'. Did you mean 'utils'"),
        ("from lm_eval.nothing.here import x", "serves no module 'lm_eval.nothing.here'"),
        ("from lm_eval.tasks.nowhere import x", "there is no 'lm_eval.tasks.nowhere' among the task folders"),
        ("from lm_eval.api import nothing", "'lm_eval.api' has no 'nothing'"),
        ("from .nothing import x", "there is no"),
    ],
)
def test_unknown_modules(tmp_path, line, said):
    with pytest.raises(ImportError, match=said.replace("(", r"\(")):
        load(tmp_path, line)


def test_code_that_can_do_without_may_try(tmp_path):
    text = "try:\n    from lm_eval.nothing import x\nexcept ImportError:\n    x = None\n"
    assert load(tmp_path, text).x is None


def test_folders_of_tasks_import_from_each_other(tmp_path):
    write(
        tmp_path,
        one__0common="THE = object()",
        one__0deep__0more="from ..common import THE\nfrom .. import common\nfrom . import more as me",
        two__0__init__="from .part import NAME",
        two__0part="NAME = 'two'",
        three__0mine="""
            import lm_eval.tasks.one.common as c
            from lm_eval.tasks import two
            from lm_eval.tasks.one import common
            from lm_eval.tasks.one.common import THE
            from lm_eval.tasks.one.deep import more
            from lm_eval.tasks.two import NAME
            import lm_eval.tasks.two.part
            part = lm_eval.tasks.two.part
            import importlib
            again = importlib.import_module("lm_eval.tasks.one.common")
            near = importlib.import_module("..one.common", __package__)
        """,
    )
    add_task_root(tmp_path)
    module = load_file(tmp_path / "three" / "mine.py")
    common = load_file(tmp_path / "one" / "common.py")
    assert module.c is module.common is module.again is module.near is common
    assert module.more.common is common
    assert module.THE is module.more.THE is common.THE
    assert module.NAME == module.two.NAME == module.part.NAME == "two"
    assert Ref(str(tmp_path), "lm_eval.tasks.one.common.THE").resolve() is common.THE
    assert Ref(str(tmp_path / "one"), "common.THE").resolve() is common.THE


def test_a_file_sees_its_own_root_first(tmp_path):
    for name in ("a", "b"):
        write(
            tmp_path / name,
            shared__0names=f"ROOT = '{name}'",
            user__0mine="from lm_eval.tasks.shared.names import ROOT",
        )
        add_task_root(tmp_path / name)
    write(tmp_path / "c", user__0mine="from lm_eval.tasks.shared.names import ROOT")
    assert [load_file(tmp_path / name / "user" / "mine.py").ROOT for name in "abc"] == ["a", "b", "b"]


def test_a_namespace_spans_the_roots(tmp_path):
    write(tmp_path / "a", shared__0one="N = 1")
    write(tmp_path / "b", shared__0two="N = 2")
    add_task_root(tmp_path / "a")
    add_task_root(tmp_path / "b")
    module = load(tmp_path, "from lm_eval.tasks.shared import one, two\n")
    assert (module.one.N, module.two.N) == (1, 2)


def test_stock_folders_and_copies_of_them_know_themselves(tmp_path):
    stock = write(tmp_path / "lm_eval" / "tasks", x__0a="A = 1", y__0b="from lm_eval.tasks.x.a import A")
    assert load_file(stock / "y" / "b.py").A == 1
    copy = write(tmp_path / "copies", z__0a="A = 2", z__0in__0b="from lm_eval.tasks.z.a import A")
    assert load_file(copy / "z" / "in" / "b.py").A == 2


def test_import_in_a_circle(tmp_path):
    write(tmp_path, z__0a="from . import b\nA = 1", z__0b="from . import a\ndef get():\n    return a.A")
    assert load_file(tmp_path / "z" / "a.py").b.get() == 1


def test_a_file_that_changed_is_loaded_again_and_a_broken_one_leaves_nothing(tmp_path):
    first = load(tmp_path, "N = 1")
    assert load_file(tmp_path / "mine.py") is first
    (tmp_path / "mine.py").write_text("N = 2 / 0")
    os.utime(tmp_path / "mine.py", ns=(1, 1))
    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError):
        load_file(tmp_path / "mine.py")
    assert set(sys.modules) == before
    second = load(tmp_path, "N = 3")
    assert second.N == 3
    assert second.__name__ != first.__name__


def test_locate_imports_nothing(tmp_path):
    write(tmp_path, one__0common="raise SystemExit")
    add_task_root(tmp_path)
    assert locate("lm_eval.utils") == importlib.import_module("pathlib").Path(proctor.compat.tasks.helpers.__file__)
    assert locate("lm_eval.tasks.one.common") == tmp_path / "one" / "common.py"
    assert locate("lm_eval.tasks.one") == tmp_path / "one"
    assert locate("lm_eval.tasks.one.nothing") is None
    assert locate("lm_eval.nothing") is None


def test_modules_pickle_by_name(tmp_path):
    dill = pytest.importorskip("dill")
    write(tmp_path, one__0common="N = 1")
    add_task_root(tmp_path)
    module = load(
        tmp_path,
        """
        import importlib
        from lm_eval import utils
        from lm_eval.tasks import one
        from lm_eval.tasks.one import common
        """,
    )
    assert isinstance(module.one, TaskModule)
    for one in (module, module.utils, module.common, module.one):
        assert dill.loads(dill.dumps(one)) is one
    assert dill.loads(dill.dumps(module.importlib)) is importlib


def test_a_served_module_is_one_module():
    assert import_peer("lm_eval.utils") is proctor.compat.tasks.helpers
    with pytest.raises(NotServedError):
        import_peer("lm_eval.nothing")


MAPPED = """
import re
from lm_eval import utils
from lm_eval.utils import general_detokenize
import importlib

WORD = re.compile("a")

def helper(text):
    return WORD.sub("b", text)

def process_docs(dataset, **options):
    def change(doc):
        assert importlib.__name__ == "importlib"
        return {"text": helper(general_detokenize(utils.general_detokenize(doc["text"])))}
    return dataset.map(change, **options)
"""


def test_data_sets_are_mapped_and_fingerprints_are_the_same_in_every_process(tmp_path):
    write(tmp_path, mine=MAPPED)
    program = textwrap.dedent(
        f"""
        import json
        from pathlib import Path
        import datasets
        from proctor.alias import load_file
        datasets.disable_progress_bars()
        data = datasets.Dataset.from_dict({{"text": ["a .", "c a"]}})
        done = load_file(Path({str(tmp_path / "mine.py")!r})).process_docs(data)
        print(json.dumps([done._fingerprint, done["text"][:]]))
        """
    )

    def run(seed):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env
        ).stdout

    first = json.loads(run("1"))
    assert first[1] == ["b.", "c b"]
    assert json.loads(run("2")) == first
    write(tmp_path, mine=MAPPED.replace('"b"', '"d"'))
    assert json.loads(run("1"))[0] != first[0]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_data_sets_are_mapped_by_several_processes(tmp_path):
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"text": ["a .", "c a"]})
    assert load(tmp_path, MAPPED).process_docs(data, num_proc=2)["text"][:] == ["b.", "c b"]


FOREIGN = """
import sys
from pathlib import Path
import lm_eval, lm_eval.utils
before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "lm_eval"}
from proctor.alias import import_peer, load_file
module = load_file(Path(sys.argv[1]))
after = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "lm_eval"}
assert before == after and all(before[name] is after[name] for name in before)
import proctor.compat.tasks.helpers
assert module.lm_eval is import_peer("lm_eval") is not lm_eval
assert module.utils is module.late() is module.dynamic is proctor.compat.tasks.helpers
print("ok")
"""


def check_beside(python, tmp_path, path):
    write(
        tmp_path,
        mine="""
        import importlib
        import lm_eval
        from lm_eval import utils
        dynamic = importlib.import_module("lm_eval.utils")
        def late():
            import lm_eval.utils as found
            return found
        """,
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    words = [python, "-c", FOREIGN, str(tmp_path / "mine.py")]
    done = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    assert done.stdout.strip() == "ok", done.stderr


def test_a_foreign_lm_eval_is_neither_used_nor_touched(tmp_path, repository):
    write(tmp_path / "site", lm_eval__0__init__="WHO = 'foreign'", lm_eval__0utils="WHO = 'foreign'")
    check_beside(sys.executable, tmp_path, [tmp_path / "site", repository / "src"])


@pytest.mark.slow
def test_the_real_lm_eval_is_neither_used_nor_touched(tmp_path, repository):
    python = os.environ.get("PEER_PYTHON")
    if not python:
        pytest.skip("PEER_PYTHON names no Python that has lm-eval")
    check_beside(python, tmp_path, [repository / "src"])
