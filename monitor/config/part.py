"""What every part of the file has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the file: no key beyond those named, and no value is turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def or_empty(value: Any) -> Any:
    """A section without content as one without keys: all of it was commented out."""
    return {} if value is None else value
