"""The tool that runs lm-eval's own tests: outcomes are read by name, and the list has to be exact."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "compat_tests.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("compat_tests", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules["compat_tests"] = module
    spec.loader.exec_module(module)
    return module


REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_a.TestOne" name="test_p" />
<testcase classname="tests.test_a" name="test_f[1]"><failure message="x" /></testcase>
<testcase classname="tests.test_a" name="test_e"><error message="fixture" /></testcase>
<testcase classname="tests.test_a" name="test_s"><skipped message="x" /></testcase>
</testsuite></testsuites>"""
BROKEN = (
    '<testsuites><testsuite><testcase classname="" name="tests.test_b"><error /></testcase></testsuite></testsuites>'
)


def test_outcomes(tool):
    found = tool.read_report(REPORT, "test_a.py")
    assert found.passed == {"test_a.py::TestOne::test_p"}
    assert found.failed == {"test_a.py::test_f[1]", "test_a.py::test_e"}
    assert tool.read_report(BROKEN, "test_b.py").unfinished == {"test_b.py"}


def test_the_list_is_exact(tool):
    outcomes = [tool.read_report(REPORT, "test_a.py"), tool.read_report(BROKEN, "test_b.py")]
    listed = {"test_a.py::TestOne::test_p": "r", "test_a.py::test_e": "r"}
    assert tool.judge(outcomes, listed) == [
        "fails: test_a.py::test_f[1]",
        "is listed and passes: test_a.py::TestOne::test_p",
        "did not run to its end: test_b.py",
    ]
    assert tool.judge(outcomes, {"test_a.py": "r", "test_b.py": "r"}) == []


def test_every_group_has_a_reason_and_no_name_stands_twice(tool):
    groups = json.loads(tool.LIST.read_text(encoding="utf-8"))
    names = [name for group in groups for name in group["tests"]]
    assert all(group["reason"].endswith(".") for group in groups)
    assert sorted(set(names)) == sorted(names)
    assert set(tool.listed_in(groups)) == set(names)
    internals = [name for group in groups[:3] for name in group["tests"]]
    assert 0 < len(internals) <= 197
