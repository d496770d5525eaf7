"""The part of blackbox.yml that is understood: modules with the probers http, tcp and dns, strictly read.

Names, meanings and defaults are those of blackbox_exporter. What is not understood is refused, because a check that is
silently left out looks like one that passed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

import dns.rcode
import dns.rdatatype
import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from probes.steps.url import parse

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+")
_MOST = 1 << 20
"""Characters of a file; a thousand modules need less."""


class BlackboxError(ValueError):
    """What is wrong with a blackbox.yml, on one line."""


def seconds(text: object) -> float:
    """A duration as Prometheus writes it; ValueError where it is none.

    >>> seconds("1m30s"), seconds("250ms")
    (90.0, 0.25)
    """
    if not isinstance(text, str) or _DURATION.fullmatch(text) is None:
        raise ValueError("a duration such as 5s or 1m30s was expected")
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


def _host(text: str) -> str:
    try:
        return parse(f"https://{text}/").host if text else ""
    except ValueError as error:
        raise ValueError(f"not a host: {error}") from error


def _rcode(text: str) -> str:
    try:
        dns.rcode.from_text(text)
    except dns.rcode.UnknownRcode as error:
        raise ValueError("not a DNS rcode") from error
    return text


def _rdatatype(text: str) -> str:
    try:
        dns.rdatatype.from_text(text)
    except (dns.rdatatype.UnknownRdatatype, ValueError) as error:
        raise ValueError("not a type of DNS records") from error
    return text.upper()


Duration: TypeAlias = Annotated[float, BeforeValidator(seconds)]
Pattern: TypeAlias = Annotated[str, AfterValidator(_pattern)]
Rcode: TypeAlias = Annotated[str, AfterValidator(_rcode)]
RecordType: TypeAlias = Annotated[str, AfterValidator(_rdatatype)]
Family: TypeAlias = Literal["ip4", "ip6"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TLSConfig(_Part):
    """How a certificate is judged."""

    insecure_skip_verify: bool = False
    server_name: Annotated[str, AfterValidator(_host)] = ""


class HeaderMatch(_Part):
    """One header and what its value must, or must not, be."""

    header: str
    regexp: Pattern
    allow_missing: bool = False


class HTTPProbe(_Part):
    """Options of the prober `http`."""

    valid_status_codes: list[int] = []
    """Empty: 200 to 299."""
    valid_http_versions: list[str] = []
    preferred_ip_protocol: Family = "ip6"
    ip_protocol_fallback: bool = True
    follow_redirects: bool = True
    no_follow_redirects: bool | None = None
    """The name of former times, and the opposite."""
    enable_http2: Literal[True] = True
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    method: Literal["GET", "HEAD", "POST"] = "GET"
    headers: dict[str, str] = {}
    body: str = ""
    fail_if_body_matches_regexp: list[Pattern] = []
    fail_if_body_not_matches_regexp: list[Pattern] = []
    fail_if_header_matches: list[HeaderMatch] = []
    fail_if_header_not_matches: list[HeaderMatch] = []
    tls_config: TLSConfig = TLSConfig()

    @property
    def follows(self) -> bool:
        """Whether redirects are followed."""
        return self.follow_redirects if self.no_follow_redirects is None else not self.no_follow_redirects


class QueryResponse(_Part):
    """One turn of a conversation over TCP."""

    expect: Pattern = ""
    send: str = ""
    starttls: bool = False


class TCPProbe(_Part):
    """Options of the prober `tcp`."""

    preferred_ip_protocol: Family = "ip6"
    ip_protocol_fallback: bool = True
    query_response: list[QueryResponse] = []
    tls: bool = False
    tls_config: TLSConfig = TLSConfig()


class RecordCheck(_Part):
    """What the records of a section must, or must not, look like."""

    fail_if_matches_regexp: list[Pattern] = []
    fail_if_all_match_regexp: list[Pattern] = []
    fail_if_not_matches_regexp: list[Pattern] = []
    fail_if_none_matches_regexp: list[Pattern] = []


class DNSProbe(_Part):
    """Options of the prober `dns`; the target is the server that is asked."""

    preferred_ip_protocol: Family = "ip6"
    ip_protocol_fallback: bool = True
    query_name: str
    query_type: RecordType = "ANY"
    recursion_desired: bool = True
    transport_protocol: Literal["udp", "tcp"] = "udp"
    valid_rcodes: list[Rcode] = []
    """Empty: NOERROR."""
    validate_answer_rrs: RecordCheck = RecordCheck()
    validate_authority_rrs: RecordCheck = RecordCheck()
    validate_additional_rrs: RecordCheck = RecordCheck()


class Module(_Part):
    """One way to probe."""

    prober: Literal["http", "tcp", "dns"]
    timeout: Duration = Field(default=0.0)
    """Seconds; 0: as long as the scrape may take."""
    http: HTTPProbe = HTTPProbe()
    tcp: TCPProbe = TCPProbe()
    dns: DNSProbe | None = None


class _File(_Part):
    modules: dict[str, Module]


Modules: TypeAlias = Mapping[str, Module]

DEFAULT: Modules = MappingProxyType({"http_2xx": Module(prober="http"), "tcp_connect": Module(prober="tcp")})
"""Of blackbox_exporter's own file, what needs no further word."""


def read(text: str) -> Modules:
    """The modules of a blackbox.yml; BlackboxError with the first mistake and where it stands."""
    if len(text) > _MOST:
        raise BlackboxError("the file is too large")
    try:
        found = _File.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        raise BlackboxError(_said(error)) from error
    except (yaml.YAMLError, ValueError) as error:  # a date of the 13th month is PyYAML's ValueError
        raise BlackboxError(f"not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise BlackboxError("nested too deeply") from error
    nameless = next((name for name, each in found.modules.items() if each.prober == "dns" and each.dns is None), None)
    if nameless is not None:
        raise BlackboxError(f"modules.{nameless}.dns: query_name is missing")
    return MappingProxyType(found.modules)


def _said(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part)[:60] for part in first["loc"]) or "the file"
    word = (
        "is not understood here" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    )
    return f"{place}: {word}"
