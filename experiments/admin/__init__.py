"""The Django admin of experiments and of what they recorded."""

from experiments.admin import experiments, leads, records

__all__ = ["experiments", "leads", "records"]
