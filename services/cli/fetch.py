"""`pressroom fetch URL`: ask for a feed as the fetcher does, and show what it makes of the answer."""

from __future__ import annotations

import json
import sys
from typing import NoReturn

import click

from pressroom.clock import SystemClock
from pressroom.http.answer import FetchError
from pressroom.settings import load
from schemas.errors import REMEDIES, kind_of
from schemas.messages import Trouble
from schemas.records import Validators
from services.cli.parse import failure
from services.fetcher.parse import ParseError, normal_form, parse
from services.fetcher.policy import Troubled, Unchanged, conditional, judge, trouble_of
from services.staff import http_client


@click.command()
@click.argument("url")
@click.option("--etag", help="ask whether it changed since this ETag")
@click.option("--last-modified", help="ask whether it changed since this date")
def command(url: str, etag: str | None, last_modified: str | None) -> None:
    """Fetch and parse URL. Exit 0 on ok and unchanged, 1 on error."""
    clock, known = SystemClock(), Validators(etag=etag, last_modified=last_modified)
    try:
        response = http_client(load(), clock).get(url, headers=conditional(known))
        verdict = judge(response, clock.now(), known)
        if isinstance(verdict, Troubled):
            _fail(verdict.trouble, url)
        if isinstance(verdict, Unchanged):
            _show({"outcome": "unchanged", "error": None, "feed": None, "entries": [], "warnings": []})
            return
        parsed = parse(response.body, content_type=response.headers.get("Content-Type"), url=response.url)
    except FetchError as error:
        _fail(trouble_of(error), error.url or url)
    except ParseError as error:
        _fail(Trouble(kind=error.kind, message=str(error)[:1000], status=200), url)
    _show({"outcome": "ok", "error": None} | normal_form(parsed))


def _fail(trouble: Trouble, url: str) -> NoReturn:
    report = failure(trouble.kind, trouble.message)
    remedy = REMEDIES[kind_of(trouble.kind)]
    report["error"] = {
        "kind": str(trouble.kind),
        "message": trouble.message,
        "url": url,
        "status": trouble.status,
        "retry_after_s": trouble.retry_after_s,
        "meaning": remedy.meaning,
        "action": remedy.action,
    }
    _show(report)
    sys.exit(1)


def _show(report: dict[str, object]) -> None:
    click.echo(json.dumps(report, ensure_ascii=False, indent=1))
