"""Metrics in Prometheus' text format (floor 3), as its node exporter reads it from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from snowflake_etl.results_metrics import Metric

PREFIX = "snowflake_etl_"


def metrics_text(metrics: Iterable[Metric]) -> str:
    """Every metric that has a value, with its HELP and TYPE; the text ends with a newline."""
    lines = []
    for metric in metrics:
        if not metric.samples:
            continue
        name = PREFIX + metric.name
        lines += [f"# HELP {name} {_escaped(metric.about)}", f"# TYPE {name} gauge"]
        lines += [f"{name}{_labels(sample.labels)} {sample.value:.15g}" for sample in metric.samples]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = [f'{name}="{_quoted(value)}"' for name, value in labels.items()]
    return "{" + ",".join(pairs) + "}"


def _quoted(value: str) -> str:
    """A backslash, a quote and a newline are escaped; other control codes become '?'."""
    text = _escaped(value).replace('"', '\\"')
    return "".join(character if character.isprintable() else "?" for character in text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
