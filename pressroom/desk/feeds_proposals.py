"""What is proposed about feeds, for an operator to decide: moved for good, found elsewhere, gone."""

from __future__ import annotations

from pressroom.desk.office import Conflict, NotFound, Office
from pressroom.desk.site_words import FEED, Changed, OfSite, line, moved, places, say, sites
from pressroom.desk.verbs import Answer, Change, argument, option, verb
from schemas.changes import Proposal
from schemas.documents import FeedStatus


class Deciding(Change):
    feed: str = argument(FEED)
    proposal: str | None = option("the proposal's id; another one is not meant")


class Proposed(Answer):
    feed: str
    sites: tuple[str, ...]
    now_at: str
    proposal: Proposal


class Proposals(Answer):
    """What waits for a decision, the oldest first."""

    proposals: tuple[Proposed, ...]


def proposals(office: Office, asked: OfSite) -> Proposals:
    """List what is proposed about feeds: moved for good, found elsewhere, gone."""
    found: dict[str, Proposed] = {}
    for site in sites(office, asked.site):
        for row in site.feeds:
            if row.proposal is not None:
                before = found[row.feed].sites if row.feed in found else ()
                found[row.feed] = Proposed(
                    feed=row.feed, sites=(*before, site.site), now_at=row.url, proposal=row.proposal
                )
    return Proposals(proposals=tuple(sorted(found.values(), key=lambda one: (one.proposal.since, one.feed))))


def accept(office: Office, asked: Deciding) -> Changed:
    """Do what is proposed: ask the feed at its new address, or take it off its sites."""
    rows, proposal = _proposed(office, asked)
    if proposal.url is None:
        return say(office, asked, rows, line(office, asked, asked.feed, "remove"))
    return moved(office, asked, rows, proposal.url)


def decline(office: Office, asked: Deciding) -> Changed:
    """Leave a feed as it is, and do not have this proposed again; one that was gone is asked once a day from now on."""
    rows, proposal = _proposed(office, asked)
    return say(office, asked, rows, line(office, asked, asked.feed, "decline", proposal=proposal.id))


def _proposed(office: Office, asked: Deciding) -> tuple[dict[str, FeedStatus], Proposal]:
    rows = places(office, asked.feed)
    proposal = next((row.proposal for row in rows.values() if row.proposal), None)
    if proposal is None:
        raise NotFound(f"nothing is proposed about {asked.feed}; `pressroom feeds proposals` lists what is")
    if asked.proposal not in {None, proposal.id}:
        raise Conflict(f"something else is proposed about {asked.feed} by now: {proposal.kind} {proposal.url or ''}")
    return rows, proposal


VERBS = tuple(verb("feeds", run) for run in (proposals, accept, decline))
