"""Setting up an experiment: the form, its rows and its errors."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import limits
from experiments.models import Experiment
from tests.experiments.pages.typed import CONTROL, TREATMENT, row, typed
from tests.factories import ExperimentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def new(agent: Agent) -> str:
    return reverse("experiment_new", args=[agent.pk])


@pytest.fixture
def rows_url(agent: Agent) -> str:
    return reverse("variant_rows", args=[agent.pk])


def problems(response: Any) -> dict[str, str]:
    """The errors of a refused form: the id of the field and what it says."""
    assert response.status_code == HTTPStatus.BAD_REQUEST
    return dict(response.context["form"].problems)


def names(response: Any) -> list[str]:
    return [form.typed["name"] for form in response.context["form"].rows]


def test_a_new_experiment_begins_with_the_agents_own_persona_as_control(
    admin: Client, new: str, agent: Agent
) -> None:
    control, treatment = (form.typed for form in admin.get(new).context["form"].rows)
    assert (control["name"], control["weight"]) == ("control", "50")
    assert control["persona_name"] == agent.persona["name"]
    assert control["persona_tone"] == agent.persona["tone"]
    assert (treatment["name"], treatment["weight"]) == ("treatment", "50")
    assert treatment["persona_name"] == treatment["persona_tone"] == ""


def test_words_of_ones_own_run_the_way_of_their_script(admin: Client, new: str) -> None:
    form = admin.get(new).context["form"]
    words = [form.setup["name"], form.setup["hypothesis"]]
    words += [form.rows[1][name] for name in ("name", "persona_name", "persona_tone")]
    assert all('dir="auto"' in str(field) for field in words)
    assert not any('dir="auto"' in str(form.rows[1][name]) for name in ("weight", "config"))


def test_what_was_typed_becomes_a_draft(admin: Client, new: str) -> None:
    response = admin.post(new, typed(hypothesis="Warmth\r\nhelps."), follow=True)
    made = Experiment.objects.get()
    assert response.redirect_chain == [(made.get_absolute_url(), HTTPStatus.FOUND)]
    assert (made.name, made.kind, made.status) == ("Aria or Max", "persona", "draft")
    assert made.hypothesis == "Warmth\nhelps."
    assert list(made.variants.values_list("name", "weight", "config")) == [
        ("control", 50, {"persona": {"name": "Max"}}),
        ("treatment", 50, {"persona": {"name": "Aria", "tone": "warm and concise"}}),
    ]


def test_raw_json_is_taken_where_it_is_what_is_shown(admin: Client, new: str) -> None:
    config = {"persona": {"tone": "brief"}}
    by_json = row("json", as_json="1", config=json.dumps(config), persona_name="not this")
    admin.post(new, typed(CONTROL, by_json))
    assert Experiment.objects.get().variants.get(name="json").config == config


def test_kinds_without_a_persona_take_any_json_object(admin: Client, new: str) -> None:
    offer = row("offer", config='{"text": "10% off", "places": [1, 2]}')
    admin.post(new, typed(row("control"), offer, kind="cta"))
    assert Experiment.objects.get().variants.get(name="offer").config == {
        "text": "10% off",
        "places": [1, 2],
    }


@pytest.mark.parametrize(
    ("post", "field"),
    [
        (typed(name="  "), "id_name"),
        (typed(name="n" * (limits.EXPERIMENT_NAME + 1)), "id_name"),
        (typed(name="a\0b"), "id_name"),
        (typed(hypothesis="h" * (limits.HYPOTHESIS + 1)), "id_hypothesis"),
        (typed(kind="colour"), "id_kind_0"),
        (typed(kind=""), "id_kind_0"),
        (typed(CONTROL, row("", persona_name="A")), "id_variants-1-name"),
        (typed(CONTROL, row("CONTROL", persona_name="A")), "id_variants-1-name"),
        (
            typed(CONTROL, row("b" * (limits.VARIANT_NAME + 1), persona_name="A")),
            "id_variants-1-name",
        ),
        *(
            (typed(CONTROL, TREATMENT | {"weight": weight}), "id_variants-1-weight")
            for weight in (
                "",
                "0",
                "-1",
                "1.5",
                "1e3",
                str(limits.MAX_WEIGHT + 1),
                "fifty",
                "٣",
                "9" * 5_000,
            )
        ),
        (typed(CONTROL, row("b")), "id_variants-1-persona_name"),
        (
            typed(CONTROL, row("b", persona_name="n" * (limits.PERSONA_LIMITS["name"] + 1))),
            "id_variants-1-persona_name",
        ),
        (
            typed(CONTROL, row("b", persona_tone="t" * (limits.PERSONA_LIMITS["tone"] + 1))),
            "id_variants-1-persona_tone",
        ),
        (typed(CONTROL, row("b", persona_tone="a\0b")), "id_variants-1-persona_tone"),
        *(
            (typed(CONTROL, row("b", as_json="1", config=config)), "id_variants-1-config")
            for config in (
                "{",
                "[]",
                '{"persona": {"name": "A", "name": "B"}}',
                '{"persona": {"name": 1}}',
                '{"persona": {"name": "A", "age": 3}}',
                '{"persona": {"name": "\\ud800"}}',
                "[" * 100_000,
                '{"n": NaN}',
                '{"n": ' + "9" * 10_000 + "}",
            )
        ),
        (typed(CONTROL, row("b", config='{"n": 1e999}'), kind="cta"), "id_variants-1-config"),
        (typed(row("a", config="{}"), row("b", config="no"), kind="cta"), "id_variants-1-config"),
        (typed(CONTROL), "variants"),
    ],
)
def test_a_broken_rule_is_reported_at_its_field(
    admin: Client, new: str, post: dict[str, str], field: str
) -> None:
    response = admin.post(new, post)
    assert list(problems(response)) == [field]
    page = response.content.decode()
    assert f'href="#{field}"' in page
    assert f'id="{field}"' in page
    assert not Experiment.objects.exists()


def test_an_error_is_tied_to_its_field_for_who_hears_the_page(admin: Client, new: str) -> None:
    page = admin.post(new, typed(CONTROL, TREATMENT | {"weight": "0"})).content.decode()
    field = page[page.index('name="variants-1-weight"') :]
    field = field[: field.index(">")]
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_variants-1-weight_error"' in field
    assert 'id="id_variants-1-weight_error"' in page


def test_a_taken_name_is_refused_at_the_name(admin: Client, new: str, agent: Agent) -> None:
    ExperimentFactory.create(agent=agent, name="Aria or Max")
    assert list(problems(admin.post(new, typed()))) == ["id_name"]


def test_every_error_is_reported_at_once_and_nothing_typed_is_lost(admin: Client, new: str) -> None:
    rows = (row("x", "none", persona_name="<b>"), row("X", as_json="1", config='{"a": '))
    response = admin.post(new, typed(*rows, name="", hypothesis="Because & so"))
    assert set(problems(response)) == {
        "id_name",
        "id_variants-0-weight",
        "id_variants-1-name",
        "id_variants-1-config",
    }
    page = response.content.decode()
    for kept in ("Because &amp; so", 'value="none"', "&lt;b&gt;", "{&quot;a&quot;: "):
        assert kept in page


def test_a_thousand_rows_or_none_are_refused_in_words(admin: Client, new: str) -> None:
    crowd = {f"variants-{index}-name": "x" for index in range(400)}
    assert "variants" in problems(admin.post(new, {"name": "n", "kind": "cta", **crowd}))
    crowd = {f"variants-{index}-name": "x" for index in range(1_100)}
    assert admin.post(new, crowd).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "variants" in problems(admin.post(new, {"name": "n", "kind": "persona"}))
    assert "id_name" in problems(admin.post(new, {}))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("add", ["a", "b", "c", ""]),
        ("remove:0", ["b", "c"]),
        ("remove:2", ["a", "b"]),
        ("up:2", ["a", "c", "b"]),
        ("up:0", ["a", "b", "c"]),
        ("down:0", ["b", "a", "c"]),
        ("down:2", ["a", "b", "c"]),
        ("down:99", ["a", "b", "c"]),
        ("kind", ["a", "b", "c"]),
    ],
)
def test_rows_are_added_removed_and_moved_with_and_without_htmx(
    admin: Client, new: str, rows_url: str, action: str, expected: list[str]
) -> None:
    post = typed(row("a", "1"), row("b", "junk"), row("c", "3"), name="Kept", action=action)
    part = admin.post(rows_url, post, headers={"HX-Request": "true"})
    assert part.status_code == HTTPStatus.OK
    assert names(part) == expected
    page = admin.post(new, post)
    assert page.status_code == HTTPStatus.OK
    assert names(page) == expected
    assert 'value="Kept"' in page.content.decode()
    assert "junk" in page.content.decode() or action == "remove:1"
    assert not Experiment.objects.exists()


def test_showing_the_fields_of_a_kind_without_javascript_saves_nothing(
    admin: Client, new: str
) -> None:
    page = admin.post(new, typed(kind="cta", action="kind"))
    assert page.status_code == HTTPStatus.OK
    assert 'id="id_variants-1-config"' in page.content.decode()
    assert not Experiment.objects.exists()


def test_an_eleventh_row_is_not_offered(admin: Client, new: str) -> None:
    rows = [row(f"v{index}") for index in range(10)]
    page = admin.post(new, typed(*rows, action="add"))
    assert len(page.context["form"].rows) == 10
    assert page.context["form"].is_full


def test_fields_become_json_and_json_becomes_fields(admin: Client, new: str, rows_url: str) -> None:
    as_json = admin.post(rows_url, typed(action="json:1")).context["form"].rows[1].typed
    assert json.loads(as_json["config"]) == {
        "persona": {"name": "Aria", "tone": "warm and concise"}
    }
    changed = row("t", as_json="1", config='{"persona": {"tone": "dry"}}', persona_name="Aria")
    fields = admin.post(rows_url, typed(CONTROL, changed, action="fields:1"))
    shown = fields.context["form"].rows[1]
    assert not shown.shows_json
    assert (shown.typed["persona_name"], shown.typed["persona_tone"]) == ("", "dry")


@pytest.mark.parametrize("config", ["{", '{"persona": {"age": 3}}', '{"x": 1}', "[]"])
def test_json_that_the_fields_cannot_hold_stays_json(
    admin: Client, rows_url: str, config: str
) -> None:
    page = admin.post(
        rows_url, typed(CONTROL, row("t", as_json="1", config=config), action="fields:1")
    )
    shown = page.context["form"].rows[1]
    assert shown.shows_json
    assert shown.typed["config"] == config
    assert shown.errors["config"]


def test_the_preview_marks_what_differs_from_the_agents_own(admin: Client, agent: Agent) -> None:
    url = reverse("variant_preview", args=[agent.pk])
    page = admin.post(url, typed(CONTROL, TREATMENT | {"weight": "150"}))
    own, other = page.context["previews"]
    assert own.is_own
    marked = "".join(piece.text for piece in other.prompt if piece.is_new)
    assert "Aria." in marked
    assert "You are an AI chat agent" not in marked
    assert [preview.share.percent for preview in (own, other)] == ["25%", "75%"]
    assert "changed: </span>Aria." in page.content.decode()


@pytest.mark.parametrize(
    "variant",
    [
        row("b", "x", as_json="1", config="{"),
        row("b", "9" * 400, as_json="1", config='{"persona": 1}'),
        row("b", as_json="1", config='{"persona": {"name": [1], "tone": {"a": null}}}'),
        row("b", as_json="1", config='{"persona": {"name": "\\ud800"}}'),
        row("b", persona_name="\0", persona_tone="word " * 5_000),
    ],
)
def test_the_preview_stands_whatever_has_been_typed_so_far(
    admin: Client, agent: Agent, variant: dict[str, str]
) -> None:
    url = reverse("variant_preview", args=[agent.pk])
    assert admin.post(url, typed(CONTROL, variant)).status_code == HTTPStatus.OK
    assert admin.post(url, {}).status_code == HTTPStatus.OK
