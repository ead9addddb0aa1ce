"""Notices as rows of the transaction that they are about: one exists if, and only if, that does."""

from collections.abc import Mapping, Sequence

from agents.models import User
from experiments.lifecycle import narrative
from experiments.models import Action, Event, Experiment, Notice, NoticeKind, NoticeWatch

KIND_OF_STEP: Mapping[Action, NoticeKind] = {
    Action.STARTED: NoticeKind.STARTED,
    Action.STOPPED: NoticeKind.ENDED,
    Action.AGENT_EDITED: NoticeKind.AGENT_EDITED,
    Action.START_FAILED: NoticeKind.START_FAILED,
    Action.CONCLUDED: NoticeKind.CONCLUDED,
}


def tell_of_steps(events: Sequence[Event]) -> None:
    """For `history.listen_to_steps`: what people are told of, of the steps just written. What was
    started is watched from then."""
    told = [
        _notice(
            event.experiment,
            KIND_OF_STEP[Action(event.action)],
            key=str(event.pk),
            text=_sentence(event),
            actor=event.actor,
        )
        for event in events
        if event.action in KIND_OF_STEP
    ]
    if told:
        Notice.objects.bulk_create(told, ignore_conflicts=True)
    begun = [event.experiment for event in events if event.action == Action.STARTED]
    if begun:
        NoticeWatch.objects.bulk_create(
            [NoticeWatch(experiment=experiment) for experiment in begun], ignore_conflicts=True
        )


def tell(experiment: Experiment, kind: NoticeKind, *, key: str, text: str) -> None:
    """Write a notice, unless there is one of this kind and key, whoever wrote it."""
    notice = _notice(experiment, kind, key=key, text=text, actor=None)
    Notice.objects.bulk_create([notice], ignore_conflicts=True)


def _notice(
    experiment: Experiment, kind: NoticeKind, *, key: str, text: str, actor: User | None
) -> Notice:
    return Notice(
        workspace_id=experiment.agent.workspace_id,
        experiment=experiment,
        kind=kind,
        key=key,
        text=text,
        actor=actor,
    )


def _sentence(event: Event) -> str:
    return f"{event.actor_name} {narrative.step_of(event).what}."
