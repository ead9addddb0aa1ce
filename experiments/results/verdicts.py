"""From figures to the plain words that answer: which is better, how sure are we, what now?

No word of victory is used of a variant whose interval still holds zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from experiments.results import figures
from experiments.statistics import ENOUGH_VISITORS, Comparison, Interval

SAMPLE_RATIO_ALARM = 0.001
NO_NEW_VISITORS = (
    "It gets no new visitors, as another experiment was started later. Stop that one, or stop this "
    "one."
)
NO_MORE_LOOKS = "The looks are over. Duplicate it to try again with more visitors."
LEAST_WRITTEN = 0.00005
MOST_NAMED = 3
"""More variants than this are counted in a sentence, not named one by one."""


class Stage(StrEnum):
    """The experiment's, as far as advice depends on it."""

    DRAFT = "draft"
    RUNNING = "running"
    SUPERSEDED = "superseded"
    """It runs for the visitors that it has; another experiment takes the new ones."""
    STOPPED = "stopped"


class VerdictKind(StrEnum):
    """What sort of answer it is, for the look of the page and for programs."""

    ALARM = "sample_ratio_alarm"
    COUNTS = "too_few_visitors"
    OPEN = "no_difference_shown"
    DECIDED = "decided"
    BETWEEN = "between_looks"
    HARMLESS = "no_harm_seen"
    UNKNOWN = "not_known_yet"
    HARMFUL = "harmed"


@dataclass(frozen=True)
class Finding:
    """A treatment's name and its comparison with the control."""

    variant: str
    comparison: Comparison


@dataclass(frozen=True)
class Looks:
    """How a planned experiment stands: `seen` tells of the latest look, `next` when another comes.

    `findings` of the situation are those of the looks then.
    """

    visitors: int
    planned_visitors: int
    seen: str
    next: str
    is_settled: bool
    is_futile: bool = False


@dataclass(frozen=True)
class Situation:
    """What the verdict is about. `metric` reads after a possessive: "lead capture rate".

    `visitors_needed` (per variant) and `days_needed` are for a lift of `planned_lift`. `looks` is
    None for the watched design.
    """

    stage: Stage
    metric: str
    control: str
    control_visitors: int
    findings: Sequence[Finding]
    sample_ratio_p_value: float | None = None
    planned_lift: float | None = None
    visitors_needed: int | None = None
    days_needed: int | None = None
    looks: Looks | None = None


@dataclass(frozen=True)
class Verdict:
    """`answer`: which is better; `certainty`: how sure; `advice`: what now. Each may be shown.

    `first` is how the answer begins where the rest of it may be set smaller.
    """

    kind: VerdictKind
    answer: str
    certainty: str
    advice: str
    first: str = ""

    @property
    def rest(self) -> str:
        return self.answer.removeprefix(self.first).strip() if self.first else ""

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.answer, self.certainty, self.advice) if part)


def verdict(situation: Situation) -> Verdict:
    """The answer for one metric. A split that cannot be chance comes before all else."""
    p_value = situation.sample_ratio_p_value
    if p_value is not None and p_value < SAMPLE_RATIO_ALARM:
        return Verdict(
            VerdictKind.ALARM,
            "These figures cannot be trusted: visitors are not split as the weights say.",
            "Where visitors are split properly, at most 1 experiment in 1,000 ever shows a split "
            "this uneven, however often people look.",
            "Find out why before you read on, then repeat the experiment with a duplicate.",
        )
    if situation.looks is not None and not situation.looks.is_settled:
        return _between_looks(situation, situation.looks)
    compared = [finding for finding in situation.findings if _enough(finding)]
    if not compared:
        return _counts(situation)
    decided = [finding for finding in compared if finding.comparison.decided]
    if not decided:
        return _open(situation, compared)
    return _decided(situation, compared, decided)


def guardrail(situation: Situation) -> Verdict:
    """What is said of a metric of which more is harm: whether there is any, and nothing else."""
    compared = [
        finding
        for finding in situation.findings
        if _enough(finding) and finding.comparison.absolute.interval is not None
    ]
    harmful = [finding for finding in compared if finding.comparison.direction > 0]
    if harmful:
        verb = "have" if len(harmful) > 1 else "has"
        answer = f"Harmed: {_names(harmful)} {verb} a higher {situation.metric}."
        return Verdict(VerdictKind.HARMFUL, answer, "", "Look into it before you use it.")
    if len(compared) < len(situation.findings):
        return Verdict(VerdictKind.UNKNOWN, "Not known yet.", "", "")
    return Verdict(VerdictKind.HARMLESS, f"No harm seen in {situation.metric}.", "", "")


def _enough(finding: Finding) -> bool:
    comparison = finding.comparison
    return min(comparison.control.visitors, comparison.treatment.visitors) >= ENOUGH_VISITORS


def _between_looks(situation: Situation, looks: Looks) -> Verdict:
    if situation.stage == Stage.DRAFT:
        return _counts(situation)
    answer = (
        f"No verdict between looks. {looks.visitors:,} of {looks.planned_visitors:,} visitors a "
        "variant are counted."
    )
    advice = looks.next
    if situation.stage == Stage.SUPERSEDED:
        advice = f"{advice} {NO_NEW_VISITORS}"
    if looks.is_futile:
        advice += (
            " You may as well stop: even if the planned lift were true, the last look would "
            "hardly show it."
        )
    return Verdict(VerdictKind.BETWEEN, answer, looks.seen, advice)


def _counts(situation: Situation) -> Verdict:
    counts = [(situation.control, situation.control_visitors)]
    counts += [
        (finding.variant, finding.comparison.treatment.visitors) for finding in situation.findings
    ]
    if any(visitors for _, visitors in counts):
        answer = f"Too early to compare: {_counted(counts)}."
        certainty = f"A comparison needs {ENOUGH_VISITORS} visitors in each variant."
    else:
        answer, certainty = "No visitors yet.", ""
    advice = {
        Stage.DRAFT: "Start the experiment to assign visitors.",
        Stage.RUNNING: "Keep it running.",
        Stage.SUPERSEDED: NO_NEW_VISITORS,
        Stage.STOPPED: "Start it again to go on counting.",
    }
    if situation.looks is not None and situation.looks.is_settled:
        told = f"{answer} {situation.looks.seen}".strip()
        return Verdict(VerdictKind.COUNTS, told, certainty, NO_MORE_LOOKS)
    return Verdict(VerdictKind.COUNTS, answer, certainty, advice[situation.stage])


def _open(situation: Situation, compared: Sequence[Finding]) -> Verdict:
    treatments = _names(compared) if len(compared) == 1 else f"any of {_names(compared)}"
    yet = " yet" if situation.looks is None else ""
    answer = (
        f"No difference shown{yet} between {situation.control} and {treatments} "
        f"in {situation.metric}."
    )
    if len(compared) > MOST_NAMED:
        certainty = _possible_together(situation, compared)
    else:
        certainty = " ".join(_possible(situation, finding) for finding in compared)
    told = " ".join([answer, *_too_few(situation, compared)])
    return Verdict(VerdictKind.OPEN, told, certainty, _patience(situation), first=answer)


def _decided(
    situation: Situation, compared: Sequence[Finding], decided: Sequence[Finding]
) -> Verdict:
    ahead = [finding for finding in decided if finding.comparison.direction > 0]
    behind = [finding for finding in decided if finding.comparison.direction < 0]
    unclear = [finding for finding in compared if finding not in decided]
    answer = []
    if ahead:
        verb = "are" if len(ahead) > 1 else "is"
        answer.append(f"{_names(ahead)} {verb} better than {situation.control}.")
    if behind:
        if len(behind) == len(situation.findings):
            answer.append(f"{situation.control} is better than {_names(behind)}.")
        else:
            verb = "are" if len(behind) > 1 else "is"
            answer.append(f"{_names(behind)} {verb} worse than {situation.control}.")
    first = " ".join(answer)
    if len(decided) > MOST_NAMED:
        answer.append(f"Most of all, {_size(situation, _furthest(ahead or behind))}")
    else:
        answer += [_size(situation, finding) for finding in decided]
    if unclear:
        answer.append(f"For {_names(unclear)} no difference is shown yet.")
    answer += _too_few(situation, compared)
    when = "however often people look" if situation.looks is None else "at all their looks together"
    certainty = (
        "If nothing really differed, at most 5 in 100 experiments would show a difference like "
        f"this, {when}."
    )
    if len(ahead) > 1:
        certainty += " Variants are compared with the control, not with each other."
    advice = _choice(situation, ahead, behind, unclear)
    return Verdict(VerdictKind.DECIDED, " ".join(answer), certainty, advice, first=first)


def _furthest(findings: Sequence[Finding]) -> Finding:
    return max(findings, key=lambda finding: abs(finding.comparison.absolute.value or 0.0))


def _choice(
    situation: Situation,
    ahead: Sequence[Finding],
    behind: Sequence[Finding],
    unclear: Sequence[Finding],
) -> str:
    stopped = situation.stage not in (Stage.RUNNING, Stage.SUPERSEDED)
    if len(ahead) > MOST_NAMED:
        use = "use one of those that are better"
    elif len(ahead) > 1:
        use = "use one of these: " + ", ".join(finding.variant for finding in ahead)
    elif ahead:
        use = f"use {ahead[0].variant}"
    elif unclear:
        without = f"without {_list([finding.variant for finding in behind])}"
        return f"Duplicate it {without}." if stopped else f"Stop it, and duplicate it {without}."
    else:
        use = f"keep {situation.control}"
    return f"You can {use}." if stopped else f"You can stop the experiment and {use}."


def _size(situation: Situation, finding: Finding) -> str:
    """By how much: the lift seen and the lifts that fit, or the least that fits."""
    relative, direction = finding.comparison.relative, finding.comparison.direction
    subject = f"{_possessive(finding.variant)} {situation.metric}"
    word = "higher" if direction > 0 else "lower"
    interval = relative.interval
    if interval is None or interval.upper is None or relative.value is None:
        least = ""
        if interval is not None and interval.lower > 0:
            least = f", but at least {_percent(interval.lower, least=True)}"
        return f"{subject} is {word}; by how much is not estimable yet{least}."
    ends = sorted((abs(interval.lower), abs(interval.upper)))
    return (
        f"{subject} is {_percent(relative.value)} {word} "
        f"(between {_percent(ends[0], least=True)} and {_percent(ends[1])})."
    )


def _too_few(situation: Situation, compared: Sequence[Finding]) -> list[str]:
    """A sentence on each variant that has too few visitors to be compared."""
    few = [finding for finding in situation.findings if finding not in compared]
    if len(few) > MOST_NAMED:
        return [f"{len(few)} variants have too few visitors to compare."]
    return [
        f"{_count(finding.variant, finding.comparison.treatment.visitors)}, too few to compare."
        for finding in few
    ]


def _possible(situation: Situation, finding: Finding) -> str:
    subject = f"{_possessive(finding.variant)} {situation.metric}"
    interval = finding.comparison.relative.interval
    if interval is None:
        return f"How sure that is cannot be said: {subject} does not vary yet."
    if interval.upper is None:
        return f"The lift in {subject} is not estimable yet."
    return f"{subject} could be anything from {_reach(interval)}."


def _possible_together(situation: Situation, findings: Sequence[Finding]) -> str:
    """What many variants could be, in one sentence: the widest reach of them all."""
    intervals = [finding.comparison.relative.interval for finding in findings]
    known = [interval for interval in intervals if interval is not None and interval.upper]
    if len(known) < len(findings):
        return f"Not every lift in {situation.metric} is estimable yet."
    widest = Interval(
        min(interval.lower for interval in known),
        max(interval.upper or 0.0 for interval in known),
    )
    return f"Their {situation.metric} could be anything from {_reach(widest)}."


def _reach(interval: Interval) -> str:
    upper = interval.upper or 0.0
    return f"{_percent(interval.lower)} lower to {_percent(upper)} higher"


def _patience(situation: Situation) -> str:
    if situation.looks is not None:
        return "The looks are over. Keep either, or plan another experiment for a smaller lift."
    if situation.stage == Stage.SUPERSEDED:
        return NO_NEW_VISITORS
    if situation.stage != Stage.RUNNING:
        return "Start it again to learn more, or keep either."
    lift, needed, days = situation.planned_lift, situation.visitors_needed, situation.days_needed
    if lift is None or needed is None:
        return "Keep it running."
    fewest = min(
        [situation.control_visitors]
        + [finding.comparison.treatment.visitors for finding in situation.findings]
    )
    size = f"{lift:+.0%}"
    if fewest >= needed:
        return (
            f"There are enough visitors to show a lift of {size}, so the true one is probably "
            "smaller. Keep it running only if a smaller one matters."
        )
    time = "" if days is None else f", {_days(days)} more at the current pace"
    return f"Keep it running: a lift of {size} takes about {needed:,} visitors per variant{time}."


def _days(days: int) -> str:
    whole = max(1, days)
    return f"about {whole:,} day{'' if whole == 1 else 's'}"


def _count(variant: str, visitors: int) -> str:
    return f"{variant} has {visitors:,} visitor{'' if visitors == 1 else 's'}"


def _percent(share: float, *, least: bool = False) -> str:
    """As `figures` writes it; `least` is never rounded down to nothing."""
    return "under 0.01%" if least and abs(share) < LEAST_WRITTEN else figures.percents(share)


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    """The control and its visitors; the others' as well, in one phrase where they are many."""
    control, *others = counts
    if len(others) <= MOST_NAMED:
        return _list([_count(*count) for count in counts])
    fewest, most = min(visitors for _, visitors in others), max(visitors for _, visitors in others)
    reach = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"{_count(*control)} and the {len(others)} other variants have {reach} each"


def _names(findings: Sequence[Finding]) -> str:
    if len(findings) > MOST_NAMED:
        return f"{len(findings)} variants"
    return _list([finding.variant for finding in findings])


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
