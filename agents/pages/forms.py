"""What people type into the pages. The rules are the services'; a form only reads."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypedDict
from uuid import UUID

from django import forms
from django.utils import timezone

from agents import limits
from agents.agents.editing import Seen
from agents.models import Ability, Agent, Role, default_persona
from agents.workspaces.tokens import Bounds
from glozr import zones
from glozr.inputs.form_fields import LineField, MultilineField
from glozr.text import EMAIL_LENGTH, number_in

TOKEN_ENDS = (
    ("", "Never"),
    (7, "In 7 days"),
    (30, "In 30 days"),
    (90, "In 90 days"),
    (365, "In a year"),
)
ROLE_HELP: Mapping[Role, str] = {
    Role.OWNER: "Everything, and making other Owners",
    Role.ADMIN: "Everything but making, changing or removing Owners",
    Role.EDITOR: "Sees experiments, results, conversations and leads; changes nothing",
}


class AgentFields(TypedDict):
    name: str
    persona: Mapping[str, str]
    system_prompt: str


class AgentForm(forms.Form):
    name = LineField(
        max_length=limits.AGENT_NAME,
        label="Name of the agent",
        help_text="Seen in the dashboard only.",
    )
    persona_name = LineField(
        max_length=limits.PERSONA_NAME,
        label="Persona name",
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text="What the agent calls itself when it talks to visitors.",
    )
    persona_tone = MultilineField(
        max_length=limits.PERSONA_TONE,
        label="Tone",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text="How it talks, in a few words, such as “warm and concise”.",
    )
    system_prompt = MultilineField(
        max_length=limits.SYSTEM_PROMPT,
        label="System prompt",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono", "dir": "auto"}),
        help_text="What it should know and do. Added after the built-in part and the persona.",
    )

    @property
    def persona(self) -> dict[str, str]:
        """What has been typed, whether or not it is valid."""
        return {key: str(self[f"persona_{key}"].value() or "") for key in ("name", "tone")}

    def fields_of_agent(self) -> AgentFields:
        """What is valid, as the services take it."""
        return {
            "name": self.cleaned_data["name"],
            "persona": {
                "name": self.cleaned_data["persona_name"],
                "tone": self.cleaned_data["persona_tone"],
            },
            "system_prompt": self.cleaned_data["system_prompt"],
        }

    @staticmethod
    def initial_of(agent: Agent | None) -> dict[str, str]:
        persona = agent.persona if agent else default_persona()
        return {
            "name": agent.name if agent else "",
            "persona_name": persona["name"],
            "persona_tone": persona["tone"],
            "system_prompt": agent.system_prompt if agent else "",
        }


class AgentEditForm(AgentForm):
    """With what the person has seen, so that nobody overwrites what they have not."""

    urgent = forms.BooleanField(
        required=False,
        label="Also in conversations under way: a mistake that must not be said again",
        help_text="Otherwise they go on with the persona and the prompt that they began with.",
    )
    seen_revision = forms.CharField(required=False, widget=forms.HiddenInput)
    seen_name = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def seen(self) -> Seen:
        """Of no revision where that can't be read."""
        revision = number_in(self.cleaned_data["seen_revision"]) or 0
        return Seen(revision, self.cleaned_data["seen_name"])

    def typed(self) -> dict[str, str]:
        """What is valid, field by field as histories tell it."""
        fields = ("name", "persona_name", "persona_tone", "system_prompt")
        return {field: self.cleaned_data[field] for field in fields}

    @classmethod
    def of(cls, agent: Agent, **changes: object) -> "AgentEditForm":
        """The agent as it is stored, but for `changes`."""
        seen = {"seen_revision": agent.revision, "seen_name": agent.name}
        return cls(initial={**cls.initial_of(agent), **seen, **changes})


def zone_choices() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(zones.time_zones())]


class WorkspaceForm(forms.Form):
    name = LineField(max_length=limits.WORKSPACE_NAME, label="Name of the workspace")
    time_zone = forms.ChoiceField(
        choices=zone_choices,
        label="Time zone",
        help_text="Days in results begin at midnight of this zone.",
    )
    retention_months = forms.IntegerField(
        required=False,
        min_value=limits.LEAST_RETENTION,
        max_value=limits.GREATEST_RETENTION,
        label="Erase visitors after",
        help_text="Months without a visit; their conversations, leads and ids go, figures stay. "
        "Empty: never.",
        widget=forms.NumberInput(attrs={"class": "input-small"}),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", widget=forms.RadioSelect)

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, f"{role.label}: {ROLE_HELP[role]}") for role in roles]


class InvitationForm(RoleForm):
    email = forms.EmailField(
        max_length=EMAIL_LENGTH,
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ["email", "role"]


class SignUpForm(forms.Form):
    name = LineField(
        max_length=limits.PERSON_NAME,
        label="Your name",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        max_length=limits.PASSWORD,
        strip=False,
        label="Password",
        help_text=(
            f"At least {limits.SHORTEST_PASSWORD} characters, and none that is in lists of "
            "breached passwords."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class TokenForm(forms.Form):
    name = LineField(
        max_length=limits.TOKEN_NAME,
        label="Name",
        help_text="Where it will be used, such as “Website chat”.",
    )
    abilities = forms.MultipleChoiceField(
        choices=Ability.choices,
        label="Abilities",
        widget=forms.CheckboxSelectMultiple,
        help_text="Give it no more than it needs.",
    )
    days = forms.TypedChoiceField(
        choices=TOKEN_ENDS,
        coerce=int,
        empty_value=None,
        required=False,
        label="Ends",
        help_text="It is refused from then on.",
    )
    agent_ids = forms.TypedMultipleChoiceField(
        coerce=UUID,
        required=False,
        label="Only for these agents",
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none for all agents, those made later too.",
    )
    networks = MultilineField(
        max_length=limits.TOKEN_NETWORKS * 50,
        required=False,
        label="Only from these networks",
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono"}),
        help_text="One a line, such as 203.0.113.0/24. Leave it empty for all.",
    )

    def __init__(self, *args: Any, agents: Iterable[Agent], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["agent_ids"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(agent.pk), agent.name) for agent in agents]
        if not field.choices:
            del self.fields["agent_ids"]

    def bounds(self) -> Bounds:
        """What is valid, as the service takes it."""
        days = self.cleaned_data["days"]
        return Bounds(
            expires_at=timezone.now() + timedelta(days=days) if days else None,
            agent_ids=self.cleaned_data.get("agent_ids", ()),
            networks=self.cleaned_data["networks"].split(),
        )


class RotateForm(forms.Form):
    hint = forms.CharField(max_length=16, widget=forms.HiddenInput)
    hours = forms.TypedChoiceField(
        choices=[(24, "For a day"), (1, "For an hour"), (7 * 24, "For 7 days"), (0, "Not at all")],
        coerce=int,
        label="The key that it has now goes on working",
        widget=forms.RadioSelect,
        help_text="Choose how long your program needs to take over the new one.",
    )

    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"])
