"""Who is left out of the figures: a workspace's own people, by id, beginning or domain; bots.

They get answers as anybody, and their rows stay. A rule works backwards as well: whoever it may be
about is counted again, in all experiments, as every fold looks at the rules.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet

from agents import limits as agent_limits
from agents import quotas
from agents.audit.events import record_event
from agents.models import Workspace, WorkspaceAction
from agents.roles import Caller
from experiments import history, limits
from experiments.models import Action, LeftOutRule, RuleKind
from glozr.addresses import normalised
from glozr.errors import FieldError, Invalid, NotFound
from glozr.inputs.validation import invalid
from glozr.postgres.sql import statement
from glozr.text import problem_of_line

RECOUNT_MATCHING = statement(Path(__file__).parent / "sql", "recount_matching")
NO_SUCH_RULE = "Nobody is left out by such a rule. It may have been removed."


def rules_of(workspace: Workspace) -> QuerySet[LeftOutRule]:
    return workspace.left_out_rules.order_by("kind", "value")


def bots_rule(workspace: Workspace) -> LeftOutRule | None:
    """The one that leaves bots out, if they are."""
    return workspace.left_out_rules.filter(kind=RuleKind.BOTS).first()


def leave_out(workspace: Workspace, *, kind: str, value: str, by: Caller | None) -> LeftOutRule:
    """Add a rule; whoever it is about counts no more.

    Raises:
        Invalid: there is no such kind, or the value is none of it or left out already.
        Conflict: `too_many`, when the workspace has `limits.LEFT_OUT_RULES`.
    """
    rule = LeftOutRule(workspace=workspace, kind=kind, value=_checked(kind, value))
    try:
        rule.full_clean()
    except ValidationError as error:
        raise invalid(error, field_of_code={"rule_taken": "value"}) from error
    with transaction.atomic():
        quotas.demand_room(
            workspace.pk,
            workspace.left_out_rules.all(),
            limits.LEFT_OUT_RULES,
            what_to_do=(
                f"{workspace} leaves out by {limits.LEFT_OUT_RULES} rules, which is as many as a "
                "workspace may. A beginning of ids can stand for many of them."
            ),
        )
        rule.save(force_insert=True)
        _count_again(rule, Action.LEFT_OUT, by=by)
        _record(rule, WorkspaceAction.VISITORS_LEFT_OUT, by=by)
    return rule


def count_in(workspace: Workspace, rule_id: UUID, *, by: Caller | None) -> None:
    """Remove a rule; whoever it was about counts again, and did all along.

    Raises:
        NotFound: the workspace has no such rule.
    """
    with transaction.atomic():
        rule = rules_of(workspace).select_for_update().filter(pk=rule_id).first()
        if rule is None:
            raise NotFound(NO_SUCH_RULE)
        _count_again(rule, Action.COUNTED_IN, by=by)
        LeftOutRule.objects.filter(pk=rule.pk).delete()
        _record(rule, WorkspaceAction.VISITORS_COUNTED_IN, by=by)


def _checked(kind: str, value: str) -> str:
    """What the fold compares with."""
    if kind not in RuleKind.values:
        choices = ", ".join(RuleKind.values)
        raise Invalid([FieldError("kind", "invalid_choice", f"Choose one of {choices}.")])
    if kind == RuleKind.BOTS:
        return _checked_bots(value)
    text = value.strip() if kind == RuleKind.DOMAIN else value
    longest = limits.LEFT_OUT_VALUE if kind == RuleKind.DOMAIN else agent_limits.VISITOR_ID
    if not text:
        raise Invalid([FieldError("value", "required", "This is needed.")])
    if len(text) > longest:
        raise Invalid([FieldError("value", "max_length", f"Use at most {longest} characters.")])
    if problem := problem_of_line(text):
        raise Invalid([FieldError("value", *problem)])
    if kind != RuleKind.DOMAIN:
        return text
    domain = normalised(f"@{text.removeprefix('@')}").removeprefix("@")
    if "." not in domain or "@" in domain:
        raise Invalid(
            [
                FieldError(
                    "value", "invalid", "Type a domain as it stands after the @ of an address."
                )
            ]
        )
    return domain


def _checked_bots(value: str) -> str:
    """There is nothing to choose: one rule leaves out all of them."""
    if value not in ("", RuleKind.BOTS):
        raise Invalid([FieldError("value", "invalid", "Leave this out: all bots are left out.")])
    return RuleKind.BOTS.value


def _count_again(rule: LeftOutRule, action: Action, *, by: Caller | None) -> None:
    """Have all whom the rule is about counted again, and note in the experiments how many."""
    named: Mapping[str, Any] = {
        "workspace": rule.workspace_id,
        "rule": rule.pk,
        "kind": rule.kind,
        "value": rule.value,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '60s'")
        cursor.execute(RECOUNT_MATCHING, named)
        visitors: dict[UUID, int] = dict(cursor)
    history.record_visitors(visitors, action, by=by, rule=rule.kind)


def _record(rule: LeftOutRule, action: WorkspaceAction, *, by: Caller | None) -> None:
    record_event(rule.workspace, action, by=by, subject=str(rule.get_kind_display()))
