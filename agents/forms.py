"""What people type into the pages. The rules are the services'; a form only reads."""

from collections.abc import Mapping
from typing import TypedDict

from django import forms

from agents.agents import NAME_LENGTH, TONE_LENGTH
from agents.models import Agent, default_persona


class TextField(forms.CharField):
    """Text of several lines; browsers send CRLF for what is one line break."""

    widget = forms.Textarea

    def to_python(self, value: object) -> str | None:
        text = super().to_python(value)
        return text and text.replace("\r\n", "\n")


class AgentFields(TypedDict):
    name: str
    persona: Mapping[str, str]
    system_prompt: str


class AgentForm(forms.Form):
    name = forms.CharField(
        max_length=120, label="Name of the agent", help_text="Seen in the dashboard only."
    )
    persona_name = forms.CharField(
        max_length=NAME_LENGTH,
        label="Persona name",
        help_text="How the agent calls itself when it talks to visitors.",
    )
    persona_tone = TextField(
        max_length=TONE_LENGTH,
        label="Tone",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="How it talks, in a few words, such as “warm and concise”.",
    )
    system_prompt = TextField(
        max_length=20_000,
        label="System prompt",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono"}),
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
