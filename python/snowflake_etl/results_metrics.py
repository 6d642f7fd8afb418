"""What ``metrics`` returns (floor 2): gauges in the manner of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """One value and what it belongs to."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """A gauge: its name without the tool's prefix, what it means, and a value for each thing for which it is known."""

    name: str
    about: str
    samples: tuple[Sample, ...]
