"""Notices as pages show them: the newest, and which of them somebody has not had before."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from agents.models import Agent, User, Workspace
from experiments import limits
from experiments.models import Notice, NoticeSeen


def notices_of(workspace: Workspace) -> QuerySet[Notice]:
    """The newest first, with their experiments; those of deleted ones too."""
    found = Notice.objects.filter(workspace=workspace)
    return found.select_related("experiment__agent").newest()


def latest_of_agent(agent: Agent, *, within: timedelta) -> Notice | None:
    """The last that was told of an experiment that is still there."""
    return (
        Notice.objects.filter(
            workspace=agent.workspace_id,
            experiment__agent=agent,
            experiment__deleted_at=None,
            created_at__gt=Now() - within,
        )
        .select_related("experiment")
        .newest()
        .first()
    )


def unseen_in_workspace(user_id: int) -> Subquery:
    """For a query of workspaces: how many of the newest notices are news to this person."""
    recent = Notice.objects.filter(
        workspace=OuterRef(OuterRef("pk")), created_at__gt=Now() - limits.NOTICE_IS_NEWS_FOR
    )
    newest = recent.newest()[: limits.NOTICES_LOOKED_THROUGH]
    news = _news_to(user_id, Notice.objects.filter(pk__in=newest.values("pk"))).order_by()
    counted = news.values("workspace").annotate(number=Count("pk"))
    return Subquery(counted.values("number")[:1])


def mark_seen(user: User, shown: Iterable[Notice]) -> set[UUID]:
    """Those of `shown` that were news to the person, who has had them now."""
    ids = [notice.pk for notice in shown]
    news = set(_news_to(user.pk, Notice.objects.filter(pk__in=ids)).values_list("pk", flat=True))
    if news:
        NoticeSeen.objects.bulk_create(
            [NoticeSeen(notice_id=one, user=user) for one in news], ignore_conflicts=True
        )
    return news


def _news_to(user_id: int, notices: QuerySet[Notice, Any]) -> QuerySet[Notice, Any]:
    """Neither seen nor their own doing."""
    seen = NoticeSeen.objects.filter(notice=OuterRef("pk"), user=user_id)
    return notices.filter(~Exists(seen)).exclude(actor=user_id)
