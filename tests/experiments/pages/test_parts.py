"""Calls to action and triggers, made of fields; whatever else they hold stays as it was."""

import json
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import Agent
from experiments.models import Experiment
from experiments.pages.typed.parts import PartFields, in_parts, joined
from tests.experiments.pages.typed import row, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def new(agent: Agent) -> str:
    return reverse("experiment_new", args=[agent.pk])


def test_a_call_to_action_is_made_of_fields_and_keeps_the_rest(admin: Client, new: str) -> None:
    kept = '{"places": [1, {"a": null}], "text_color": "red"}'
    offer = row(
        "offer",
        config=kept,
        part_text=" 10% off ",
        part_button="Book now",
        part_link="https://shop.example/offers",
    )
    admin.post(new, typed(row("control"), offer, kind="cta"))
    made = Experiment.objects.get()
    assert made.variants.get(name="offer").config == {
        **json.loads(kept),
        "text": "10% off",
        "button": "Book now",
        "link": "https://shop.example/offers",
    }
    form = admin.get(reverse("experiment_edit", args=[made.agent_id, made.pk])).context["form"]
    assert form.rows[1].typed["part_button"] == "Book now"
    assert json.loads(form.rows[1].typed["config"]) == json.loads(kept)
    shown = admin.get(made.get_absolute_url()).text
    assert "<dt>On the button</dt>" in shown
    assert "text_color" in shown


def test_a_trigger_is_made_of_fields(admin: Client, new: str) -> None:
    early = row(
        "early",
        part_after_seconds="10",
        part_scroll_percent="62.5",
        part_page="/pricing",
        part_on_leaving="yes",
        part_text="of another kind, so only carried along",
    )
    admin.post(new, typed(row("control"), early, kind="trigger"))
    assert Experiment.objects.get().variants.get(name="early").config == {
        "after_seconds": 10,
        "scroll_percent": 62.5,
        "page": "/pricing",
        "on_leaving": True,
    }


@pytest.mark.parametrize(
    ("kind", "field", "typed_in", "config"),
    [
        ("cta", "link", "javascript:alert(1)", "{}"),
        ("cta", "link", "shop.example", "{}"),
        ("cta", "text", "10% off", '{"text": "20% off"}'),
        ("trigger", "after_seconds", "-1", "{}"),
        ("trigger", "after_seconds", "soon", "{}"),
        ("trigger", "scroll_percent", "101", "{}"),
    ],
)
def test_what_a_field_can_not_hold_is_said_at_it(
    admin: Client, new: str, kind: str, field: str, typed_in: str, config: str
) -> None:
    odd = row("odd", config=config, **{f"part_{field}": typed_in})
    answer = admin.post(new, typed(row("control"), odd, kind=kind))
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert list(answer.context["form"].rows[1].errors) == [f"part_{field}"]
    assert not Experiment.objects.exists()


@pytest.mark.parametrize("value", [{"de": "10 %"}, 5, None, "", True, [1]])
def test_a_value_that_no_field_can_hold_stays_in_the_json(value: object) -> None:
    for key in ("text", "link"):
        assert in_parts({key: value}, "cta") == ({}, {key: value})
    if value not in (5, True):
        assert in_parts({"after_seconds": value}, "trigger") == ({}, {"after_seconds": value})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["text", "button", "link", "after_seconds", "page", "on_leaving", "x"]),
        st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.none()),
    ),
    st.sampled_from(["cta", "trigger", "persona"]),
)
def test_fields_and_rest_make_the_same_config_again(config: dict[str, object], kind: str) -> None:
    parts, rest = in_parts(config, kind)
    assert isinstance(rest, dict)
    typed_in = dict.fromkeys(PartFields.base_fields, "") | parts
    assert joined(typed_in, rest, kind) == (config, {})


@pytest.mark.parametrize("kind", ["cta", "trigger"])
def test_variants_that_are_the_same_are_warned_of(admin: Client, new: str, kind: str) -> None:
    page = admin.post(new, typed(row("a"), row("b"), kind=kind), follow=True).text
    assert "a and b are the same" in page
    made = Experiment.objects.get()
    start = reverse("experiment_start", args=[made.agent_id, made.pk])
    assert "a and b are the same" in admin.get(start).text
