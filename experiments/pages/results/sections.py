"""What stands below the verdict, in the order of the questions that people ask of it."""

from dataclasses import dataclass
from enum import StrEnum

from experiments.results import figures
from experiments.results.report import ExperimentResults
from experiments.results.verdicts import VerdictKind


class SectionKey(StrEnum):
    CERTAINTY = "certainty"
    OTHERS = "others"
    DATA = "data"
    CURVES = "curves"


QUESTIONS = {
    SectionKey.CERTAINTY: "How sure is it?",
    SectionKey.OTHERS: "What else changed?",
    SectionKey.DATA: "Is the data sound?",
    SectionKey.CURVES: "How did it come about?",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question and, in brief, its answer; `is_open` where nobody should miss the rest."""

    key: SectionKey
    question: str
    gist: str
    is_open: bool = False

    @property
    def template(self) -> str:
        return f"experiments/results/_{self.key}.html"


def questions_of(results: ExperimentResults) -> list[Question]:
    concerns = _concerns(results)
    gists = {
        SectionKey.CERTAINTY: _certainty(results),
        SectionKey.OTHERS: _others(results),
        SectionKey.DATA: "; ".join(concerns) if concerns else "Nothing speaks against it",
        SectionKey.CURVES: "Day by day",
    }
    return [
        Question(
            key,
            question,
            gists[key],
            is_open=key == SectionKey.DATA and results.headline.kind == VerdictKind.ALARM,
        )
        for key, question in QUESTIONS.items()
    ]


def _certainty(results: ExperimentResults) -> str:
    shown = [
        row.comparison.adjusted_p_value
        for row in results.metrics[0].rows
        if row.comparison is not None and row.comparison.adjusted_p_value is not None
    ]
    if results.headline.kind in (VerdictKind.COUNTS, VerdictKind.BETWEEN) or not shown:
        return "Not to be said yet"
    least = figures.p_value(min(shown))
    return f"p {least}" if len(shown) == 1 else f"p {least} at best"


def _others(results: ExperimentResults) -> str:
    others = results.metrics[1:]
    told = [f"Harm in {m.metric.name}" for m in others if m.verdict.kind == VerdictKind.HARMFUL]
    decided = [m.metric.name for m in others if m.verdict.kind == VerdictKind.DECIDED]
    if decided:
        told.append("A difference in " + ", ".join(decided))
    if told:
        return ". ".join(told)
    is_known = any(metric.verdict.kind == VerdictKind.OPEN for metric in others)
    return "No difference shown, no harm seen" if is_known else "Not to be said yet"


def _concerns(results: ExperimentResults) -> list[str]:
    found = {
        "The split is broken": results.sample_ratio.is_alarm,
        "Many saw two variants": results.has_many_crossed,
        "No new visitors": results.timing.quiet_since is not None,
        "Other experiments ran meanwhile": bool(results.neighbours),
        "The agent was edited meanwhile": bool(results.agent_edits),
    }
    return [concern for concern, holds in found.items() if holds]
