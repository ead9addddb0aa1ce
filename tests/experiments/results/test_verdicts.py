from __future__ import annotations

import re
from dataclasses import replace

import pytest

from experiments.results.verdicts import (
    NO_NEW_VISITORS,
    Finding,
    Situation,
    Stage,
    Verdict,
    VerdictKind,
    guardrail,
    verdict,
)
from experiments.statistics import Arm, Mean, Proportion, compare

VICTORY = re.compile(r"\b(winners?|wins?|won|better|best|beats?|worse|loses?)\b", re.IGNORECASE)


def situation(control: Arm, *treatments: Arm, stage: Stage = Stage.RUNNING) -> Situation:
    names = ("Aria", "Max", "Kim", "Lou", "Pia")
    findings = tuple(
        Finding(name, comparison)
        for name, comparison in zip(names, compare(control, treatments), strict=False)
    )
    return Situation(stage, "lead capture rate", "control", control.n, findings)


def of(control: Arm, *treatments: Arm, stage: Stage = Stage.RUNNING) -> Verdict:
    return verdict(situation(control, *treatments, stage=stage))


def test_a_better_treatment() -> None:
    found = of(Proportion(5000, 500), Proportion(5000, 750))

    assert found.kind == VerdictKind.DECIDED
    assert found.answer == (
        "Aria is better than control. "
        "Aria's lead capture rate is 50.0% higher (between 27.4% and 77.8%)."
    )
    assert found.certainty == (
        "If nothing really differed, at most 5 in 100 experiments would show a difference like "
        "this, however often people look."
    )
    assert found.advice == "You can stop the experiment and use Aria."


def test_a_better_control() -> None:
    found = of(Proportion(5000, 750), Proportion(5000, 500), stage=Stage.STOPPED)

    assert found.answer == (
        "control is better than Aria. "
        "Aria's lead capture rate is 33.3% lower (between 21.5% and 43.8%)."
    )
    assert found.advice == "You can keep control."


def test_better_by_an_amount_that_is_not_estimable_yet() -> None:
    found = of(Proportion(1000, 0), Proportion(1000, 60))

    assert found.answer.startswith(
        "Aria is better than control. Aria's lead capture rate is higher;"
    )
    assert re.search(r"not estimable yet, but at least [\d,.]+%\.$", found.answer)


def test_no_difference_yet() -> None:
    found = of(Proportion(1000, 100), Proportion(1000, 110))

    assert found.kind == VerdictKind.OPEN
    assert found.answer == (
        "No difference shown yet between control and Aria in lead capture rate."
    )
    assert re.fullmatch(
        r"Aria's lead capture rate could be anything from \d\d\.\d% lower to \d\d\.\d% higher\.",
        found.certainty,
    )
    assert found.advice == "Keep it running."


def test_no_difference_yet_tells_how_long() -> None:
    asked = situation(Proportion(1000, 100), Proportion(1000, 110))
    planned = replace(asked, planned_lift=0.2, visitors_needed=7400, days_needed=12)

    assert verdict(planned).advice == (
        "Keep it running: a lift of +20% takes about 7,400 visitors per variant, "
        "about 12 days more at the current pace."
    )
    assert "about 1 day more" in verdict(replace(planned, days_needed=0)).advice
    assert verdict(replace(planned, days_needed=None)).advice.endswith("visitors per variant.")
    assert "probably smaller" in verdict(replace(planned, visitors_needed=900)).advice


def test_a_stopped_experiment_without_a_difference_is_not_told_to_keep_running() -> None:
    found = of(Proportion(1000, 100), Proportion(1000, 110), stage=Stage.STOPPED)

    assert found.advice == "Start it again to learn more, or keep either."


def test_under_a_hundred_visitors_only_counts() -> None:
    found = of(Proportion(1000, 900), Proportion(1, 0), Proportion(99, 0))

    assert found.kind == VerdictKind.COUNTS
    assert found.answer == (
        "Too early to compare: control has 1,000 visitors, Aria has 1 visitor "
        "and Max has 99 visitors."
    )


@pytest.mark.parametrize(
    ("stage", "advice"),
    [
        (Stage.DRAFT, "Start the experiment to assign visitors."),
        (Stage.RUNNING, "Keep it running."),
        (Stage.SUPERSEDED, NO_NEW_VISITORS),
        (Stage.STOPPED, "Start it again to go on counting."),
    ],
)
def test_no_visitors(stage: Stage, advice: str) -> None:
    found = of(Proportion(0, 0), Proportion(0, 0), stage=stage)

    assert found.text == f"No visitors yet. {advice}"


def test_an_uneven_split_comes_before_any_verdict() -> None:
    asked = situation(Proportion(5000, 500), Proportion(5000, 750))
    found = verdict(replace(asked, sample_ratio_p_value=0.0009))

    assert found.kind == VerdictKind.ALARM
    assert "cannot be trusted" in found.answer
    assert not VICTORY.search(found.text)
    assert verdict(replace(asked, sample_ratio_p_value=0.001)).kind == VerdictKind.DECIDED


def test_two_better_treatments_are_not_ranked() -> None:
    found = of(Proportion(5000, 500), Proportion(5000, 750), Proportion(5000, 800))

    assert found.answer.startswith("Aria and Max are better than control.")
    assert "not with each other" in found.certainty
    assert found.advice == "You can stop the experiment and use one of these: Aria, Max."


def test_a_mixed_field_says_each() -> None:
    found = of(
        Proportion(5000, 500), Proportion(5000, 750), Proportion(5000, 250), Proportion(5000, 505)
    )

    assert found.answer.startswith("Aria is better than control. Max is worse than control.")
    assert found.answer.endswith("For Kim no difference is shown yet.")


def test_a_variant_with_too_few_visitors_is_counted_beside_the_others() -> None:
    decided = of(Proportion(5000, 500), Proportion(5000, 750), Proportion(1, 1))
    undecided = of(Proportion(5000, 500), Proportion(5000, 505), Proportion(40, 40))

    assert decided.answer.endswith("Max has 1 visitor, too few to compare.")
    assert undecided.answer.endswith("Max has 40 visitors, too few to compare.")


def test_many_variants_are_counted_not_named() -> None:
    open_ = of(Proportion(1000, 100), *(Proportion(1000, 100 + more) for more in range(5)))
    assert open_.answer == (
        "No difference shown yet between control and any of 5 variants in lead capture rate."
    )
    assert re.fullmatch(
        r"Their lead capture rate could be anything from \d\d\.\d% lower to \d\d\.\d% higher\.",
        open_.certainty,
    )
    early = of(Proportion(40, 4), *(Proportion(10 + more, 1) for more in range(5)))
    assert early.answer == (
        "Too early to compare: control has 40 visitors and the 5 other variants have 10 to 14 each."
    )
    equal = of(Proportion(1, 0), *(Proportion(1, 0) for _ in range(4)))
    assert equal.answer.endswith("control has 1 visitor and the 4 other variants have 1 each.")
    few = of(Proportion(5000, 500), Proportion(5000, 750), *[Proportion(9, 1)] * 4)
    assert few.answer.endswith(" 4 variants have too few visitors to compare.")


def test_many_variants_that_do_not_vary_leave_it_open() -> None:
    found = of(Proportion(1000, 0), *[Proportion(1000, 0)] * 4)
    assert found.certainty == "Not every lift in lead capture rate is estimable yet."


def test_only_a_worse_treatment_is_dropped() -> None:
    found = of(Proportion(5000, 500), Proportion(5000, 250), Proportion(5000, 505))

    assert found.answer.startswith("Aria is worse than control.")
    assert found.advice == "Stop it, and duplicate it without Aria."


def test_arms_that_do_not_vary_leave_it_open() -> None:
    found = of(Mean(500, 500, 500), Mean(500, 1000, 2000))

    assert found.kind == VerdictKind.OPEN
    assert "cannot be said" in found.certainty


def test_a_name_in_s_takes_a_bare_apostrophe() -> None:
    asked = situation(Proportion(5000, 500), Proportion(5000, 750))
    renamed = replace(asked, findings=(replace(asked.findings[0], variant="James"),))

    assert "James' lead capture rate" in verdict(renamed).answer


@pytest.mark.parametrize("leads", range(60, 200, 5))
def test_no_word_of_victory_while_the_interval_holds_zero(leads: int) -> None:
    asked = situation(Proportion(1000, 120), Proportion(1000, leads))
    interval = asked.findings[0].comparison.relative.interval
    found = verdict(asked)

    assert interval is not None
    assert bool(VICTORY.search(found.text)) is interval.excludes_zero


def test_a_superseded_experiment_is_promised_nothing() -> None:
    asked = situation(Proportion(1000, 100), Proportion(1000, 110), stage=Stage.SUPERSEDED)
    found = verdict(replace(asked, planned_lift=0.2, visitors_needed=7400, days_needed=1))

    assert found.advice == NO_NEW_VISITORS


@pytest.mark.parametrize(
    ("control", "treatment", "kind", "answer"),
    [
        ((5000, 500), (5000, 750), "harmed", "Harmed: Aria has a higher lead capture rate."),
        ((5000, 750), (5000, 500), "no_harm_seen", "No harm seen in lead capture rate."),
        ((5000, 500), (5000, 510), "no_harm_seen", "No harm seen in lead capture rate."),
        ((90, 9), (5000, 510), "not_known_yet", "Not known yet."),
    ],
)
def test_a_guardrail_says_whether_there_is_harm_and_no_more(
    control: tuple[int, int], treatment: tuple[int, int], kind: str, answer: str
) -> None:
    found = guardrail(situation(Proportion(*control), Proportion(*treatment)))

    assert (found.kind, found.answer) == (kind, answer)
