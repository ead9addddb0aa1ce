"""Services on a workspace's model. Its key is encrypted where it is stored and shown to nobody: so
whoever changes the address has to know the key, which would otherwise be sent there."""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from agents import limits
from agents.audit.events import differing, record_event
from agents.models import ModelEndpoint, Workspace, WorkspaceAction
from agents.roles import Caller
from glozr.calling.reach import Reach, target_of
from glozr.errors import FieldError, Invalid
from glozr.secrets import opened, sealed
from glozr.text import problem_of_line

_PURPOSE = "agents.model_endpoints"
_KEY_FOR_NEW_ADDRESS = "The address is another one. Type the key for it."


def endpoint_of(workspace: Workspace) -> ModelEndpoint | None:
    return ModelEndpoint.objects.filter(pk=workspace.pk).first()


def set_endpoint(
    workspace: Workspace, *, url: str, model: str, key: str, calls_a_day: int, by: Caller | None
) -> ModelEndpoint:
    """Set it or change it; an empty key leaves the one that there is.

    Raises:
        Invalid: with every broken rule.
    """
    typed = ModelEndpoint(
        workspace=workspace,
        url=url.strip().rstrip("/"),
        model=model.strip(),
        calls_a_day=calls_a_day,
    )
    key = key.strip()
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        current = endpoint_of(workspace)
        _check(typed, key, current)
        kept = current.sealed_key if current else ""
        typed.sealed_key = sealed(key, purpose=_PURPOSE) if key else kept
        if current is not None:
            typed.called_on, typed.calls = current.called_on, current.calls
        typed.save(force_insert=current is None, force_update=current is not None)
        changes = differing(_told(current) if current else {}, _told(typed))
        if key:
            changes["model_key"] = ["the one before" if kept else None, "a new one"]
        record_event(workspace, WorkspaceAction.MODEL_SET, by=by, changes=changes)
    return typed


def remove_endpoint(workspace: Workspace, *, by: Caller | None) -> None:
    """Forget the model and its key. Removing none changes nothing."""
    with transaction.atomic():
        removed, _ = ModelEndpoint.objects.filter(pk=workspace.pk).delete()
        if removed:
            record_event(workspace, WorkspaceAction.MODEL_REMOVED, by=by)


def key_for(endpoint: ModelEndpoint) -> str:
    """Its key, to call it with; empty where it has none.

    Raises:
        ValueError: the installation's key has changed since it was set.
    """
    return opened(endpoint.sealed_key, purpose=_PURPOSE) if endpoint.sealed_key else ""


def _told(endpoint: ModelEndpoint) -> dict[str, object]:
    """For the history; of the address as much as holds no secret."""
    parts = urlsplit(endpoint.url)
    return {
        "model_address": f"{parts.scheme}://{parts.netloc}",
        "model": endpoint.model,
        "calls_a_day": endpoint.calls_a_day,
    }


def _check(typed: ModelEndpoint, key: str, current: ModelEndpoint | None) -> None:
    errors = [
        *_problems_of_line("url", typed.url, limits.ENDPOINT_URL),
        *_problems_of_line("model", typed.model, limits.MODEL_NAME),
    ]
    try:
        target = target_of(typed.url, only_secure=settings.MODEL_REACH == Reach.PUBLIC)
        if "?" in target.path:
            raise ValueError("Leave out what follows the question mark.")
    except ValueError as error:
        if not errors:
            errors.append(FieldError("url", "invalid", str(error)))
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        errors.append(FieldError("key", "invalid", "A key has plain letters, digits and signs."))
    elif len(key) > limits.MODEL_KEY:
        most = f"A key has at most {limits.MODEL_KEY} characters."
        errors.append(FieldError("key", "max_length", most))
    elif not key and current is not None and current.sealed_key and current.url != typed.url:
        errors.append(FieldError("key", "required", _KEY_FOR_NEW_ADDRESS))
    if not 1 <= typed.calls_a_day <= limits.MOST_MODEL_CALLS:
        between = f"Choose from 1 to {limits.MOST_MODEL_CALLS:,} calls a day."
        errors.append(FieldError("calls_a_day", "out_of_range", between))
    if errors:
        raise Invalid(errors)


def _problems_of_line(field: str, text: str, longest: int) -> list[FieldError]:
    if not text:
        return [FieldError(field, "required", "This is needed.")]
    if len(text) > longest:
        return [FieldError(field, "max_length", f"It has at most {longest} characters.")]
    problem = problem_of_line(text)
    return [FieldError(field, *problem)] if problem else []
