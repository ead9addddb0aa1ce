"""The Django admin of experiments and of what they recorded."""

from experiments.admin import experiments, records

__all__ = ["experiments", "records"]
