"""The shape of the section `web`: where the page is served, and to whom."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from monitor.config.part import Part
from monitor.config.values import Folder, Subnet, Text, wrong


class WebPart(Part):
    """Where the page and /metrics are served."""

    host: Text = Field(default="127.0.0.1", description="127.0.0.1 keeps it on this machine.")
    port: int = Field(default=8484, ge=0, le=65535, description="0 takes any free port.")
    names: list[Text] = Field(default=[], description="Host names under which a web server in front serves the page.")
    public: bool = Field(default=False, description="Strangers see likely and confirmed events; users see the rest.")
    sign_in: bool = Field(default=False, description="Nobody sees anything without a user or a key.")
    proxies: list[Subnet] = Field(default=[], description="Web servers in front, whose X-Forwarded-For is believed.")
    user_header: Text | None = Field(default=None, description="Where a web server in front says who has signed in.")
    user_role: Literal["viewer", "operator"] = Field(default="viewer", description="What those users are.")
    blackbox: Folder | None = Field(
        default=None, description="A blackbox.yml: /probe answers as blackbox_exporter does, with its modules."
    )
    blackbox_allow: list[Subnet] = Field(
        default=[], description="Networks that /probe may reach although they are private or this machine."
    )
    rate: int = Field(default=600, ge=1, le=1_000_000, description="Requests a minute to the API, per key or visitor.")

    @model_validator(mode="after")
    def _somebody_says_it(self) -> Self:
        if self.user_header is not None and not self.proxies:
            raise wrong("user_header would be believed from nobody", "the web servers that send it, in proxies")
        return self
