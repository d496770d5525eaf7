"""What happens in a simulated country, drawn before anybody measures: blocks, and everything that looks like one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from monitor.evaluate.world import (
    DAY,
    HOUR,
    MINUTE,
    START,
    YEAR,
    Cause,
    Kind,
    Span,
    TrueBlock,
    World,
    network_name,
    target_name,
)  # fmt: skip

_WARM_UP = 2 * DAY
"""Nothing is blocked before: a detector may learn what is usual."""
_APART = 12 * HOUR
"""Between two blocks of one target, so that they are two for anybody."""
_LENGTH = {Kind.SHORT: (40 * MINUTE, 240 * MINUTE), Kind.INTERMITTENT: (12 * HOUR, 3 * DAY)}
_USUAL_LENGTH = (6 * HOUR, 4 * DAY)
_TOGETHER = 10 * MINUTE
"""Networks that obey the same order at once differ by so much at most."""
_STAGGER = 12 * HOUR
"""Mean time between the networks of a staged block (study)."""
_ON, _OFF = 90 * MINUTE, 60 * MINUTE
"""Mean phases of an intermittent block (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A stretch during which measurements fail for one cause, with a probability."""

    span: Span
    force: float
    cause: Cause


@dataclass(slots=True, kw_only=True)
class Script:
    """All episodes by where they strike, and the truth; places are (vantage point, target), None meaning all."""

    world: World
    of_units: dict[tuple[int, int], list[Episode]] = field(default_factory=dict)
    """By (network, target)."""
    of_lines: dict[tuple[int, int], list[Episode]] = field(default_factory=dict)
    """By (network, number of the vantage point in it): they strike every target, innocuous ones too."""
    of_sites: dict[int, list[Episode]] = field(default_factory=dict)
    """By target: they strike everybody, controls too."""
    of_liars: dict[tuple[int, int, int], list[Episode]] = field(default_factory=dict)
    silences: dict[tuple[int, int], list[tuple[Span, float]]] = field(default_factory=dict)
    """By vantage point: stretches in which reports get lost, and how many of them."""
    truth: list[TrueBlock] = field(default_factory=list)


def write(world: World, dice: Random) -> Script:
    """Draw everything that will happen."""
    script = Script(world=world)
    for target in range(world.targets):
        _blocks(script, target, dice)
        _site_trouble(script, target, dice)
    for network, count in enumerate(world.vantages):
        _network_outages(script, network, count, dice)
        for number in range(count):
            _line_trouble(script, (network, number), dice)
    _lies(script, dice)
    return script


def times(rate: float, world: World, dice: Random, *, shortest: float, longest: float) -> Iterator[Span]:
    """Stretches that begin at random, `rate` times a year, and last as long as two numbers allow, evenly by their
    logarithm.

    >>> list(times(0, World(), Random(1), shortest=1, longest=2))
    []
    """
    now = 0.0
    while rate > 0:
        now += dice.expovariate(rate / YEAR)
        if now >= world.seconds:
            return
        yield int(now), int(now + shortest * (longest / shortest) ** dice.random())


def _blocks(script: Script, target: int, dice: Random) -> None:
    world, free = script.world, _WARM_UP
    kinds, weights = zip(*world.kinds.items(), strict=True)
    while world.blocks > 0:
        start = free + int(dice.expovariate(world.blocks / YEAR))
        kind = dice.choices(kinds, weights)[0]
        shortest, longest = _LENGTH.get(kind, _USUAL_LENGTH)
        end = start + int(shortest * (longest / shortest) ** dice.random())
        if end >= world.seconds - _APART:
            return
        free = _block(script, target, kind, (start, end), dice) + _APART


def _block(script: Script, target: int, kind: Kind, span: Span, dice: Random) -> int:
    """Draw one blocking event on its networks; the second at which the last one of them lets go."""
    world = script.world
    networks = list(range(len(world.vantages)))
    dice.shuffle(networks)
    if kind is Kind.PARTIAL:
        networks = networks[: dice.randint(1, max(1, len(networks) // 2))]
    cause = Cause.SILENT_BLOCK if dice.random() < world.silent or kind is Kind.THROTTLED else Cause.BLOCK
    force = dice.uniform(*{Kind.LEAKY: world.leaky_force, Kind.THROTTLED: world.throttled_force}.get(kind, world.force))
    phases = list(_phases(span, dice)) if kind is Kind.INTERMITTENT else [span]
    event, delay, last = len(script.truth), 0, span[1]
    for network in networks:
        own = delay if kind is Kind.STAGED else int(dice.uniform(0, _TOGETHER))
        moved = [(begin + own, end + own) for begin, end in phases]
        if moved[-1][1] >= world.seconds:
            break
        for phase in moved:
            script.of_units.setdefault((network, target), []).append(Episode(span=phase, force=force, cause=cause))
        script.truth.append(_true(event, target, network, kind, (moved[0][0], moved[-1][1])))
        _cut_off(script, network, moved[0][0], dice)
        delay += int(dice.expovariate(1 / _STAGGER))
        last = max(last, moved[-1][1])
    return last


def _phases(span: Span, dice: Random) -> Iterator[Span]:
    now = span[0]
    while now < span[1]:
        end = min(span[1], now + max(10 * MINUTE, int(dice.expovariate(1 / _ON))))
        yield now, end
        now = end + max(10 * MINUTE, int(dice.expovariate(1 / _OFF)))


def _true(event: int, target: int, network: int, kind: Kind, span: Span) -> TrueBlock:
    start, end = (START + timedelta(seconds=second) for second in span)
    return TrueBlock(
        event=event, target=target_name(target), network=network_name(network), kind=kind, start=start, end=end
    )


def _cut_off(script: Script, network: int, start: int, dice: Random) -> None:
    if dice.random() < script.world.cut_off:
        span = start, start + int(dice.uniform(HOUR, 6 * HOUR))
        for number in range(script.world.vantages[network]):
            script.silences.setdefault((network, number), []).append((span, 0.7))


def _site_trouble(script: Script, target: int, dice: Random) -> None:
    world, everywhere = script.world, range(len(script.world.vantages))
    for span in times(world.site_outages, world, dice, shortest=10 * MINUTE, longest=6 * HOUR):
        script.of_sites.setdefault(target, []).append(Episode(span=span, force=0.98, cause=Cause.SITE))
    for span in times(world.cdn_trouble, world, dice, shortest=20 * MINUTE, longest=4 * HOUR):
        episode = Episode(span=span, force=dice.uniform(0.6, 0.95), cause=Cause.PATH)
        _strike(script, everywhere, target, episode)
    for span in times(world.refusals, world, dice, shortest=HOUR, longest=DAY):
        _strike(script, everywhere, target, Episode(span=span, force=0.95, cause=Cause.REFUSAL))
    for network in everywhere:
        for span in times(world.peering_losses, world, dice, shortest=20 * MINUTE, longest=3 * HOUR):
            episode = Episode(span=span, force=dice.uniform(0.5, 0.9), cause=Cause.PATH)
            _strike(script, [network], target, episode)


def _strike(script: Script, networks: Iterable[int], target: int, episode: Episode) -> None:
    for network in networks:
        script.of_units.setdefault((network, target), []).append(episode)


def _network_outages(script: Script, network: int, count: int, dice: Random) -> None:
    world = script.world
    for span in times(world.network_outages, world, dice, shortest=20 * MINUTE, longest=12 * HOUR):
        silent = dice.random() < 0.5
        for number in range(count):
            _outage(script, (network, number), span, silent=silent)


def _line_trouble(script: Script, point: tuple[int, int], dice: Random) -> None:
    world = script.world
    for span in times(world.vantage_outages, world, dice, shortest=10 * MINUTE, longest=12 * HOUR):
        _outage(script, point, span, silent=dice.random() < 0.5)
    for span in times(world.portals, world, dice, shortest=20 * MINUTE, longest=6 * HOUR):
        script.of_lines.setdefault(point, []).append(Episode(span=span, force=0.97, cause=Cause.PORTAL))


def _outage(script: Script, point: tuple[int, int], span: Span, *, silent: bool) -> None:
    if silent:
        script.silences.setdefault(point, []).append((span, 1.0))
    else:
        script.of_lines.setdefault(point, []).append(Episode(span=span, force=1.0, cause=Cause.LINE))


def _lies(script: Script, dice: Random) -> None:
    world = script.world
    for span in times(world.lies, world, dice, shortest=2 * HOUR, longest=2 * DAY):
        episode = Episode(span=span, force=0.95, cause=Cause.LIAR)
        if world.liars:
            points = [(network, number) for network, count in enumerate(world.vantages) for number in range(count)]
            target = dice.randrange(world.targets)
            for point in dice.sample(points, world.liars):
                script.of_liars.setdefault((*point, target), []).append(episode)
            continue
        network = dice.randrange(len(world.vantages))
        place = network, dice.randrange(world.vantages[network]), dice.randrange(world.targets)
        script.of_liars.setdefault(place, []).append(episode)
