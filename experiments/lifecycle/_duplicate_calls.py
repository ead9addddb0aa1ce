"""A copy that is asked for again with the same key is the same copy, for a day.

Call both within the step that makes it (`editing.alone`): the experiment's lock lets one of several
calls of a moment pass, and the others find what it left. The constraint has the last word.
"""

import json

from django.db.models.functions import Now

from agents.models import User
from agents.roles import Caller
from experiments import limits
from experiments.models import DuplicateCall, Experiment
from glozr.errors import Conflict
from glozr.secrets import digest_of


def copy_made(
    experiment: Experiment, *, by: Caller, key: str, name: str | None
) -> Experiment | None:
    """The copy that the same call made before, if it was sent within a day.

    Raises:
        Conflict: `key_reused`, the call with this key asked for something else; `copy_deleted`,
            its copy has been deleted since.
    """
    calls = DuplicateCall.objects.filter(
        agent=experiment.agent_id,
        experiment=experiment,
        caller=_name_of(by),
        key=key,
        created_at__gt=Now() - limits.IDEMPOTENCY,
    )
    call = calls.select_related("copy").first()
    if call is None:
        return None
    if call.asked != _digest(name):
        raise Conflict(
            "This Idempotency-Key was sent with another name. Send each copy with a key of its "
            "own.",
            code="key_reused",
        )
    if call.copy.is_deleted:
        raise Conflict(
            "The copy that this call made has been deleted. Send a new Idempotency-Key to make "
            "another.",
            code="copy_deleted",
        )
    return call.copy


def remember_copy(
    experiment: Experiment, copy: Experiment, *, by: Caller, key: str, name: str | None
) -> None:
    of_agent = DuplicateCall.objects.filter(agent=experiment.agent_id)
    of_agent.filter(created_at__lte=Now() - limits.IDEMPOTENCY).delete()
    DuplicateCall.objects.create(
        agent_id=experiment.agent_id,
        experiment=experiment,
        caller=_name_of(by),
        key=key,
        asked=_digest(name),
        copy=copy,
    )


def _name_of(caller: Caller) -> str:
    return f"user:{caller.pk}" if isinstance(caller, User) else f"token:{caller.token.pk}"


def _digest(name: str | None) -> str:
    return digest_of(json.dumps(name))
