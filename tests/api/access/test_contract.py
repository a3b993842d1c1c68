"""A few requests that are made up from the OpenAPI document, as each role; `contract.py` tells how to send many."""

from collections.abc import Iterator

import pytest
from tests.api.access.contract import CALLERS, asked, neighbours
from tests.api.access.town import Town

EXAMPLES = 2


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with neighbours(tmp_path_factory.mktemp("town") / "both") as found:
        yield found


@pytest.mark.parametrize("caller", CALLERS)
def test_no_request_that_is_made_up_ends_in_an_error_or_breaks_the_contract(both: Town, caller: str) -> None:
    statuses, wrong = asked(both, both.callers[caller], EXAMPLES)

    assert wrong == []
    assert statuses[200] > 0
