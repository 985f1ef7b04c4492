"""What a person can mend is told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from pressroom.objects.port import StoreMisconfigured
from pressroom.queues.port import QueueMisconfigured


@contextmanager
def in_one_line(*kinds: type[Exception]) -> Iterator[None]:
    """An error of these kinds ends the command with its text alone. An engine that will not have us is told by `main`,
    like any setting that cannot be used.
    """
    try:
        yield
    except (QueueMisconfigured, StoreMisconfigured):
        raise
    except kinds as error:
        raise click.ClickException(str(error)) from None
