"""Figures that others have published, as vectors.

Cookie Cats: the A/B test of a mobile game's first gate, published for teaching (90,189 players).
Spotify: the fixture of the tests of spotify-confidence. GrowthBook: the fixture of gbstats' tests
of Welch's t-test.
"""

import pytest
from scipy.stats import chi2_contingency

from experiments.statistics import Arm, Comparison, Mean, Proportion, Reason, compare
from experiments.statistics.sample_ratio import sample_ratio_p_value, watched_p_value

GATE_30, GATE_40 = Proportion(44_700, 8_502), Proportion(45_489, 8_279)
"""Who came back on the seventh day."""


def one(control: Arm, treatment: Arm) -> Comparison:
    (found,) = compare(control, [treatment])
    return found


def test_cookie_cats() -> None:
    found = one(GATE_30, GATE_40)

    assert found.absolute.value == pytest.approx(-0.008201, abs=1e-6)
    assert found.fixed is not None
    assert found.fixed.p_value == pytest.approx(0.001556, abs=1e-6)
    assert found.fixed.interval.lower == pytest.approx(-0.013282, abs=1e-6)
    assert found.fixed.interval.upper == pytest.approx(-0.003121, abs=1e-6)


def test_cookie_cats_split_is_no_alarm_to_who_may_look_at_any_time() -> None:
    visitors = [GATE_30.n, GATE_40.n]

    assert sample_ratio_p_value(visitors, [1, 1]) == pytest.approx(0.0086, abs=5e-5)
    watched = watched_p_value([visitors], [1, 1])
    assert watched is not None
    assert 0.0086 < watched <= 1


def test_spotifys_fixture() -> None:
    found = one(Proportion(104, 42), Proportion(1_009, 500))

    assert found.absolute.value == pytest.approx(0.091694, abs=1e-6)
    oracle = chi2_contingency([[42, 62], [500, 509]], correction=False).pvalue
    assert oracle == pytest.approx(0.074866, abs=1e-6)
    assert found.fixed is not None  # Welch's, which does not pool
    assert found.fixed.p_value == pytest.approx(oracle, abs=0.003)
    assert not found.decided


def test_growthbooks_fixture() -> None:
    found = one(Mean(3_407, 1_396.87, 52_377.9767), Mean(3_461, 2_422.7, 134_698.29))

    assert found.fixed is not None
    assert found.fixed.interval.lower == pytest.approx(0.04538, abs=1e-5)
    assert found.fixed.interval.upper == pytest.approx(0.53462, abs=1e-5)
    assert found.fixed.p_value == pytest.approx(0.02016, abs=1e-5)


@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        (Mean(1_000, 1_000, 1_000), Mean(1_001, 3_000, 1_000 + 2_000**2)),
        (Mean(2_000, 2_000, 2_000**2), Mean(1_000, 1_000, 3_000)),
    ],
)
def test_one_visitor_of_two_thousand_messages_gets_the_true_reason(
    control: Mean, treatment: Mean
) -> None:
    """A control at 1.00 is not close to zero: visitors vary too much."""
    found = one(control, treatment)

    assert control.value == 1
    assert found.relative.reason == Reason.TOO_UNCERTAIN
    assert not found.decided
