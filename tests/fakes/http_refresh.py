"""One refresh of a feed without the services: ask → judge → remember the validators, as the fetcher does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pressroom.http.answer import FetchError, Response
from pressroom.http.client import Client
from schemas.errors import REMEDIES, ErrorKind
from schemas.messages import Trouble
from schemas.records import Validators
from services.fetcher.policy import Fetched, Troubled, conditional, judge, trouble_of, validators_of


@dataclass
class Outcome:
    """How a refresh ended. Exactly one of `body`, `unchanged` and `trouble` says so."""

    response: Response | None = None
    body: bytes | None = None
    unchanged: bool = False
    trouble: Trouble | None = None

    @property
    def kind(self) -> str | None:
        return str(self.trouble.kind) if self.trouble else None

    @property
    def passing(self) -> bool:
        return self.trouble is not None and not REMEDIES[ErrorKind(self.trouble.kind)].permanent


class Subscription:
    """A feed that is refreshed again and again through a client; keeps what the ledger would keep."""

    def __init__(self, client: Client, url: str) -> None:
        self.url = url
        self.validators = Validators()
        self._client = client

    def refresh(self) -> Outcome:
        try:
            response = self._client.get(self.url, headers=conditional(self.validators))
        except FetchError as error:
            return Outcome(trouble=trouble_of(error))
        verdict = judge(response, datetime.now(UTC), self.validators)
        if isinstance(verdict, Troubled):
            return Outcome(response, trouble=verdict.trouble)
        self.url = response.permanent_url or self.url
        if isinstance(verdict, Fetched):
            self.validators = validators_of(response.headers)
            return Outcome(response, body=response.body)
        return Outcome(response, unchanged=True)
