"""The OpenAPI documents and the page that shows them. That answers are as documented is checked in every test of the doors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
from tests.end_to_end.doors import Doors, doors, ok, refused

from trading_ecosystem.api.caller import Scope

FACES = {
    "/openapi.json": set(Scope) - {Scope.CONTROL, Scope.AUDIT},
    "/control/v1/openapi.json": {Scope.CONTROL},
    "/audit/v1/openapi.json": {Scope.AUDIT},
}


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    with doors() as running:
        yield running


@pytest.fixture(scope="module")
def documents(door: Doors) -> dict[str, Any]:
    client = door.client()
    return {path: ok(client.get(path)) for path in FACES}


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_each_face_documents_its_own_routes_and_scopes(documents: dict[str, Any]) -> None:
    names: list[str] = []
    for where, document in documents.items():
        assert document["openapi"] == "3.1.0"
        for path, method, operation in operations(document):
            scopes = {scope for one in operation["security"] for scope in one.get("bearer", ())}
            assert scopes <= {str(one) for one in FACES[where]}, (method, path)
            assert scopes or path in ("/health", "/ready")
            assert operation["summary"], (method, path)
            assert operation["tags"]
            names.append(operation["operationId"])
            assert {one["name"] for one in operation["parameters"] if one["in"] == "path"} == set(re.findall(r"{(\w+)}", path))
    assert len(names) == len(set(names)) > 100


def test_every_body_is_closed_and_every_example_is_one(documents: dict[str, Any]) -> None:
    for document in documents.values():
        for name, schema in document["components"]["schemas"].items():
            if "properties" in schema:
                assert schema["additionalProperties"] is False, name
        for path, method, operation in operations(document):
            contents = [operation["requestBody"]["content"]] if "requestBody" in operation else []
            contents += [one["content"] for one in operation["responses"].values() if "content" in one]
            for content in contents:
                for media in content.values():
                    for example in media.get("examples", {}).values():
                        schema = {**media["schema"], "components": document["components"]}
                        problems = [str(one) for one in jsonschema_rs.validator_for(schema).iter_errors(example["value"])]
                        assert not problems, (method, path, problems)


def test_the_production_document_says_nothing_of_faults(documents: dict[str, Any], door: Doors) -> None:
    with httpx.Client(base_url=door.serving.url, trust_env=False) as stranger:
        text = stranger.get("/openapi.json").text
        assert re.findall(r"\bfault|chaos|inject|scenario|/control|/audit", text, re.IGNORECASE) == []
        for path in ("/control/v1/openapi.json", "/audit/v1/openapi.json"):
            assert stranger.get(path).status_code == 401
    for path in ("/control/v1/openapi.json", "/audit/v1/openapi.json"):
        refused(door.client([Scope.READ, Scope.TRADE]).get(path), 403)


def test_the_page_loads_nothing_from_elsewhere(door: Doors) -> None:
    with httpx.Client(base_url=door.serving.url, trust_env=False) as stranger:
        page = stranger.get("/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        parts = re.findall(r'(?:href|src)="([^"]+)"', page.text)
        assert {"/docs/docs.css", "/docs/docs.js"} <= set(parts)
        for part in parts:
            assert part.startswith("/"), part
            assert stranger.get(part).status_code == 200
        for part in ("/docs/docs.css", "/docs/docs.js"):
            assert re.findall(r"https?://|//[a-z]", stranger.get(part).text.replace("// Shows", "")) == []
        assert stranger.get("/docs/nothing.js").status_code == 404
