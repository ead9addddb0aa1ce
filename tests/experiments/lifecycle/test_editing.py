"""Set-ups written: with how many statements, and by two at once."""

from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from experiments import lifecycle
from experiments.lifecycle import OnConflict, editing
from experiments.models import Experiment
from glozr.errors import Conflict, Invalid, OutOfDate
from tests.factories import persona_variants
from tests.threads import at_once


def setup(name: str) -> dict[str, object]:
    return {"name": name, "kind": "persona", "variants": persona_variants()}


@pytest.mark.django_db
def test_a_draft_is_written_with_few_statements(agent: Agent) -> None:
    with CaptureQueriesContext(connection) as statements:
        editing.create(agent=agent, sent=setup("Aria or Max"), by=None)
    assert len(statements) <= 14, [each["sql"] for each in statements]


@pytest.mark.django_db(transaction=True)
def test_of_several_who_take_a_name_at_once_one_gets_it(agent: Agent) -> None:
    def created() -> str:
        try:
            editing.create(agent=agent, sent=setup("Aria or Max"), by=None)
        except Invalid as refused:
            return refused.errors[0].code
        return "created"

    assert sorted(at_once([created] * 6)) == ["created", *["name_taken"] * 5]
    assert Experiment.objects.get(agent=agent).variants.count() == len(persona_variants())


@pytest.mark.django_db(transaction=True)
def test_what_is_started_is_what_was_seen_whoever_edits_meanwhile(agent: Agent) -> None:
    for number in range(6):
        draft = editing.create(agent=agent, sent=setup(f"Draft {number}"), by=None)

        def started(draft: Experiment = draft) -> bool:
            try:
                lifecycle.start(
                    draft,
                    by=None,
                    on_conflict=OnConflict.STOP_CURRENT,
                    seen_version=draft.version,
                )
            except OutOfDate:
                return False
            return True

        def edited(draft: Experiment = draft) -> None:
            uneven = [{**one, "weight": 99 - index} for index, one in enumerate(persona_variants())]
            with suppress(Conflict):  # frozen, as it runs by then
                editing.edit(draft, sent={"variants": uneven}, by=None)

        was_started, _ = at_once([started, edited])
        weights = {variant.weight for variant in draft.variants.all()}
        assert was_started == (99 not in weights)
        assert Experiment.objects.get(pk=draft.pk).is_running == was_started
