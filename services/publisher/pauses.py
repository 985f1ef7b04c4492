"""Pauses of topics: an operator's word becomes `status/pauses.json`, which every worker looks at."""

from __future__ import annotations

from datetime import datetime, timedelta

from pressroom.outcomes import Done, Outcome, Retry
from schemas import keys
from schemas.codec import TooNew
from schemas.envelope import Envelope
from schemas.operating import PausedTopic, Pauses, TopicPause
from services.publisher.shelf import Broken, Contended, Shelf

REMEMBERED = timedelta(days=1)


def ruled(old: Pauses | None, word: TopicPause) -> Pauses | None:
    """The pauses with one word taken in; None: a later word on this topic is in.

    The end of a pause stays for a while, so that a pause that comes again late does not outlive it.
    """
    known = old.topics if old else ()
    if any(one.topic == word.topic and one.since >= word.at for one in known):
        return None
    until = word.until if word.paused else word.at
    told = PausedTopic(topic=word.topic, since=word.at, until=until, by=word.by, why=word.why)
    others = (one for one in known if one.topic != word.topic and _is_of_use(one, word.at))
    return Pauses(at=max(word.at, old.at if old else word.at), topics=(*others, told))


def _is_of_use(one: PausedTopic, now: datetime) -> bool:
    return one.until is None or now < one.until + REMEMBERED


class PauseDesk:
    """Handles `topic.pause`, on the consumer of the dead: that topic cannot be paused, so every pause can end."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def handle(self, envelope: Envelope[TopicPause]) -> Outcome:
        word = envelope.payload
        try:
            etag = self._shelf.change(keys.PAUSES, Pauses, lambda old: ruled(old, word), envelope.id)
        except (TooNew, Broken, Contended) as error:
            return Retry(str(error))
        if etag is not None:
            self._shelf.notices.changed(keys.PAUSES, etag, trace=envelope.trace)
        return Done()
