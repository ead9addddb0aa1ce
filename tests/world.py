"""Something behind every URL of the project, and people to ask as."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from agents.models import Ability, MailState, OutgoingMail, Role, User
from agents.people import addresses, invitations
from agents.workspaces import tokens
from experiments import lifecycle
from experiments.models import Delivery, DeliveryState, Experiment, VariantTotals
from experiments.notices.preferences import mail_off_link
from experiments.notices.webhooks import add_webhook
from experiments.outcomes import sharing
from experiments.sums import SUMS
from experiments.visitors.leaving_out import leave_out
from tests.factories import (
    PASSWORD,
    ExperimentFactory,
    LeadFactory,
    MembershipFactory,
    UserFactory,
)
from tests.roles import Cast
from tests.runtime import Runtime
from tests.urls_by_role import ROLES, Expected

MAX_QUERIES = 12
VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
ADMIN_ROW = re.compile(r"admin/(\w+)/(\w+)/<path:object_id>")


@dataclass(frozen=True)
class Route:
    """`name` is with its namespace, or the route itself where it has none."""

    name: str
    route: str

    @property
    def is_named(self) -> bool:
        return self.name != self.route

    @property
    def variables(self) -> list[str]:
        return VARIABLE.findall(self.route)


def routes(resolver: URLResolver, before: str = "", namespace: str = "") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern, route, namespace + inner)
        elif isinstance(pattern, URLPattern):
            yield Route(f"{namespace}{pattern.name}" if pattern.name else route, route)


ALL_ROUTES = list(routes(get_resolver()))
ROUTES = {route.name: route for route in ALL_ROUTES}


@dataclass(frozen=True)
class World:
    """People to ask as, and something behind every id in an address."""

    sessions: Mapping[str, str]
    values: Mapping[str, Any]

    def answers(self, method: str, route: Route, row: Expected) -> tuple[int, ...]:
        address = row.address or self.address(route)
        return tuple(self.ask(role, method, address) for role in ROLES)

    def address(self, route: Route) -> str:
        values = {name: self.value(route, name) for name in route.variables}
        if route.is_named:
            return reverse(route.name, kwargs=values)
        return "/" + VARIABLE.sub(lambda variable: str(values[variable[1]]), route.route)

    def value(self, route: Route, variable: str) -> Any:
        of_model = ADMIN_ROW.match(route.route)
        if variable != "object_id" or of_model is None:
            return self.values[variable]
        if (model := f"{of_model[1]}.{of_model[2]}") in self.values:
            return self.values[model]
        row = apps.get_model(model)._default_manager.order_by("pk").first()
        assert row is not None, f"The world holds nothing for {route.route}."
        return row.pk

    def ask(self, role: str, method: str, address: str) -> int:
        """The status of the answer; whatever was changed is put back."""
        client = Client()
        if role in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role]
        with transaction.atomic():
            if method == "GET":
                with CaptureQueriesContext(connection) as queries:
                    response = client.get(address)
                assert len(queries) <= MAX_QUERIES, f"{len(queries)} for {address} as {role}"
            elif address.startswith("/api/"):
                response = client.post(address, "{}", "application/json")
            else:
                response = client.post(address)
            transaction.set_rollback(True)
        return response.status_code


def make_world(cast: Cast) -> World:
    """One row of everything, with what has just happened still to be folded."""
    people: dict[str, User] = {
        role: getattr(cast, role) for role in ("outsider", "editor", "admin", "owner", "superuser")
    }
    staff = UserFactory.create(is_staff=True)
    MembershipFactory.create(
        workspace=cast.outsider.memberships.get().workspace, user=staff, role=Role.ADMIN
    )
    people["staff"] = staff
    cast.superuser.set_password(PASSWORD)
    cast.superuser.save()
    sessions = {}
    for role, person in people.items():
        client = Client()
        client.force_login(person)
        sessions[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return World(sessions, _values(cast))


def undelivered(cast: Cast) -> OutgoingMail:
    """A mail about the workspace that was given up."""
    return OutgoingMail.objects.create(
        workspace=cast.workspace,
        purpose=invitations.INVITATION,
        recipient="new@example.com",
        body="A link",
        state=MailState.FAILED,
        problem="The mail server refused the address (550).",
        requested_by=cast.owner,
    )


def _sums_of(experiment: Experiment) -> None:
    VariantTotals.objects.create(
        agent=experiment.agent,
        variant=experiment.variants.all()[0],
        assigned_from=timezone.now(),
        **dict.fromkeys(SUMS, 1),
    )


def _of_notices(cast: Cast, running: Experiment) -> dict[str, Any]:
    webhook, _ = add_webhook(
        cast.workspace, name="Data team", url="https://example.com/", form="standard", by=cast.owner
    )
    delivery = Delivery.objects.create(
        notice=running.notices.get(), webhook=webhook, state=DeliveryState.FAILED
    )
    link = mail_off_link(cast.editor, cast.workspace)
    return {"webhook_id": webhook.pk, "delivery_id": delivery.pk, "link": link}


def _of_sharing(cast: Cast, draft: Experiment) -> dict[str, Any]:
    secret = sharing.share(draft, by=cast.owner)
    return {"share_secret": secret, "link_id": sharing.links_of(draft).get().pk}


def _with_second_factor() -> User:
    somebody: User = UserFactory.create()
    Authenticator.objects.create(user=somebody, type="totp", data={"secret": "x"})
    return somebody


def _values(cast: Cast) -> dict[str, Any]:
    running = lifecycle.start(ExperimentFactory.create(agent=cast.agent), by=cast.owner)
    runtime = Runtime.of(cast.agent)
    conversation = UUID(runtime.resolve("visitor")["conversation_id"])
    runtime.say("visitor", str(conversation))
    token, _ = tokens.create_token(
        workspace=cast.workspace, name="site", abilities=[Ability.RUNTIME], created_by=cast.owner
    )
    invitation, secret = invitations.invite(
        workspace=cast.workspace, email="new@example.com", role=Role.EDITOR, by=cast.owner
    )
    somebody = _with_second_factor()
    _sums_of(running)
    draft = ExperimentFactory.create(agent=cast.agent, name="Draft")
    created = draft.events.get()
    mail = undelivered(cast)
    return {
        "workspace_id": cast.workspace.pk,
        "agent_id": cast.agent.pk,
        "number": 1,
        "experiment_id": draft.pk,
        "step_id": created.pk,
        "event_id": cast.workspace.events.latest("id").pk,
        "content_type_id": ContentType.objects.get_for_model(draft).pk,
        "object_id": draft.pk,
        "conversation_id": conversation,
        "rule_id": leave_out(cast.workspace, kind="beginning", value="qa-", by=None).pk,
        "section": "curves",
        "kind": "csv",
        "lead_id": LeadFactory.create(agent=cast.agent, visitor_id="visitor").pk,
        "membership_id": cast.editor.memberships.get().pk,
        "invitation_id": invitation.pk,
        "mail_id": mail.pk,
        "agents.outgoingmail": mail.pk,
        "token_id": token.pk,
        **_of_notices(cast, running),
        "secret": secret,
        **_of_sharing(cast, draft),
        "proof": invitations.proof_of(invitation),
        "undo_secret": addresses.change_address(
            somebody, email="moved@example.com", is_proven=True
        ),
        "id": cast.editor.pk,
        "key": "unknown-key",
        "session_id": "none",
        "provider_id": "sso",
        "pk": 0,
        "uidb36": "1",
        "app_label": "agents",
    }
