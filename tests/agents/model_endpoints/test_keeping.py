"""A workspace's model: its key encrypted, its calls of a day counted by the database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from agents.model_endpoints.counting import take_call
from agents.model_endpoints.keeping import endpoint_of, key_for, remove_endpoint, set_endpoint
from agents.models import ModelEndpoint, WorkspaceEvent
from glozr.errors import Conflict, Invalid
from tests.roles import Cast
from tests.threads import at_once

KEY = "sk-Secret-0123456789"
URL = "https://models.example/v1"


def put(cast: Cast, *, url: str = URL, key: str = KEY, calls: int = 3) -> ModelEndpoint:
    return set_endpoint(
        cast.workspace, url=url, model="tiny", key=key, calls_a_day=calls, by=cast.admin
    )


@pytest.mark.django_db
class TestKeeping:
    def test_the_key_is_nowhere_in_the_database(self, cast: Cast) -> None:
        model = put(cast)
        assert key_for(model) == KEY
        with connection.cursor() as cursor:
            for table in ("model_endpoints", "workspace_events", "kept_texts"):
                cursor.execute(f"SELECT row_to_json(one)::text FROM {table} one")
                assert not any(KEY in row for (row,) in cursor.fetchall())

    def test_an_empty_key_leaves_it_unless_the_address_changes(self, cast: Cast) -> None:
        put(cast)
        assert key_for(put(cast, key="", calls=9)) == KEY
        with pytest.raises(Invalid) as refused:
            put(cast, url="https://elsewhere.example/v1", key="")
        assert [error.field for error in refused.value.errors] == ["key"]
        assert key_for(put(cast, url="https://elsewhere.example/v1", key="sk-2")) == "sk-2"

    @pytest.mark.parametrize(
        ("field", "changed"),
        [
            ("url", {"url": ""}),
            ("url", {"url": "models.example"}),
            ("url", {"url": "https://ada:x@models.example/v1"}),
            ("url", {"url": "https://models.example/v1?key=x"}),
            ("key", {"key": "a b"}),
            ("key", {"key": "x" * 501}),
            ("calls_a_day", {"calls": 0}),
            ("calls_a_day", {"calls": 100_001}),
        ],
    )
    def test_what_can_not_be_is_refused(
        self, cast: Cast, field: str, changed: dict[str, str]
    ) -> None:
        with pytest.raises(Invalid) as refused:
            put(cast, **changed)  # type: ignore[arg-type]
        assert [error.field for error in refused.value.errors] == [field]
        assert endpoint_of(cast.workspace) is None

    def test_only_secure_addresses_in_production(self, cast: Cast, settings: Any) -> None:
        settings.MODEL_REACH = "public"
        with pytest.raises(Invalid, match="https"):
            put(cast, url="http://models.example/v1")

    def test_it_is_in_the_history(self, cast: Cast) -> None:
        put(cast)
        put(cast, key="sk-2", calls=9)
        remove_endpoint(cast.workspace, by=cast.admin)
        remove_endpoint(cast.workspace, by=cast.admin)
        steps = WorkspaceEvent.objects.filter(action__startswith="model").order_by("created_at")
        assert [step.action for step in steps] == ["model_set", "model_set", "model_removed"]
        assert steps[1].changes == {
            "calls_a_day": [3, 9],
            "model_key": ["the one before", "a new one"],
        }
        assert endpoint_of(cast.workspace) is None


@pytest.mark.django_db
def test_calls_are_counted_by_days_of_the_workspace(cast: Cast) -> None:
    cast.workspace.time_zone = "Asia/Tokyo"
    cast.workspace.save()
    model = put(cast, calls=2)
    before = datetime(2026, 11, 27, 14, 59, tzinfo=UTC)
    take_call(model, now=before)
    take_call(model, now=before)
    with pytest.raises(Conflict, match="All 2 calls of today are used up"):
        take_call(model, now=before)
    take_call(model, now=before + timedelta(minutes=2))  # midnight there


@pytest.mark.django_db(transaction=True)
def test_of_calls_at_once_none_is_one_too_many(cast: Cast) -> None:
    model = put(cast, calls=3)

    def call() -> bool:
        try:
            take_call(model)
        except Conflict:
            return False
        return True

    assert sorted(at_once([call] * 6)) == [False] * 3 + [True] * 3
