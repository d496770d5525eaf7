"""What is watched: targets.yaml read strictly into frozen settings; every mistake at once, with line and remedy."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from monitor.blackbox import BlackboxError, Modules
from monitor.blackbox import read as read_modules
from monitor.config.build import build
from monitor.config.collector import CollectorSettings
from monitor.config.experiments import BurstSettings, ExperimentSettings
from monitor.config.explain import explain
from monitor.config.problem import ConfigError, Problem
from monitor.config.recipients import alerts
from monitor.config.relation import relate
from monitor.config.schema import json_schema
from monitor.config.secret import token
from monitor.config.settings import Milestone, ScheduleSettings, Settings, Station, WebSettings
from monitor.config.shape import File, FilePart
from monitor.config.tree import Tree, read

__all__ = [
    "BurstSettings",
    "CollectorSettings",
    "ConfigError",
    "ExperimentSettings",
    "Milestone",
    "Problem",
    "ScheduleSettings",
    "Settings",
    "Station",
    "WebSettings",
    "json_schema",
    "load",
    "shipped",
]


def load(path: Path) -> Settings:
    """The settings in a file; ConfigError with every mistake in it, or with the one that kept it from being read."""
    tree = read(path)
    relate(tree)
    file = _shape(tree)
    if tree.problems or file is None:
        raise ConfigError(tree.problems)
    secret = _token(tree, path, file)
    modules = _modules(tree, path, file)
    told = alerts(tree, file.alerts, path.absolute().parent, os.environ, file.timezone)
    if tree.problems:
        raise ConfigError(tree.problems)
    try:
        built = build(path, file, secret)
        return replace(built, alerts=told, web=replace(built.web, blackbox=modules))
    except ValueError as fault:
        tree.tell(tree.place(("detection",)), str(fault), "parameters that fit together")
        raise ConfigError(tree.problems) from fault


def _token(tree: Tree, path: Path, file: FilePart) -> str:
    """The echo host's token; ConfigError where it is not where the file says."""
    if file.experiments.echo is None:
        return ""
    try:
        return token(file.experiments.echo, path.absolute().parent, os.environ)
    except ValueError as fault:
        what, _, expected = str(fault).partition("; expected ")
        tree.tell(tree.place(("experiments", "echo")), what, expected or "the echo host's token there")
        raise ConfigError(tree.problems) from fault


def _modules(tree: Tree, path: Path, file: FilePart) -> Modules | None:
    """The modules of the blackbox.yml that the file names; ConfigError where it cannot be read."""
    if file.web.blackbox is None:
        return None
    found = path.absolute().parent / file.web.blackbox.expanduser()
    try:
        return read_modules(found.read_text(encoding="utf-8"))
    except OSError as fault:
        tree.tell(tree.place(("web", "blackbox")), f"cannot read {found}: {fault.strerror}", "a blackbox.yml")
    except UnicodeDecodeError:
        tree.tell(tree.place(("web", "blackbox")), f"{found} is not text", "a blackbox.yml")
    except BlackboxError as fault:
        tree.tell(tree.place(("web", "blackbox")), f"{found}: {fault}", "what blackbox_exporter takes")
    raise ConfigError(tree.problems)


def _shape(tree: Tree) -> FilePart | None:
    try:
        return File.model_validate(tree.value)
    except ValidationError as found:
        explain(tree, found.errors(include_url=False))
        return None


def shipped() -> Path:
    """The file that comes with the program: inside the installed package, or at the root of an editable checkout."""
    packaged = Path(__file__).with_name("targets.yaml")
    return packaged if packaged.exists() else Path(__file__).parents[2] / "targets.yaml"
