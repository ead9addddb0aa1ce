"""Pure statistics over per-visitor sums: no Django, no database, no clock.

Ask `compare` for every treatment against the control at any moment, and `planned.take_look` at a
planned one; `arms` are what both take. `sequence` is the confidence sequence itself, `looks` the
group sequential bounds. `sample_ratio` watches the split; `plan`, over `sample_size`, looks ahead.
"""

from experiments.statistics.arms import Arm, Mean, Proportion, Ratio
from experiments.statistics.comparison import (
    ENOUGH_VISITORS,
    ArmFigures,
    Comparison,
    FixedHorizon,
    Interval,
    Lift,
    Reason,
    arm_figures,
    compare,
    compare_together,
    fixed_horizon,
    holm,
    without_certainty,
)
from experiments.statistics.sequence import ALPHA

__all__ = [
    "ALPHA",
    "ENOUGH_VISITORS",
    "Arm",
    "ArmFigures",
    "Comparison",
    "FixedHorizon",
    "Interval",
    "Lift",
    "Mean",
    "Proportion",
    "Ratio",
    "Reason",
    "arm_figures",
    "compare",
    "compare_together",
    "fixed_horizon",
    "holm",
    "without_certainty",
]
