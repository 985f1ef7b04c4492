"""What a verb is: a question with a model, an answer with a model, and one function between them.

From these the command makes its options, the pages their forms and the JSON calls their schema, so that nothing can
be done in one of the three and not in the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pressroom.desk.journal import Deed, kept
from pressroom.desk.office import Office, Refused
from schemas.envelope import new_id


class Asked(BaseModel):
    """What is asked of a verb. Lenient about types: forms and command lines send text."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Doing(Asked):
    """A question that sets something going, such as a refresh: sent by POST, so that no link repeats it."""


class Change(Doing):
    """What every changing verb is asked besides: who, why, and whether only to say what would be done."""

    by: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(description="who does it")
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(
        description="the reason, kept with what is done"
    )
    dry_run: bool = Field(False, description="say what would be done, and do nothing")


class Answer(BaseModel):
    """What a verb answers, as its JSON call gives it."""

    model_config = ConfigDict(frozen=True)


Q = TypeVar("Q", bound=Asked)
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Verb:
    """`room name`, e.g. failures list. `text` is one sentence, the function's docstring."""

    room: str
    name: str
    text: str
    asks: type[Asked]
    answers: type[BaseModel]
    run: Callable[[Office, Any], BaseModel]

    @property
    def does(self) -> bool:
        """Whether asking has an effect."""
        return issubclass(self.asks, Doing)

    @property
    def changes(self) -> bool:
        return issubclass(self.asks, Change)


def argument(text: str, default: Any = ...) -> Any:
    """A field that the command takes by its place: `pressroom failures show FAILURE`."""
    return Field(default, description=text, json_schema_extra={"argument": True})


def option(text: str, default: Any = None) -> Any:
    return Field(default, description=text)


def verb(room: str, run: Callable[[Office, Q], R]) -> Verb:
    """The verb that a function is: its name, its first line and its two models."""
    hints = get_type_hints(run)
    asks = next(kind for name, kind in hints.items() if name not in {"office", "return"})
    name = run.__name__.rstrip("_").replace("_", "-")
    return Verb(room, name, (run.__doc__ or "").strip().splitlines()[0], asks, hints["return"], run)


def ask(verb: Verb, given: dict[str, Any]) -> Asked:
    """The question, from what somebody typed or sent. Raises `Refused` with what is wrong, where."""
    try:
        return verb.asks(**given)
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
        raise Refused(f"{verb.room} {verb.name}: {'; '.join(faults)}") from None


def perform(office: Office, verb: Verb, asked: Asked, entry: str = "") -> BaseModel:
    """Do it. The one door to every verb, whoever asks. A change is kept in the journal, what only looks is not.

    entry: the journal's id for it, from a form that may be sent twice; empty: a new one. Raises as `verb.run`, and
    for a change as `pressroom.desk.journal.kept`.
    """
    if not isinstance(asked, Change) or asked.dry_run:
        return verb.run(office, asked)
    given = asked.model_dump(mode="json", exclude_none=True)
    deed = Deed(entry or new_id(office.now()), asked.by, asked.why, verb.room, verb.name, given)
    return kept(office, deed, lambda: verb.run(office, asked))
