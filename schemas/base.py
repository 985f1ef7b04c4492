"""What every model here shares: frozen, bounded, tolerant of fields it does not know, strict on the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


class Model(BaseModel):
    """A frozen value. Unknown fields are dropped when read (a newer neighbour may send them); types are strict."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, ser_json_inf_nan="null")

    def as_json(self, exclude: Any = None) -> bytes:
        """As JSON in UTF-8, without what is null. Half the price of pydantic's own way, which goes through a str."""
        return self.__pydantic_serializer__.to_json(self, exclude=exclude, exclude_none=True)


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A moment in UTC. Read and written as RFC 3339."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(max_length=200)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""What the queue orders by: a host, a weather cell or an object's key."""

Url = Annotated[str, StringConstraints(max_length=2000)]
Line = Annotated[str, StringConstraints(max_length=1000)]
Text = Annotated[str, StringConstraints(max_length=5000)]
Html = Annotated[str, StringConstraints(max_length=65_536)]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16,64}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]
Turn = Annotated[int, Field(ge=0, le=2**53)]
"""Counts up, one per refresh of a feed or a cell; an older turn never replaces a newer one."""

Seconds = Annotated[float, Field(ge=0, le=366 * 86_400)]
