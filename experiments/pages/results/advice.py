"""What to do now, and the button that does it."""

from dataclasses import dataclass

from django.utils import timezone

from experiments import lifecycle
from experiments.models import Action, Experiment
from experiments.results.looks.words import look_day
from experiments.results.report import ExperimentResults
from experiments.results.verdicts import VerdictKind
from glozr.zones import zone

UNDECIDED = (VerdictKind.COUNTS, VerdictKind.OPEN, VerdictKind.BETWEEN)


@dataclass(frozen=True, slots=True)
class Button:
    """A link to a page that takes a step, by the name of its route; without a route, to `anchor` on
    this page."""

    label: str
    icon: str
    route: str = ""
    anchor: str = ""
    is_first: bool = False
    """Whether it is what the advice is about."""


@dataclass(frozen=True, slots=True)
class Advice:
    """
    Attributes:
        waits: what to wait for, where that is what to do; empty otherwise.
    """

    text: str
    waits: str
    steps: tuple[Button, ...]


def advice_of(results: ExperimentResults, *, is_runner: bool) -> Advice:
    """`is_runner` tells whether whoever looks may take steps; others are told what stands without
    buttons."""
    experiment = results.experiment
    if experiment.concluded:
        learned = Button("What was learned", "check", anchor="concluded")
        return Advice(f"Concluded: {experiment.concluded.in_words}.", "", (learned,))
    return Advice(results.headline.advice, _waits(results), tuple(_steps(results, is_runner)))


def _waits(results: ExperimentResults) -> str:
    """Only an experiment that takes visitors, or has a look to come, gets anywhere by waiting."""
    if results.headline.kind not in UNDECIDED:
        return ""
    coming = results.next_look
    if coming is not None:
        if coming.due_at <= timezone.now():
            return ""
        return f"Wait until {look_day(coming.due_at, zone(results.time_zone))}"
    if not results.timing.takes_visitors:
        return ""
    days = results.metrics[0].days_needed
    if not days:
        return "" if days == 0 else "Wait for more visitors"
    return f"Wait about {days:,} more day{'' if days == 1 else 's'}"


def _steps(results: ExperimentResults, is_runner: bool) -> list[Button]:
    experiment, kind = results.experiment, results.headline.kind
    steps = []
    if kind == VerdictKind.ALARM:
        steps.append(Button("See what may be wrong", "alert", anchor="data-body", is_first=True))
    if not is_runner:
        return steps
    is_waiting = bool(_waits(results))
    if experiment.is_running and not results.timing.takes_visitors and kind in UNDECIDED:
        steps.append(Button("Stop…", "stop", "experiment_stop", is_first=not is_waiting))
    if _starts_again(experiment, results):
        steps.append(Button("Start again…", "play", "experiment_start", is_first=True))
    if not experiment.is_draft:
        is_first = not is_waiting and not any(step.is_first for step in steps)
        steps.append(Button("Conclude…", "check", "experiment_conclude", is_first=is_first))
    return steps


def _starts_again(experiment: Experiment, results: ExperimentResults) -> bool:
    """Whether more visitors would help; once the looks are over they would not."""
    is_over = experiment.is_planned and results.next_look is None
    may = experiment.is_stopped and lifecycle.can(Action.STARTED, experiment)
    return may and results.headline.kind in UNDECIDED and not is_over
