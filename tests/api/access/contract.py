"""Requests that Schemathesis makes up from the OpenAPI document, sent as each role, with all its checks but one.

    python -m tests.api.access.contract [--examples 100]

A schema cannot say everything that is refused with 422, such as a month that is not over: so that valid data is
accepted is not among the checks. The event stream has no end and is left out.
"""

import argparse
import collections
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.python.asgi import shutdown_lifespans
from tests.api.access.callers import Caller
from tests.api.access.town import Town, town

from sukusuku_api import host_names
from sukusuku_api.reports import generate
from sukusuku_api.reports.model import Report

CALLERS = ("admin everywhere", "integrator everywhere", "staff everywhere", "crew everywhere", "manager at tobu")
MORE = (
    "viewer everywhere",
    "manager everywhere",
    "key at tobu",
    "display at tobu",
    "partner at tobu",
    "without a role",
)
_SECONDS = 120
_LEFT_OUT = "/api/v1/stream"
_DOCUMENT = "/api/v1/openapi.json"


def asked(where: Town, caller: Caller, examples: int) -> tuple[collections.Counter[int], list[str]]:
    """Send up to so many requests to each operation; return how many got which status, and what is wrong with them."""
    load_all_checks()
    schema = schemathesis.openapi.from_asgi(_DOCUMENT, where.app)
    schema.config.generation.update(with_security_parameters=False)
    statuses: collections.Counter[int] = collections.Counter()
    wrong: list[str] = []
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr] # our document is valid
        if operation.path != _LEFT_OUT:
            _ask(operation, where, caller, examples, statuses, wrong)
    return statuses, wrong


def _ask(
    operation: Any, where: Town, caller: Caller, examples: int, statuses: collections.Counter[int], wrong: list[str]
) -> None:
    known = where.things["tobu"].path
    headers = {name.title(): value for name, value in caller.headers.items() if name != "cookie"}
    cookies = dict([caller.headers["cookie"].split("=", 1)]) if "cookie" in caller.headers else {}
    kept = [CHECKS.get_one("positive_data_acceptance")]

    def ask(case: Any) -> None:
        ours = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
        if ours and sum(statuses.values()) % 2:  # an id that was made up leads to nothing
            case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
        try:
            answer = case.call_and_validate(headers=headers, cookies=cookies, timeout=_SECONDS, excluded_checks=kept)
        except (FailureGroup, Failure) as error:
            wrong.append(f"{operation.method.upper()} {operation.path}: {error}")
        else:
            statuses[answer.status_code] += 1

    bounds = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    bounds(given(case=operation.as_strategy())(ask))()


def _empty(_: Report) -> bytes:
    return b"%PDF-1.7"


@contextmanager
def neighbours(folder: Path) -> Iterator[Town]:
    """Yield two centres with their data; reports as PDF are empty, since to make one takes seconds."""
    with pytest.MonkeyPatch.context() as patch, town(folder, ["tobu", "seibu"]) as found:
        patch.setitem(generate.WRITERS, "pdf", _empty)
        patch.setattr(host_names, "known", lambda _host, _web: True)  # the library has a name of its own for it
        yield found
        shutdown_lifespans()  # the library would let the application watch the closed store until the process ends


def main(argv: Sequence[str] | None = None) -> int:
    """Ask as every caller, tell what came of it, and return 1 when anything is wrong."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--examples", type=int, default=100, help="of each operation")
    examples, failed = options.parse_args(argv).examples, 0
    for name in (*CALLERS, *MORE):
        with tempfile.TemporaryDirectory() as folder, neighbours(Path(folder) / "both") as where:
            statuses, wrong = asked(where, where.callers[name], examples)
        told = ", ".join(f"{int(status)}: {count}" for status, count in sorted(statuses.items()))
        sys.stdout.write(f"{name:24} {sum(statuses.values()):6} requests ({told}), {len(wrong)} wrong\n")
        sys.stdout.writelines(f"  {text[:1000]}\n" for text in wrong[:10])
        failed += len(wrong)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
