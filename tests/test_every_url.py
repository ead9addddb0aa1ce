"""Every URL of the project, as everybody, by GET and by POST, against `tests.urls_by_role`."""

import pytest

from tests.roles import Cast
from tests.urls_by_role import SECTIONS
from tests.world import ALL_ROUTES, ROUTES, World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


def test_the_table_names_every_url_and_none_that_is_not_there() -> None:
    assert len(ALL_ROUTES) == len(ROUTES), "Two URLs have one name."
    named = {name for section in SECTIONS.values() for name in section}
    assert ROUTES.keys() - named == set(), "Give these a row in tests.urls_by_role."
    assert named - ROUTES.keys() == set(), "These are gone; take their rows out."


@pytest.mark.parametrize("section", SECTIONS)
def test_every_url_answers_by_role_as_the_table_says(world: World, section: str) -> None:
    expected = {name: (row.get, row.post) for name, row in SECTIONS[section].items()}
    found = {
        name: (
            world.answers("GET", ROUTES[name], row),
            world.answers("POST", ROUTES[name], row),
        )
        for name, row in SECTIONS[section].items()
        if name in ROUTES
    }
    assert found == {name: row for name, row in expected.items() if name in ROUTES}
