"""Set-ups written: with how many statements, and by two at once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from experiments.lifecycle import editing
from experiments.models import Experiment
from glozr.errors import Invalid
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
