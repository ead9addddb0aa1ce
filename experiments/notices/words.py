"""What a notice says, in a line."""

from collections.abc import Mapping

from experiments.models import Notice, NoticeKind

_TITLES: Mapping[NoticeKind, str] = {
    NoticeKind.STARTED: "{name} has started",
    NoticeKind.ENDED: "{name} has ended",
    NoticeKind.LOOK_DUE: "A look at {name} was due",
    NoticeKind.DECIDED: "{name} is decided",
    NoticeKind.FUTILE: "{name} is unlikely to be decided",
    NoticeKind.SPLIT_ALARM: "The visitors of {name} are not split as they should be",
    NoticeKind.AGENT_EDITED: "The agent was edited while {name} runs",
    NoticeKind.QUIET: "{name} has had no visitors for 24 hours",
    NoticeKind.START_FAILED: "{name} could not be started",
    NoticeKind.CONCLUDED: "{name} is concluded",
}
LOOK_TAKEN = "Look {number} of {of}: {outcome}."
UNLIKELY = (
    "Under the lift that it was planned for, a decision at the last look is less than 10% likely. "
    "You can stop it now, or let it run to its planned end."
)
NOBODY_COMES = (
    "It runs and is the agent's active experiment, so every new visitor should get one of its "
    "variants. Check that your chat still calls Glozr, or stop the experiment."
)


def title_of(notice: Notice, *, name: str | None = None) -> str:
    """`name` is the experiment's where it is to be written in another way."""
    return _TITLES[NoticeKind(notice.kind)].format(name=name or notice.experiment.name)
