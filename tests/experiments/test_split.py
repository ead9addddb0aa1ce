from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.split import percent, shares


@pytest.mark.parametrize(
    ("part", "total", "expected"),
    [
        (1, 2, "50%"),
        (1, 3, "33.3%"),
        (1, 1, "100%"),
        (0, 5, "0%"),
        (0, 0, "\N{EN DASH}"),
        (1, 1_000, "0.1%"),
        (1, 1_000_001, "under 0.1%"),
        (1_000_000, 1_000_001, "over 99.9%"),
        (999, 1_000, "99.9%"),
    ],
)
def test_percentages_are_short_and_never_say_none_or_all_of_some(
    part: int, total: int, expected: str
) -> None:
    assert percent(part, total) == expected


@given(st.lists(st.integers(1, 1_000_000), min_size=1, max_size=10))
def test_shares_fill_the_bar_in_order(weights: list[int]) -> None:
    found = shares([(str(weight), weight) for weight in weights])
    assert found[0].start == 0
    for one, following in pairwise(found):
        assert one.start + one.width == pytest.approx(following.start, abs=2e-4)
    assert found[-1].start + found[-1].width == pytest.approx(100, abs=2e-4)


def test_a_weight_that_counts_for_nothing_leaves_the_rest_whole() -> None:
    assert [share.percent for share in shares([("a", 0), ("b", 3), ("c", 1)])] == [
        "0%",
        "75%",
        "25%",
    ]
    assert [share.width for share in shares([("a", 0), ("b", -5)])] == [0, 0]
