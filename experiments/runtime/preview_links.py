"""A chosen variant for oneself: the code of a link carries it to the runtime, signed, for a day.

The first call of a conversation brings the code. That conversation is a playground one, and answers
with the variant to its end. Calls without a code do nothing for it, and cost nothing.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db.models import F
from django.utils import timezone

from agents.workspaces.tokens import Credentials
from experiments.models import Experiment, PreviewedConversation, Variant
from experiments.runtime.admission import authorise
from glozr.errors import Conflict, Forbidden
from glozr.postgres.sql import statement
from glozr.postgres.statements import fetch_one

LINK_LASTS: Final = timedelta(days=1)
_LINK: Final = statement(Path(__file__).parent / "sql", "preview_link")
_SIGNER: Final = TimestampSigner(sep=".", salt="experiments.preview")
_NEW_LINK = "Open the experiment's page and take a new link."


class _Link(NamedTuple):
    own: bool
    valid: bool
    there: bool
    begun: bool


def link_code(experiment: Experiment, variant: Variant) -> str:
    """What a link to `variant` carries; it holds for a day, or until the links are revoked."""
    return _SIGNER.sign(f"{experiment.pk.hex}-{variant.pk.hex}-{experiment.preview_epoch}")


def link_ends_at() -> datetime:
    """When a link that is made now does."""
    return timezone.now() + LINK_LASTS


def revoke_links(experiment: Experiment) -> None:
    """Refuse the links made until now; conversations that began with one go on."""
    Experiment.objects.filter(pk=experiment.pk).update(preview_epoch=F("preview_epoch") + 1)


def variant_of_link(
    code: str, *, credentials: Credentials, agent_id: UUID, conversation_id: UUID
) -> UUID:
    """The variant that `code` chooses for a conversation which begins.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
        Forbidden: `preview_altered`, `preview_expired`, `preview_foreign`, `preview_revoked` or
            `preview_gone`.
        Conflict: `preview_too_late`, the conversation began without the code.
    """
    authorise(credentials, agent_id)
    experiment_id, variant_id, epoch = _signed(code)
    parameters = {
        "agent": agent_id,
        "conversation": conversation_id,
        "experiment": experiment_id,
        "variant": variant_id,
        "epoch": epoch,
    }
    link = fetch_one(_LINK, parameters, _Link)
    if link is None or not link.own:
        raise _refused("foreign", "This preview link is for a variant of another agent.")
    if not link.valid:
        raise _refused("revoked", "This preview link has been revoked.")
    if not link.there:
        raise _refused("gone", "The variant of this preview link no longer exists.")
    if link.begun:
        raise Conflict(
            "This conversation began without the preview. Start a new one with it.",
            code="preview_too_late",
        )
    return variant_id


def keep_choice(agent_id: UUID, conversation_id: UUID, variant_id: UUID) -> None:
    """For the calls that follow; of several choices the first holds."""
    PreviewedConversation.objects.bulk_create(
        [
            PreviewedConversation(
                conversation_id=conversation_id, agent_id=agent_id, variant_id=variant_id
            )
        ],
        ignore_conflicts=True,
    )


def choice_of(agent_id: UUID, conversation_id: UUID) -> UUID | None:
    """The variant chosen for a playground conversation, if one was and it is still there."""
    chosen = PreviewedConversation.objects.filter(agent=agent_id, pk=conversation_id)
    variants = Variant.objects.filter(experiment__agent=agent_id)
    return variants.filter(pk__in=chosen.values("variant_id")).values_list("pk", flat=True).first()


def _signed(code: str) -> tuple[UUID, UUID, int]:
    try:
        experiment, variant, epoch = _SIGNER.unsign(code, max_age=LINK_LASTS).split("-")
    except SignatureExpired as error:
        raise _refused("expired", "This preview link is older than a day.") from error
    except BadSignature as error:
        raise _refused("altered", "This preview link is not as it was made.") from error
    return UUID(experiment), UUID(variant), int(epoch)


def _refused(reason: str, sentence: str) -> Forbidden:
    return Forbidden(f"{sentence} {_NEW_LINK}", code=f"preview_{reason}")
