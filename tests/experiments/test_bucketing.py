from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from experiments.bucketing import bucket
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
