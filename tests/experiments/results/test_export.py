"""The export as spreadsheets read it: no text is a formula, and numbers are numbers."""

import csv
import re
from io import StringIO

import pytest

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Assignment
from experiments.results.export import assignments_csv
from glozr.text import harmless
from tests.factories import ExperimentFactory
from tests.runtime import Runtime

STARTS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
SEPARATORS = ",;\t|"
FORMULA = re.compile(rf"""[\s"]*[{re.escape(STARTS)}]""")


def cells(text: str, separator: str) -> list[str]:
    """The cells of a line as a program that minds no quotes, or reads them wrongly, takes them."""
    lines = re.split(r"[\r\n]", text)
    return [cell for line in lines for cell in line.split(separator)]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    "before",
    [
        "",
        " ",
        "\u00a0",
        '"',
        "a;",
        "a\t",
        "a,",
        "a|",
        "a; ",
        'a;"',
        "a\n",
        "a\r",
        "a\r\n",
        ";",
        "\t",
    ],
)
def test_no_text_begins_a_formula_wherever_a_cell_may_begin(start: str, before: str) -> None:
    text = StringIO()
    guarded = harmless(f"{before}{start}cmd|' /C calc'!A0")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(["x", guarded, "y"])
    for separator in SEPARATORS:
        for cell in cells(text.getvalue(), separator):
            assert not FORMULA.match(cell), cell


@pytest.mark.parametrize("break_first", ["\tx", "\rx", "\nx"])
def test_nor_does_a_break(break_first: str) -> None:
    assert harmless(break_first) == f"'{break_first}"


@pytest.mark.parametrize(
    "text",
    ["ada", "v-7f3a", "a=b", "a;b", "ada@example.com", "1-2", "a, b", "Ünï", "x:-y"],
)
def test_what_begins_none_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.django_db
def test_texts_are_quoted_and_numbers_are_not(agent: Agent, runtime: Runtime) -> None:
    experiment = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
    runtime.resolve("ada;=1+1")
    list(assignments_csv(experiment))  # folds what is pending
    Assignment.objects.update(messages=1200, seconds=1200)
    _, line, *_ = "".join(assignments_csv(experiment)).splitlines()
    assert re.fullmatch(r""""ada;'=1\+1","\w+","[^"]+",1,1200,1200,0""", line)
