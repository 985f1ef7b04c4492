"""Every setting: one environment variable `PRESSROOM_…` each, one line of text, a unit, a default.

`pressroom config` prints this table; `docs/settings.md` is held to it by a test.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "PRESSROOM_"

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Whole = Annotated[int, Field(ge=1)]


class BadSettings(ValueError):
    """Settings that cannot be used. The text is one line: which variable, what is wrong with its value."""


def _setting(default: Any, text: str, unit: str = "") -> Any:
    return Field(default, description=text, json_schema_extra={"unit": unit})


class Settings(BaseSettings):
    """The settings of one process. Frozen; read once, at the start."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", validate_default=True)

    # --- engines -----------------------------------------------------------------------------------
    data: Path = _setting(Path("data"), "folder of the embedded engines and of a node's copies on disk")
    queue_url: SecretStr = _setting(
        SecretStr(""), "amqp(s)://… of one or more brokers, comma-separated; empty: the sqlite queue in the data folder"
    )
    objects_url: str = _setting(
        "", "s3://bucket?endpoint=…&region=… of the object store; empty: a directory in the data folder"
    )
    s3_access_key: SecretStr = _setting(SecretStr(""), "access key of the object store")
    s3_secret_key: SecretStr = _setting(SecretStr(""), "secret key of the object store")
    single_writer: bool = _setting(False, "accept a store that does not honour conditional writes")
    partitions: Whole = _setting(8, "queues a topic with many keys is spread over on RabbitMQ; fixed at creation")
    management_url: SecretStr = _setting(
        SecretStr(""), "http://user:password@host:15672 of RabbitMQ's management, for `pressroom topology`"
    )

    # --- what to serve -----------------------------------------------------------------------------
    sites: Path = _setting(Path("sites"), "folder of the sites' TOML files")
    host: str = _setting("127.0.0.1", "address the web node listens on")
    port: Annotated[int, Field(ge=0, le=65535)] = _setting(8080, "port the web node listens on; 0 picks a free one")
    public_url: str = _setting("", "address readers use, for feeds and the crawler page; empty: as requested")
    assets_url: str = _setting("", "base address of the CDN that serves assets; empty: the node itself")
    web_threads: Whole = _setting(4, "threads of a web worker; half of them may wait for the store at once")
    web_workers: Whole = _setting(1, "processes of a web node that share its port")
    web_worker_bytes_max: Whole = _setting(400_000_000, "a web worker that grows beyond this is replaced", "bytes")
    admin_password_hash: SecretStr = _setting(
        SecretStr(""), "hash of the desk's password, from `pressroom password`; empty: no /admin/"
    )
    admin_session_s: Positive = _setting(28_800.0, "a sign-in at the desk ends after so long", "s")

    # --- fetching ----------------------------------------------------------------------------------
    fetch_workers: Whole = _setting(16, "fetches of one fetcher under way at once")
    fetch_host_spacing_s: NotNegative = _setting(1.0, "least time between two requests to one host", "s")
    fetch_allow_networks: Annotated[tuple[str, ...], NoDecode] = _setting(
        (), "networks (CIDR, comma-separated) that are fetched from although they are not public"
    )
    fetch_ports: Annotated[tuple[int, ...], NoDecode] = _setting(
        (80, 443, 8080, 8443), "ports that may be fetched from (comma-separated)"
    )
    fetch_connect_s: Positive = _setting(10.0, "limit of one connection attempt", "s")
    fetch_total_s: Positive = _setting(30.0, "limit of one fetch, redirects included", "s")
    fetch_wire_bytes_max: Whole = _setting(10_000_000, "limit of an answer as sent", "bytes")
    fetch_body_bytes_max: Whole = _setting(20_000_000, "limit of an answer unpacked", "bytes")
    fetch_robots: bool = _setting(False, "ask robots.txt before fetching a feed")
    fetch_page_images: bool = _setting(False, "ask an entry's own page for its picture when the feed names none")
    fetch_raw_bytes_max: NotNegative = _setting(
        2_000_000, "answers up to this size are kept as they came; 0: none", "bytes"
    )
    contact: str = _setting(
        "", "mail address or page for publishers, in the User-Agent beside /crawler and on that page"
    )

    # --- scheduling --------------------------------------------------------------------------------
    interval_min_s: Positive = _setting(900.0, "shortest time between two checks of a feed", "s")
    interval_max_s: Positive = _setting(86_400.0, "longest time between two checks of a feed", "s")
    status_interval_s: NotNegative = _setting(60.0, "least time between two status documents of a site", "s")
    follow_moved: bool = _setting(
        False, "take a permanent redirect that has held for a week as the feed's new address, without an operator"
    )
    remove_gone: bool = _setting(
        False, "take a feed that was gone (410) at three checks, a day apart, off its sites without an operator"
    )
    reader_feeds_max: Annotated[int, Field(ge=0)] = _setting(
        1000, "feeds that readers may bring in all, for their own pages; 0: none"
    )
    reader_feed_days: Positive = _setting(30.0, "a reader's feed that no reader looked at for so long is dropped", "d")
    lease_s: Positive = _setting(300.0, "a refresh not heard of for so long is given up and asked for again", "s")

    # --- weather -----------------------------------------------------------------------------------
    weather_fresh_s: Positive = _setting(3600.0, "a cell younger than this is not fetched again", "s")
    weather_url: str = _setting("https://api.open-meteo.com/v1/forecast", "Open-Meteo's forecast address")
    openweather_url: str = _setting("https://api.openweathermap.org/data/3.0/onecall", "OpenWeather's address")
    openweather_key: SecretStr = _setting(SecretStr(""), "OpenWeather's key; empty: that provider is not used")
    weather_budget_day: Whole = _setting(9_000, "calls a day to Open-Meteo from one data folder", "calls")
    weather_addresses: str = _setting("", "MaxMind DB file to guess a place by, when a reader asks for it; empty: none")
    openweather_budget_day: Whole = _setting(900, "calls a day to OpenWeather from one data folder", "calls")

    # --- copies and pages --------------------------------------------------------------------------
    copy_trust_s: Positive = _setting(3600.0, "a copy is trusted for so long", "s")
    copy_check_s: Positive = _setting(600.0, "after that it is checked so often, until it changes", "s")
    status_trust_s: Positive = _setting(60.0, "a site's status is trusted for so long", "s")
    copies_bytes_max: Whole = _setting(64_000_000, "limit of a node's copies on disk and of its pages", "bytes")
    rate_readers_minute: Whole = _setting(100, "requests a minute on dynamic paths for one address class")
    rate_bots_minute: Whole = _setting(20, "the same for known bots")
    rate_reader_feeds_hour: Whole = _setting(
        50, "feeds of readers' own that one address class may have a node ask for in an hour"
    )

    # --- keeping -----------------------------------------------------------------------------------
    versions_max: Whole = _setting(30, "versions kept of a feed")
    versions_days: NotNegative = _setting(30.0, "older versions of a feed are deleted, but the newest three", "d")
    raw_max: Whole = _setting(3, "raw answers kept of a feed")
    failures_days: NotNegative = _setting(30.0, "a closed failure is kept for so long; an open one for ever", "d")
    archive_days: NotNegative = _setting(365.0, "a day of a site's archive is kept for so long", "d")
    previews_days: NotNegative = _setting(1.0, "what a look ahead has found is kept for so long", "d")
    audit_days: NotNegative = _setting(365.0, "what operators did is kept for so long", "d")
    weather_days: NotNegative = _setting(30.0, "weather of a cell that nobody asked for is kept for so long", "d")
    unwanted_days: NotNegative = _setting(
        30.0, "all that is stored of a feed that is on no site and no reader's page is kept for so long", "d"
    )
    backup_url: str = _setting(
        "", "folder or s3://bucket?endpoint=… that `pressroom backup` copies to when it is told none"
    )
    backup_access_key: SecretStr = _setting(SecretStr(""), "access key of that store; empty: the object store's keys")
    backup_secret_key: SecretStr = _setting(SecretStr(""), "secret key of that store")
    backup_days: NotNegative = _setting(30.0, "copies older than so many days are dropped, but the newest", "d")
    attempts_max: Whole = _setting(5, "attempts before a message is given up")

    # --- operating ---------------------------------------------------------------------------------
    healthy_age_s: Positive = _setting(3600.0, "a back end is unhealthy when its last update is older", "s")
    lag_max_s: Positive = _setting(300.0, "a back end is unwell when what it has to do waits for longer", "s")
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = _setting(
        0, "port of a process's health and metrics; 0: none; web workers take this one and the next free ones"
    )
    webhook_url: SecretStr = _setting(
        SecretStr(""), "address that alerts are posted to, for those without Prometheus; empty: nobody is told"
    )
    log_json: bool | None = _setting(None, "logs as JSON lines; empty: JSON when not on a terminal")
    log_level: str = _setting("INFO", "lowest level that is logged")

    @field_validator("fetch_allow_networks", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        names = _split(value)
        for name in names:
            ipaddress.ip_network(name)
        return names

    @field_validator("fetch_ports", mode="before")
    @classmethod
    def _ports(cls, value: Any) -> Any:
        return tuple(int(part) for part in _split(value))

    @field_validator("admin_password_hash")
    @classmethod
    def _hash(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith("$argon2id$"):
            raise ValueError("must be what `pressroom password` prints; in a compose or .env file each $ is written $$")
        return value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value


def _split(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return tuple(value)


def variable(name: str) -> str:
    return PREFIX + name.upper()


def load(**overrides: Any) -> Settings:
    """Read the environment (and the files that `…_FILE` variables name). Raises `BadSettings`.

    `overrides` are what the command line said; they win.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**(_from_files() | given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = variable(str(first["loc"][0]))
        shown = "(hidden)" if _is_secret(str(first["loc"][0])) else repr(first.get("input"))
        raise BadSettings(f"{name}: {first['msg'].removeprefix('Value error, ')}, got {shown}") from None


def _is_secret(name: str) -> bool:
    field = Settings.model_fields.get(name)
    return field is not None and field.annotation is SecretStr


def _from_files() -> dict[str, str]:
    """Secrets handed over as files: `PRESSROOM_S3_SECRET_KEY_FILE=/run/secrets/s3`."""
    values = {}
    for name in Settings.model_fields:
        path = os.environ.get(variable(name) + "_FILE")
        if path is None or not _is_secret(name):
            continue
        if variable(name) in os.environ:
            raise BadSettings(f"{variable(name)} and {variable(name)}_FILE are both set; keep one")
        try:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadSettings(f"{variable(name)}_FILE: cannot read {path}: {error.strerror}") from None
    return values


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `pressroom config`."""

    variable: str
    value: str
    unit: str
    default: str
    source: str
    text: str


def table(settings: Settings) -> list[Row]:
    """Every setting as it stands, secrets hidden, with where its value came from."""
    rows = []
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        rows.append(
            Row(
                variable=variable(name),
                value=_shown(getattr(settings, name)),
                unit=str(extra.get("unit", "")) if isinstance(extra, dict) else "",
                default=_shown(field.default),
                source=_source(name, settings, field.default),
                text=field.description or "",
            )
        )
    return rows


def _source(name: str, settings: Settings, default: Any) -> str:
    if variable(name) in os.environ:
        return "environment"
    if _is_secret(name) and variable(name) + "_FILE" in os.environ:
        return "file"
    return "default" if getattr(settings, name) == default else "command"


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "(hidden)" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return "" if value is None else str(value)


def reference() -> str:
    """`docs/settings.md`: every setting, in the order of the table."""
    lines = [
        "# Settings",
        "",
        "Each setting is one environment variable; secrets can be handed over as a file instead, named by the same",
        "variable with `_FILE` behind it. `pressroom config` prints them all, with where their values came from.",
        "Renew this page with `scripts/settings-doc`.",
        "",
        "| variable | what it is | unit | default |",
        "| --- | --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        secret = f" (or `{variable(name)}_FILE`)" if _is_secret(name) else ""
        default = f"`{_shown(field.default)}`" if _shown(field.default) else "empty"
        lines.append(f"| `{variable(name)}`{secret} | {field.description} | {unit} | {default} |")
    return "\n".join(lines) + "\n"
