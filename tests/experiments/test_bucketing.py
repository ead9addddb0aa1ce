import hashlib
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from experiments.bucketing import bucket, takes_part
from tests.experiments.specification import vectors

VISITORS = 100_000
# A right implementation fails one of these tests in a million runs; ids are fixed, so it never
# does by chance.
SIGNIFICANCE = 1e-6
FIRST = UUID("01900000-0000-7000-8000-000000000001")
SECOND = UUID("01900000-0000-7000-8000-000000000002")

weights_lists = st.lists(st.integers(1, 1_000_000), min_size=2, max_size=10)


def test_every_vector_of_the_specification_is_met() -> None:
    checked = 0
    for vector in vectors("bucketing"):
        found = bucket(UUID(vector["experiment_id"]), vector["visitor_id"], vector["weights"])
        assert found == vector["variant_index"], vector
        checked += 1
    assert checked >= 30


@given(st.uuids(), st.text(max_size=128), weights_lists, st.integers(2, 1_000))
def test_scaling_all_the_weights_moves_nobody(
    experiment: UUID, visitor: str, weights: Sequence[int], factor: int
) -> None:
    scaled = [weight * factor for weight in weights]
    assert bucket(experiment, visitor, weights) == bucket(experiment, visitor, scaled)


@given(st.uuids(), st.text(max_size=128), weights_lists)
def test_every_visitor_falls_into_one_of_the_variants(
    experiment: UUID, visitor: str, weights: Sequence[int]
) -> None:
    assert 0 <= bucket(experiment, visitor, weights) < len(weights)


@pytest.mark.parametrize("weights", [[1, 1], [50, 50], [1, 3], [5, 3, 2], [1] * 10, [99, 1]])
def test_each_variants_share_is_within_chance_of_its_weight(weights: list[int]) -> None:
    counts = Counter(bucket(FIRST, f"visitor-{number}", weights) for number in range(VISITORS))
    expected = [VISITORS * weight / sum(weights) for weight in weights]
    observed = [counts[index] for index in range(len(weights))]
    assert chisquare(observed, expected).pvalue > SIGNIFICANCE


def test_assignments_of_two_experiments_are_independent() -> None:
    weights = [1, 2, 3]
    table = [[0] * 3 for _ in range(3)]
    for number in range(VISITORS):
        visitor = f"visitor-{number}"
        table[bucket(FIRST, visitor, weights)][bucket(SECOND, visitor, weights)] += 1
    assert chi2_contingency(table).pvalue > SIGNIFICANCE


class TestShareOfTraffic:
    @given(st.uuids(), st.text(max_size=128), st.integers(1, 100))
    def test_is_worked_out_as_the_specification_says(
        self, experiment: UUID, visitor: str, share: int
    ) -> None:
        # The percent that 64 bits point at, by division of integers rather than by a shift.
        text = b"%b:share:%b" % (str(experiment).encode(), visitor.encode())
        first = int(hashlib.sha256(text).hexdigest()[:16], 16)
        assert takes_part(experiment, visitor, share) == (first * 100 // 2**64 < share)

    def test_of_known_visitors_is_what_it_was(self) -> None:
        # `printf '…:share:ada' | sha256sum`, its first 16 digits as a share of 2**64.
        percents = {"ada": 25, "bob": 84, "visitor-1": 8, "ä": 25}
        found = {
            visitor: next(share for share in range(101) if takes_part(FIRST, visitor, share)) - 1
            for visitor in percents
        }
        assert found == percents

    @given(st.uuids(), st.text(max_size=128), st.integers(1, 99))
    def test_raising_it_leaves_in_whoever_was(
        self, experiment: UUID, visitor: str, share: int
    ) -> None:
        assert takes_part(experiment, visitor, 100)
        if takes_part(experiment, visitor, share):
            assert takes_part(experiment, visitor, share + 1)

    def test_says_nothing_of_the_variant(self) -> None:
        table = [[0, 0], [0, 0]]
        for number in range(VISITORS):
            visitor = f"visitor-{number}"
            table[takes_part(FIRST, visitor, 30)][bucket(FIRST, visitor, [1, 1])] += 1
        assert chi2_contingency(table).pvalue > SIGNIFICANCE
        share = sum(table[1]) / VISITORS
        assert chisquare([sum(table[1]), sum(table[0])], [30_000, 70_000]).pvalue > SIGNIFICANCE
        assert 0.29 < share < 0.31
