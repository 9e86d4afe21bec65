"""Uses the shortener over HTTP as a person would: signs in, makes a link, clicks, reads totals.

A click answers 302 and the redirect is not followed: the target is another site.
"""

import secrets
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import boto3
import httpx

TIMEOUT_SECONDS = 20
"""A cold function on a busy machine takes seconds; nothing here is a measurement."""


@dataclass(frozen=True)
class Link:
    """A short link as the API describes it."""

    code: str
    target: str
    clicks: int


class LinkApi:
    """The shortener's HTTP API, with the ID token of one signed-in user."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._authorization = {"authorization": f"Bearer {token}"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def create(self, target: str, **extra: str) -> Link:
        """`extra` are the API's optional fields, `alias` and `expires_at`."""
        return _link((await self._post(target, extra)).raise_for_status().json())

    async def attempt(self, target: str, **extra: str) -> int:
        """Status of a creation that may be refused."""
        return (await self._post(target, extra)).status_code

    async def delete(self, code: str) -> int:
        """Status of the deletion: 204, or 404 for a link that is not this user's."""
        answer = await self._http.delete(f"{self.url}/links/{code}", headers=self._authorization)
        return answer.status_code

    async def _post(self, target: str, extra: dict[str, str]) -> httpx.Response:
        return await self._http.post(
            f"{self.url}/links", json={"target": target, **extra}, headers=self._authorization
        )

    async def read(self, code: str) -> Link:
        answer = await self._http.get(f"{self.url}/links/{code}", headers=self._authorization)
        return _link(answer.raise_for_status().json())

    async def click(self, code: str) -> int:
        """Status of the redirect: 302, or 404 and 410 for a link that is not or no longer there."""
        return (await self._http.get(f"{self.url}/{code}")).status_code


def _link(body: dict[str, Any]) -> Link:
    return Link(code=body["code"], target=body["target"], clicks=body["clicks"])


def sign_up(
    *,
    endpoint_url: str,
    region: str,
    user_pool_id: str,
    client_id: str,
    email: str,
    password: str | None = None,
) -> str:
    """Makes a user of the pool, signs in, and returns the ID token; by default the password is
    random and nobody's."""
    users = boto3.client(
        "cognito-idp",
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the local cloud's root credentials
    )
    password = password or f"Aa1!{secrets.token_urlsafe(24)}"
    users.admin_create_user(UserPoolId=user_pool_id, Username=email, MessageAction="SUPPRESS")
    users.admin_set_user_password(
        UserPoolId=user_pool_id, Username=email, Password=password, Permanent=True
    )
    signed_in = users.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password},
    )
    return signed_in["AuthenticationResult"]["IdToken"]
