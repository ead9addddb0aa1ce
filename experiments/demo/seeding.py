"""The demo workspace: made once, found again, always with the same sign-ins."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from agents.agents.editing import create_agent
from agents.models import Ability, Agent, ApiToken, Role, User, Workspace
from agents.people import accounts, addresses
from agents.workspaces import keys, members, tokens
from agents.workspaces.editing import create_workspace
from experiments import lifecycle
from experiments.demo.story import trades
from experiments.lifecycle import editing
from experiments.models import Experiment

WORKSPACE = "Northwind Studio"
TOKEN = "Demo runtime"
LOCK = 0x676C6F7A72  # any number that nothing else locks


@dataclass(frozen=True, slots=True)
class SignIn:
    email: str
    password: str
    role: str


SIGN_INS = (
    SignIn("owner@demo.example", "demo-owner-walks-north", Role.OWNER.value),
    SignIn("admin@demo.example", "demo-admin-walks-north", Role.ADMIN.value),
    SignIn("editor@demo.example", "demo-editor-walks-north", Role.EDITOR.value),
)

EXPERIMENTS = (trades.WELCOME_OFFER, trades.ARIA_OR_MAX, trades.GREET_EARLY)
RUNNING = trades.ARIA_OR_MAX["name"]


@dataclass(frozen=True, slots=True)
class Demo:
    workspace: Workspace
    agent: Agent
    token: str
    experiments: tuple[Experiment, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "workspace": str(self.workspace.pk),
            "agent": str(self.agent.pk),
            "token": self.token,
            "users": [asdict(sign_in) for sign_in in SIGN_INS],
            "experiments": [
                {
                    "id": str(experiment.pk),
                    "name": experiment.name,
                    "kind": experiment.kind,
                    "status": experiment.status,
                }
                for experiment in self.experiments
            ],
        }


def seed(*, with_story: bool = False) -> Demo:
    """Make what is missing of the demo; what people changed in it stays as it is.

    With its story, a workspace that is new has ten weeks behind it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        owner, *_ = users = [_user(sign_in) for sign_in in SIGN_INS]
        # The first that the Owner has had: people may have given the demo's Owner more since.
        owned = Workspace.objects.filter(memberships__user=owner, memberships__role=Role.OWNER)
        workspace = owned.order_by("id").first() or create_workspace(
            name=WORKSPACE, owner=owner, time_zone="Europe/Zurich"
        )
        for user, sign_in in zip(users, SIGN_INS, strict=True):
            members.add(workspace=workspace, user=user, role=Role(sign_in.role))
        agent = workspace.agents.order_by("id").first()
        if agent is None and with_story:
            from experiments.demo.story.telling import tell_story  # loads what computes

            agent = tell_story(workspace, *users[:2])
        elif agent is None:
            agent = _agent(workspace, owner)
        return Demo(
            workspace=workspace,
            agent=agent,
            token=_token(workspace, owner),
            experiments=tuple(Experiment.objects.of_agent(agent.pk).newest()[:20]),
        )


def _user(sign_in: SignIn) -> User:
    """Whoever has the address; an account that nobody has proven is emptied before."""
    user = accounts.person_of(sign_in.email)
    if not user.is_proven:
        user.first_name, user.last_name = sign_in.role.title(), "Demo"
        user.set_password(sign_in.password)
        user.save()
        addresses.mark_proven(user)
    return user


def _agent(workspace: Workspace, owner: User) -> Agent:
    agent = create_agent(
        workspace=workspace,
        name=trades.TRAVEL.name,
        persona=trades.TRAVEL.persona,
        system_prompt=trades.TRAVEL.prompt,
        by=owner,
    )
    for sent in EXPERIMENTS:
        experiment = editing.create(agent=agent, sent=sent, by=owner)
        if experiment.name == RUNNING:
            lifecycle.start(experiment, by=owner)
    return agent


def _token(workspace: Workspace, owner: User) -> str:
    """The demo's key: the same at every call, until somebody revokes it."""
    ours = ApiToken.objects.filter(workspace=workspace, name=TOKEN)
    revoked = ours.exclude(revoked_at=None).count()
    key = keys.key_from(salted_hmac("demo", f"{workspace.pk}:{revoked}").digest())
    if tokens.usable_token(key) is None:
        tokens.create_token(
            workspace=workspace, name=TOKEN, abilities=Ability.values, created_by=owner, key=key
        )
    return key
