"""What people type into the pages. The rules are the services'; a form only reads."""

import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from django import forms

from agents import limits
from agents.models import Ability, Agent, Role, default_persona
from glozr.inputs.form_fields import LineField, MultilineField
from glozr.text import EMAIL_LENGTH

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


def time_zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class WorkspaceForm(forms.Form):
    name = LineField(max_length=limits.WORKSPACE_NAME, label="Name of the workspace")
    time_zone = forms.ChoiceField(
        choices=time_zones,
        label="Time zone",
        help_text="Days in results begin at midnight of this zone.",
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
