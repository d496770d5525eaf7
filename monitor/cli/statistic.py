"""The detector's statistic as a drawing: a few lines of text for a terminal, an SVG file for everybody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from monitor.detect.trace import Point, Trace

_BARS = " ▁▂▃▄▅▆▇█"
_ROWS = 6
_WIDTH, _HEIGHT, _LEFT, _TOP = 960, 260, 56, 44
_INK, _SUM, _REST, _FAIL, _OK = "#1d2733", "#b3261e", "#1b6e53", "#b3261e", "#9db4c7"


def sparkline(trace: Trace, width: int) -> list[str]:
    """The sum over time as rows of blocks, the highest row first, a mark where the threshold lies, and a line of marks
    below: x where something failed, A at the alarm, E at the end of a block.

    >>> sparkline(Trace(target="", network="", leaky=False, alarm=12, alone=16, points=(), blocks=()), 10)
    []
    """
    if not trace.points:
        return []
    columns = _columns(trace.points, width)
    highest = max(trace.alarm * 1.25, max((value for value, _ in columns), default=0.0))
    lines = []
    for row in range(_ROWS, 0, -1):
        low, high = highest * (row - 1) / _ROWS, highest * row / _ROWS
        text = "".join(_BARS[round(8 * min(1.0, max(0.0, (value - low) / (high - low))))] for value, _ in columns)
        mark = f"{trace.alarm:>6.0f} ┤" if low < trace.alarm <= high else f"{'':>6} │"
        lines.append(mark + text)
    return [*lines, f"{'nats':>6} ┴" + _marks(trace, [failed for _, failed in columns])]


def svg(trace: Trace, title: str) -> str:
    """A self-contained picture: the sum, the vantage points' own sums as dots, the thresholds, and the blocks."""
    points = trace.points
    since = points[0].time if points else datetime(1970, 1, 1, tzinfo=UTC)
    until = points[-1].time if points else since
    top = max([trace.alone * 1.15, *(max(min(point.level, 2 * trace.alone), point.total) for point in points)])
    frame = _Frame(since, max(until - since, timedelta(seconds=1)), top)
    parts = [
        *_paper(title),
        *_blocked(trace, frame, until),
        *_threshold(frame, trace.alarm, f"alarm {trace.alarm:g}"),
        *_threshold(frame, trace.alone, f"alone {trace.alone:g}"),
        *_dots(points, frame),
        _line(((point.time, point.total) for point in points), frame, _SUM),
        _line(((point.time, point.recovery) for point in points if point.recovery is not None), frame, _REST, dash="4"),
        *_axis(frame, since, until),
        "</svg>\n",
    ]
    return "".join(parts)


def _paper(title: str) -> Iterator[str]:
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT + 40}" font-family="sans-serif" font-size="11" fill="{_INK}" role="img"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size}><title>{escape(title)}</title>'
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT + 40}" fill="#fff"/>'
    yield f'<text x="{_LEFT}" y="16" font-size="13" font-weight="bold">{escape(title)}</text>'


class _Frame:
    """From times and nats to places on the paper."""

    def __init__(self, since: datetime, lasting: timedelta, top: float) -> None:
        self.since, self.lasting, self.top = since, lasting, top

    def x(self, time: datetime) -> str:
        return f"{_LEFT + (_WIDTH - _LEFT - 12) * ((time - self.since) / self.lasting):.1f}"

    def y(self, nats: float) -> str:
        return f"{_HEIGHT - (_HEIGHT - _TOP) * min(1.0, max(0.0, nats / self.top)):.1f}"


def _columns(points: Sequence[Point], width: int) -> list[tuple[float, bool]]:
    """The highest sum in each column of time, and whether something failed there; a column of silence keeps the last
    sum."""
    since, lasting = points[0].time, max(points[-1].time - points[0].time, timedelta(seconds=1))
    found: list[list[Point]] = [[] for _ in range(width)]
    for point in points:
        found[min(width - 1, int(width * ((point.time - since) / lasting)))].append(point)
    columns, last = [], 0.0
    for column in found:
        columns.append((max((point.total for point in column), default=last), any(point.failed for point in column)))
        last = column[-1].total if column else last
    return columns


def _marks(trace: Trace, failed: Sequence[bool]) -> str:
    marks = ["x" if each else "·" for each in failed]
    since = trace.points[0].time
    lasting = max(trace.points[-1].time - since, timedelta(seconds=1))
    for _, alarm, end in trace.blocks:
        for time, mark in ((alarm, "A"), (end, "E")):
            if time is not None and since <= time <= since + lasting:
                marks[min(len(marks) - 1, int(len(marks) * ((time - since) / lasting)))] = mark
    return "".join(marks)


def _blocked(trace: Trace, frame: _Frame, until: datetime) -> Iterator[str]:
    for onset, alarm, end in trace.blocks:
        left, right = float(frame.x(onset)), float(frame.x(end or until))
        yield (
            f'<rect x="{left}" y="{_TOP}" width="{max(1.0, right - left):.1f}" height="{_HEIGHT - _TOP}" '
            f'fill="{_FAIL}" opacity="0.08"/>'
            f'<path d="M{frame.x(alarm)} {_TOP}V{_HEIGHT}" stroke="{_FAIL}" stroke-dasharray="2 2"/>'
            f'<text x="{frame.x(alarm)}" y="{_TOP - 6}" fill="{_FAIL}">alarm</text>'
        )


def _threshold(frame: _Frame, nats: float, name: str) -> Iterator[str]:
    y = frame.y(nats)
    yield f'<path d="M{_LEFT} {y}H{_WIDTH - 12}" stroke="{_INK}" stroke-width="0.6" stroke-dasharray="6 3"/>'
    yield f'<text x="2" y="{y}" dy="3">{name}</text>'


def _dots(points: Sequence[Point], frame: _Frame) -> Iterator[str]:
    for point in points:
        colour, y = (_FAIL, frame.y(point.level)) if point.failed else (_OK, f"{_HEIGHT + 6}")
        what = f"{_minute(point.time)} {point.vantage}: {point.added:+.2f} nats"
        place = f'cx="{frame.x(point.time)}" cy="{y}" r="1.6"'
        yield f'<circle {place} fill="{colour}"><title>{escape(what)}</title></circle>'


def _line(values: Iterator[tuple[datetime, float]], frame: _Frame, colour: str, dash: str = "") -> str:
    path = " ".join(f"{frame.x(time)},{frame.y(nats)}" for time, nats in values)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.2"{dashed}/>' if path else ""


def _axis(frame: _Frame, since: datetime, until: datetime) -> Iterator[str]:
    yield f'<path d="M{_LEFT} {_HEIGHT}H{_WIDTH - 12}" stroke="{_INK}"/>'
    for share in range(5):
        time = since + (until - since) * share / 4
        anchor = "start" if share == 0 else "end" if share == 4 else "middle"
        yield f'<text x="{frame.x(time)}" y="{_HEIGHT + 24}" text-anchor="{anchor}">{_minute(time)}</text>'


def _minute(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
