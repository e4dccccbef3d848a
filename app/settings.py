"""Settings from environment variables or `.env`; prefix `SCREENER_` for ours, ecosystem names kept as they are."""

from decimal import Decimal
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOCAL_USER = "00000000-0000-4000-8000-000000000001"
"""The one user of personal mode."""


def listed(text: str) -> tuple[str, ...]:
    """The parts of a list that is written with commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


class SettingsError(Exception):
    """The settings contradict each other; the message says what to change."""


class Settings(BaseSettings):
    """Everything that can be configured. Money in quote currency (USDT), shares as fractions."""

    model_config = SettingsConfigDict(env_prefix="SCREENER_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Path(".screener")
    host: str = "127.0.0.1"
    api_port: int = Field(8000, ge=1, le=65535)
    ui_port: int = Field(8501, ge=1, le=65535)
    sim_port: int = Field(9080, ge=1, le=65535)
    token: SecretStr | None = None

    market: Literal["demo", "binance"] = "demo"
    speed: float | None = Field(None, gt=0, le=1000)
    symbols: int = Field(200, ge=1, le=1000)
    seed: int = 7
    exchange_rest_url: str | None = None
    exchange_stream_url: str | None = None
    archive_url: str | None = None
    venue: Literal["spot", "usdm"] = "spot"
    quote_asset: str = "USDT"
    universe_quote_assets: str = ""
    universe_include: str = ""
    universe_exclude: str = ""
    universe_min_quote_volume: float = Field(0.0, ge=0)
    universe_min_age_days: float = Field(0.0, ge=0)
    universe_statuses: str = "TRADING"
    universe_leveraged: bool = False
    universe_stable: bool = False
    universe_limit: int | None = Field(None, ge=0, le=1000)
    streams_per_connection: int = Field(200, ge=1, le=250)
    candles_held: int = Field(1500, ge=100, le=10_000)
    history: str | None = Field(None, pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]*)?$")

    database_url: str | None = Field(None, validation_alias=AliasChoices("DATABASE_URL", "SCREENER_DATABASE_URL"))
    worker_url: str = "http://127.0.0.1:8100"
    worker_token: SecretStr | None = None
    worker_name: str | None = None

    model: str | None = None
    model_fast: str | None = None
    model_fallbacks: str = ""
    model_operations: str = ""
    model_timeout: float = Field(60.0, gt=0, lt=86_400)
    model_concurrency: int = Field(16, ge=1, le=200)
    model_prices: str = ""
    model_cache_hours: float = Field(24.0, ge=0, le=8760)
    spend_per_user_day: Decimal | None = Field(None, ge=0)
    spend_per_strategy_day: Decimal | None = Field(None, ge=0)
    spend_per_day: Decimal | None = Field(None, ge=0)
    decisions_per_position_day: int = Field(48, ge=0)

    paper_capital: Decimal = Decimal(10_000)
    risk_per_trade: Decimal = Decimal("0.005")
    max_daily_loss: Decimal = Decimal("0.03")
    max_positions: int = Field(5, ge=1)
    fee_bps: Decimal = Decimal(10)
    slippage_bps: Decimal = Decimal(2)

    max_cost_per_strategy: int = Field(400, ge=1)
    max_cost_per_user: int = Field(5000, ge=1)

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def history_dir(self) -> Path | None:
        """Where candles are kept over restarts; None for nowhere.

        By default Binance's are kept by venue, and no others: only whoever starts an exchange knows which one it is.
        """
        ours = self.venue if self.market == "binance" and self.exchange_rest_url is None else ""
        name = ours if self.history is None else self.history
        return self.data_dir / "history" / name if name else None

    @cached_property
    def loopback(self) -> bool:
        """Whether the servers listen on loopback only."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def require_protection(self) -> None:
        """Beyond loopback nothing starts without a token.

        Raises:
            SettingsError: the host is not loopback and `SCREENER_TOKEN` is missing or short.
        """
        if self.loopback:
            return
        if self.token is None or len(self.token.get_secret_value()) < 16:
            raise SettingsError(
                f"SCREENER_HOST={self.host} can be reached from other machines, so a token is needed: set "
                "SCREENER_TOKEN to 16 or more random characters, or listen on 127.0.0.1"
            )

    @property
    def pace(self) -> float:
        """Market seconds for each real one; 1 where no speed is set."""
        return self.speed if self.speed is not None else 1.0

    @property
    def personal(self) -> bool:
        """Whether whoever can reach the API is the person it runs for."""
        return self.loopback and self.token is None

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """The models tried in this order when the first fails."""
        return listed(self.model_fallbacks)

    @property
    def named_models(self) -> tuple[str, ...]:
        """The models that the settings name, each once."""
        single = (part.split()[0].partition("=")[2] for part in listed(self.model_operations))
        named = (self.model, self.model_fast, *self.fallbacks, *single)
        return tuple(dict.fromkeys(name for name in named if name and name not in ("standard", "fast")))

    @property
    def market_label(self) -> str:
        """`simulated` or `binance`, as shown to people."""
        return "simulated" if self.market == "demo" else "binance"
