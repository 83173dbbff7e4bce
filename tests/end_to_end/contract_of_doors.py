"""The OpenAPI documents of a server, and whether an answer is what they say: status, media type, body."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jsonschema_rs

DOCUMENTS = ("/openapi.json", "/control/v1/openapi.json", "/audit/v1/openapi.json")


class Contract:
    """Checks answers against the documents of all faces."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self.documents = [httpx.get(url + one, headers=headers, trust_env=False).json() for one in DOCUMENTS]
        self._paths = [
            (_pattern(path), path, methods, document)
            for document in self.documents
            for path, methods in sorted(document["paths"].items(), key=lambda one: one[0].count("{"))
        ]
        self._validators: dict[tuple[str, str, str, str], Any] = {}

    def check(self, response: httpx.Response) -> None:
        """Fail where the answer is not documented; a path or method that is not gets 404 or 405."""
        request = response.request
        for pattern, path, methods, document in self._paths:
            if not pattern.fullmatch(request.url.raw_path.decode().partition("?")[0]):
                continue
            operation = methods.get(request.method.lower())
            if operation is None:
                assert response.status_code == 405, f"{request.method} {path}: {response.status_code} and not documented"
                return
            response.read()
            self._check(response, path, operation, document)
            return

    def _check(self, response: httpx.Response, path: str, operation: Any, document: Any) -> None:
        method, status = response.request.method, str(response.status_code)
        where = f"{method} {path} answered {status}"
        assert status in operation["responses"], f"{where}, documented are {', '.join(operation['responses'])}: {response.text}"
        answer = operation["responses"][status]
        if "$ref" in answer:
            answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        if "content" not in answer:
            assert not response.content, f"{where} with a body, and none is documented"
            return
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in answer["content"], f"{where} as {media_type}"
        if not media_type.endswith("json"):
            return
        key = (method, path, status, media_type)
        if key not in self._validators:
            schema = {**answer["content"][media_type]["schema"], "components": document["components"]}
            self._validators[key] = jsonschema_rs.validator_for(schema)
        problems = [str(one) for one in self._validators[key].iter_errors(response.json())]
        assert not problems, f"{where}: {problems[:3]}"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))
