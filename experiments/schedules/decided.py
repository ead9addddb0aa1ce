"""Whether an experiment has its answer: for who ends it then."""

from experiments.models import Experiment
from experiments.results import rollup
from experiments.results.report import results_in_brief
from experiments.results.verdicts import VerdictKind

PATIENCE_SECONDS = 2.0


def is_decided(experiment: Experiment) -> bool:
    """Whether the results page says so of the primary metric.

    That is as soon as the verdict decides on one treatment, better or worse: from then on the page
    advises to stop. An alarm about the split, or figures not counted yet, decide nothing.
    """
    is_complete = rollup.bring_up_to_date(experiment.agent_id, seconds=PATIENCE_SECONDS)
    if not is_complete:
        return False
    found = results_in_brief(experiment, is_complete=is_complete)
    return found.headline.kind == VerdictKind.DECIDED
