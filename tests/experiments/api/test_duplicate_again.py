"""A copy that is asked for again with the same Idempotency-Key is made once."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError
from django.db.models.functions import Now

from agents.models import Ability
from experiments import lifecycle, limits
from experiments.models import DuplicateCall, Experiment
from tests.experiments.api.caller import Api
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.runtime import Answer, Runtime
from tests.threads import at_once


def again(api: Api, experiment: Experiment, key: str, name: str | None = None) -> Answer:
    body = {} if name is None else {"name": name}
    return api.call("POST", f"{experiment.pk}/duplicate/", body, **{"idempotency-key": key})


def copies(experiment: Experiment) -> int:
    return Experiment.with_tombstones.exclude(pk=experiment.pk).count()


@pytest.mark.django_db
class TestAgain:
    def test_the_same_key_is_answered_with_the_same_draft(
        self, api: Api, experiment: Experiment
    ) -> None:
        first, second = (again(api, experiment, "one", "Second try") for _ in range(2))
        assert (first.status, second.status) == (201, 201)
        assert first.body == second.body
        assert copies(experiment) == 1
        assert experiment.events.filter(action="duplicated").count() == 1

    def test_it_is_told_as_it_is_now(self, api: Api, experiment: Experiment) -> None:
        copy = again(api, experiment, "one")["id"]
        api.call("PATCH", f"{copy}/", {"name": "Renamed"})
        assert again(api, experiment, "one")["name"] == "Renamed"

    def test_without_a_key_or_with_others_each_call_makes_one(
        self, api: Api, experiment: Experiment
    ) -> None:
        again(api, experiment, "one")
        again(api, experiment, "two")
        api.call("POST", f"{experiment.pk}/duplicate/")
        api.call("POST", f"{experiment.pk}/duplicate/")
        assert copies(experiment) == 4

    def test_a_key_is_of_one_caller_and_one_experiment(
        self, api: Api, cast: Cast, experiment: Experiment
    ) -> None:
        other = ExperimentFactory.create(agent=cast.agent)
        writer = Api(cast.agent, key=Runtime.of(cast.agent, Ability.WRITE, Ability.READ).key)
        made = [
            again(caller, one, "one")["id"]
            for caller in (api, Api(cast.agent, user=cast.admin), writer)
            for one in (experiment, other)
        ]
        assert len(set(made)) == 6

    def test_a_day_later_it_is_a_new_call(self, api: Api, experiment: Experiment) -> None:
        first = again(api, experiment, "one")["id"]
        DuplicateCall.objects.update(created_at=Now() - limits.IDEMPOTENCY + timedelta(seconds=60))
        assert again(api, experiment, "one")["id"] == first
        DuplicateCall.objects.update(created_at=Now() - limits.IDEMPOTENCY)
        assert again(api, experiment, "one")["id"] != first
        assert DuplicateCall.objects.count() == 1

    def test_a_refused_call_leaves_the_key_free(self, api: Api, experiment: Experiment) -> None:
        refused = again(api, experiment, "one", "x" * 121)
        assert refused.status == 400
        assert again(api, experiment, "one", "x").status == 201

    def test_something_else_under_the_same_key_is_refused(
        self, api: Api, experiment: Experiment
    ) -> None:
        again(api, experiment, "one", "A")
        refused = again(api, experiment, "one", "B")
        assert (refused.status, refused["code"]) == (409, "key_reused")

    def test_a_copy_that_was_deleted_is_not_made_again(
        self, api: Api, experiment: Experiment
    ) -> None:
        copy = again(api, experiment, "one")["id"]
        lifecycle.delete(Experiment.objects.get(pk=copy), by=None)
        refused = again(api, experiment, "one")
        assert (refused.status, refused["code"]) == (409, "copy_deleted")

    @pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é", "a\tb"])
    def test_a_key_is_short_and_visible(self, api: Api, experiment: Experiment, key: str) -> None:
        refused = again(api, experiment, key)
        assert refused.status == 400
        assert [error["field"] for error in refused["errors"]] == ["Idempotency-Key"]
        assert again(api, experiment, "x" * 255).status == 201

    def test_the_database_takes_no_second_one(self, api: Api, experiment: Experiment) -> None:
        again(api, experiment, "one")
        call = DuplicateCall.objects.get()
        call.pk = None
        with pytest.raises(IntegrityError, match="duplicate_calls_once"):
            call.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_of_many_calls_at_once_one_makes_the_copy(cast: Cast) -> None:
    """Over real connections; a lock that takes too long is answered with 503, to be sent again."""
    experiment = ExperimentFactory.create(agent=cast.agent)
    key = Runtime.of(cast.agent, Ability.WRITE).key
    answers = at_once([partial(again, Api(cast.agent, key=key), experiment, "one")] * 8)
    assert {answer.status for answer in answers} <= {201, 503}
    made = {answer["id"] for answer in answers if answer.status == 201}
    assert len(made) == 1
    assert copies(experiment) == 1
