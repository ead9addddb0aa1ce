"""Every instant that leaves for a program: in UTC, with six digits and `Z`."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from rest_framework import serializers

from glozr.outputs.instants import written

BERN = timezone(timedelta(hours=1))
MOMENTS = [
    (datetime(2025, 11, 24, 9, 30, tzinfo=UTC), "2025-11-24T09:30:00.000000Z"),
    (datetime(2025, 11, 24, 9, 30, 5, 120000, tzinfo=UTC), "2025-11-24T09:30:05.120000Z"),
    (datetime(2025, 1, 1, 0, 30, 0, 1, tzinfo=BERN), "2024-12-31T23:30:00.000001Z"),
]


@pytest.mark.parametrize(("moment", "text"), MOMENTS)
def test_an_instant_has_one_form(moment: datetime, text: str) -> None:
    assert written(moment) == text
    assert datetime.fromisoformat(text) == moment


@pytest.mark.parametrize(("moment", "text"), MOMENTS)
def test_serializers_write_the_same(moment: datetime, text: str) -> None:
    assert serializers.DateTimeField().to_representation(moment) == text
