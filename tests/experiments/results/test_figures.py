"""How figures and names are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results import figures
from experiments.results.comparing.labels import LONGEST_TAIL, parted
from experiments.results.figures import DASH, MINUS
from experiments.statistics import Interval, Reason


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (None, "share", DASH),
        (0.0, "share", "0.0%"),
        (0.0312, "share", "3.1%"),
        (0.0031, "share", "0.31%"),
        (0.00996, "share", "1.0%"),
        (1.0, "share", "100.0%"),
        (4.2, "messages", "4.2"),
        (0.0, "seconds", "0.0 s"),
        (92.4, "seconds", "1 min 32 s"),
        (59.97, "seconds", "1 min 0 s"),
        (7_325.0, "seconds", "2 h 2 min"),
    ],
)
def test_values_carry_their_unit(amount: float | None, unit: str, text: str) -> None:
    assert figures.value(amount, unit) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.123, "+12.3%"),
        (-0.5, f"{MINUS}50.0%"),
        (0.0001, "+0.01%"),
        (0.00001, "0.0%"),
        (12.5, "+1,250.0%"),
        (None, DASH),
    ],
)
def test_lifts_carry_their_sign(amount: float | None, text: str) -> None:
    assert figures.relative(amount) == text


def test_differences_are_in_points_of_the_share() -> None:
    assert figures.difference(-0.0123, "share") == f"{MINUS}1.2 points"
    assert figures.difference(2.5, "seconds") == "+2.5 s"
    assert figures.difference(0.251, "messages") == "+0.25"


def test_an_interval_without_an_upper_end_says_so() -> None:
    assert figures.reach(Interval(-0.2, None)) == f"{MINUS}20.0% or more"
    assert figures.reach(Interval(-0.2, 0.4)) == f"{MINUS}20.0% to +40.0%"
    assert figures.reach(Interval(-0.01, 0.02), unit="share") == f"{MINUS}1.0 to +2.0 points"
    assert figures.reach(None) == DASH


def test_no_p_value_is_written_as_zero() -> None:
    assert figures.p_value(0.0) == "under 0.001"
    assert figures.p_value(0.0123) == "0.012"
    assert figures.p_value(None) == DASH


def test_every_reason_has_words() -> None:
    assert all(figures.reason(reason) for reason in Reason)


def test_names_that_begin_alike_keep_the_word_that_tells_them_apart() -> None:
    names = ["control", "A warm greeting, version one", "A warm greeting, version two", "Short"]
    assert parted(names) == [
        ("control", ""),
        ("A warm greeting, version ", "one"),
        ("A warm greeting, version ", "two"),
        ("Short", ""),
    ]


def test_a_name_that_another_goes_on_from_keeps_its_end() -> None:
    assert [tail for _, tail in parted(["A warm greeting", "A warm greeting 2"])] == [
        "greeting",
        "greeting 2",
    ]


@given(st.lists(st.text("ab c", min_size=1, max_size=60), min_size=2, max_size=10, unique=True))
def test_nothing_is_lost_but_from_long_ends(names: list[str]) -> None:
    for name, (head, tail) in zip(names, parted(names), strict=True):
        assert len(tail) <= LONGEST_TAIL
        assert head
        assert name.startswith(head + tail.removesuffix("…"))
        assert tail.endswith("…") or head + tail == name
