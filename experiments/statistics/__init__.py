"""Pure statistics over per-visitor sums: no Django, no database, no clock.

Ask `compare` for every treatment against the control; `arms` are what it takes. `sample_ratio`
watches the split, `sample_size` looks ahead, `sequence` is the confidence sequence itself.
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
    fixed_horizon,
    holm,
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
    "fixed_horizon",
    "holm",
]
