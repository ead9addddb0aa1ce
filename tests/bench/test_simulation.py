"""A small version of the simulation: seconds instead of minutes, the same promises."""

from __future__ import annotations

import pytest

from bench.simulation.populations import Population, leads, messages, sessions
from bench.simulation.watched import simulate

FEW_LOOKS = range(100, 2001, 100)


@pytest.mark.parametrize("population", [leads(0.01), messages(), sessions()], ids=lambda p: p.name)
def test_watching_variants_that_are_the_same_seldom_declares_a_difference(
    population: Population,
) -> None:
    found = simulate(population, runs=300, seed=1, looks=FEW_LOOKS)

    assert found.declared <= 0.05
    assert found.declared_by_fixed_p_at_every_look > 0.15
    assert found.looks_put_to_the_product > 20


def test_the_likelihood_mends_the_sequence_where_shares_are_uneven_and_leads_few() -> None:
    found = simulate(leads(0.01), runs=200, seed=1, looks=FEW_LOOKS, weights=(1, 20))

    assert found.declared <= 0.05
    assert found.declared_by_plain_sequence > 0.2


def test_intervals_cover_a_true_lift_at_every_look() -> None:
    found = simulate(leads(0.03), runs=300, seed=1, looks=FEW_LOOKS, lift=0.2)

    assert found.absolute_covers_throughout >= 0.95
    assert found.relative_covers_throughout >= 0.95
