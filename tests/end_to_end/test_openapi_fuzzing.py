"""Requests made up from the OpenAPI documents: no server error, no undocumented status, no answer outside its schema.

The generator is seeded and bounded. What a venue refuses of a request that the document allows (a price off the tick, an
account of somebody else) is a documented "no", and no failure.
"""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.campaign import seeds
from tests.end_to_end.doors import FIRM, doors

from trading_ecosystem.api.caller import PRODUCTION_SCOPES, Scope
from trading_ecosystem.api.rate_limits import RateLimit

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
BOUNDED = settings(
    max_examples=len(seeds(2, 40)),
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
OF_THE_SERVER_ITSELF = ("/clock", "/keys", "/components", "/scenario-runs")
"""What would stop the server under the test, or start processes."""
NO_LIMIT = RateLimit(1e6, 10**6)
DOCUMENTS = {
    "production": ("/openapi.json", PRODUCTION_SCOPES),
    "control": ("/control/v1/openapi.json", (Scope.CONTROL,)),
    "audit": ("/audit/v1/openapi.json", (Scope.AUDIT,)),
}


@pytest.fixture(scope="module")
def market():
    with doors(per_key=NO_LIMIT, per_stranger=NO_LIMIT) as running:
        running.advance(5)
        yield running


@pytest.mark.parametrize("face", DOCUMENTS)
@pytest.mark.parametrize("has_key", [True, False], ids=["with a key", "without"])
def test_made_up_requests_find_nothing_undocumented(market, face, has_key):
    path, scopes = DOCUMENTS[face]
    documents = market.client()
    token = market.serving.keys.create("fuzzing", scopes, [FIRM]).token
    headers = {"authorization": f"Bearer {token}"} if has_key else {}
    schema = schemathesis.openapi.from_dict(documents.get(path).json())
    schema.config.update(base_url=market.serving.url)
    statuses = set()

    for found in schema.get_all_operations():
        operation = found.ok()
        if any(part in operation.path for part in OF_THE_SERVER_ITSELF):
            continue

        @BOUNDED
        @given(case=operation.as_strategy())
        def ask(case):
            response = case.call(headers=headers, timeout=30)
            statuses.add(response.status_code)
            case.validate_response(response, checks=CHECKS)

        ask()
    assert statuses
    if not has_key:
        # The open paths, and a refusal everywhere else.
        assert statuses <= {200, 401}
