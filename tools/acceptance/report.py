"""The report: steps, differences and times. It has no values of answers but words of the API, and no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from statistics import median

from neev_provider.core.redaction import Redactor
from tools.acceptance.compare import Difference, is_slower, list_uncompared, operation_seconds
from tools.acceptance.ledger import Ledger
from tools.acceptance.phases import Operation, PhaseSequence
from tools.acceptance.play import Outcome, Performance
from tools.acceptance.recording import Recording
from tools.acceptance.sweep import SweepResult

MAX_OUTPUT_LINES = 40
NONE_FOUND = "None."
TOPICS = {
    "status": "Statuses",
    "field": "Fields",
    "type": "Types",
    "value": "Values",
    "phases": "Order of phases",
    "time": "Times",
}


@dataclass
class Report:
    """What is known of a run so far."""

    prefix: str
    host: str
    started_at: str
    version: str
    ledger: Ledger
    emulator: Performance | None = None
    service: Performance | None = None
    phases: Mapping[Operation, tuple[str, ...]] = field(default_factory=dict)
    differences: Sequence[Difference] | None = None
    """``None`` until the story was played on both sides."""
    secrets: set[str] = field(default_factory=set)

    def write(self, file: Path) -> None:
        """Write the report, without secrets."""
        performances = [item for item in (self.emulator, self.service) if item is not None]
        secrets = self.secrets.union(*(item.secrets | item.recording.secrets for item in performances))
        text = Redactor.from_values(list(secrets)).redact("\n".join(self._render()) + "\n")
        file.write_text(text, encoding="utf-8")

    def _render(self) -> Iterator[str]:
        yield "# Acceptance report\n"
        yield f"- Run: `{self.prefix}`, started {self.started_at}, pulumi-neev {self.version}"
        yield f"- Service: {self.host}"
        yield (f"- Sandboxes at a time: {self.ledger.most_sandboxes} of {self.ledger.max_sandboxes} that were allowed")
        if self.service is None or self.differences is None:
            yield "- **The run has not ended**: what follows is what it knew until then"
        else:
            yield f"- Steps: {_summarize_steps(self.service)}"
            yield f"- Differences: {len(self.differences)}"
        for reason in dict.fromkeys(self.ledger.refusals):
            yield f"- The proxy refused a create: {reason}"
        for title, performance in (("The emulator", self.emulator), ("The service", self.service)):
            if performance is not None:
                yield from _render_steps(title, performance)
        if self.emulator is not None and self.service is not None:
            if self.differences is not None:
                yield from _render_differences(self.differences)
            yield from _render_phases(self.emulator.recording, self.service.recording, self.phases)
            yield from _render_routes(self.emulator.recording, self.service.recording)


def append_sweep(file: Path, prefix: str, result: SweepResult) -> None:
    """Append the outcome of the sweep to the report, and print it."""
    lines = [f"Deleted: {len(result.deleted)}", f"Left: {len(result.remaining)}"]
    lines += [f"{item.kind} {item.name} ({item.id}) is left" for item in result.remaining]
    lines += [f"Problem: {result.problem}"] if result.problem else []
    lines += [] if result.is_clean else [f"Sweep again: make acceptance ARGS='--sweep {prefix}'"]
    with file.open("a", encoding="utf-8") as report:
        report.write("\n## Sweep\n\n" + "".join(f"- {line}\n" for line in lines))
    print(f"sweep of {prefix}: " + "; ".join(lines), flush=True)


def _summarize_steps(performance: Performance) -> str:
    counts = {item: sum(result.outcome is item for result in performance.results) for item in Outcome}
    shown = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count)
    return shown + (" (the time was over)" if performance.is_out_of_time else "")


def _render_steps(title: str, performance: Performance) -> Iterator[str]:
    yield f"\n## {title}: steps\n"
    yield "| adapter | step | result | seconds | requests |"
    yield "|---|---|---|---|---|"
    for item in performance.results:
        yield f"| {item.adapter} | {item.title} | {item.outcome.value} | {item.seconds:.1f} | {item.requests} |"
    for item in performance.results:
        if item.output:
            yield f"\n### {item.adapter}: {item.title} failed\n"
            yield "```text"
            yield from item.output.strip().splitlines()[-MAX_OUTPUT_LINES:]
            yield "```"


def _render_differences(differences: Sequence[Difference]) -> Iterator[str]:
    yield "\n## Differences\n"
    if not differences:
        yield NONE_FOUND
    by_topic = sorted(differences, key=lambda item: list(TOPICS).index(item.topic))
    for topic, items in groupby(by_topic, key=lambda item: item.topic):
        yield f"\n### {TOPICS[topic]}\n"
        for item in items:
            routes = ", ".join(f"`{route}`" for route in item.routes)
            yield f"- {item.text}" + (f" — {routes}" if routes else "")


def _render_phases(
    emulator: Recording, service: Recording, phases: Mapping[Operation, tuple[str, ...]]
) -> Iterator[str]:
    yield "\n## Phases and their times\n"
    yield "The seconds are until the last phase; medians. Short phases may not be observed.\n"
    yield "| operation | emulator | s | service | s |"
    yield "|---|---|---|---|---|"
    ours, theirs = emulator.phases.by_operation(), service.phases.by_operation()
    for operation in sorted(ours.keys() | theirs.keys()):
        expected = " → ".join(phases.get(operation, ()))
        names = {" → ".join(item.names) for item in theirs.get(operation, ())}
        seconds = [_median_of(side.get(operation, [])) for side in (ours, theirs)]
        yield f"| {operation} | {expected} | {seconds[0]} | {'; '.join(sorted(names))} | {seconds[1]} |"


def _median_of(sequences: Sequence[PhaseSequence]) -> str:
    seconds = operation_seconds(sequences)
    return f"{median(seconds):.1f}" if seconds else ""


def _render_routes(emulator: Recording, service: Recording) -> Iterator[str]:
    yield "\n## Requests\n"
    yield "| request | emulator | ms | service | ms |"
    yield "|---|---|---|---|---|"
    for route in sorted(emulator.routes.keys() & service.routes.keys()):
        ours, theirs = emulator.routes[route], service.routes[route]
        mark = " **slow**" if is_slower(ours.seconds, theirs.seconds) else ""
        counts = [", ".join(f"{n} of {k}" for k, n in sorted(item.statuses.items())) for item in (ours, theirs)]
        times = [f"{median(item.seconds) * 1000:.0f}" for item in (ours, theirs)]
        yield f"| `{route}` | {counts[0]} | {times[0]} | {counts[1]} | {times[1]}{mark} |"
    uncompared = list_uncompared(emulator, service)
    if uncompared:
        yield "\nNot compared, because only one side was requested:\n"
        yield from (f"- `{route}`: {name}" for route, name in uncompared)
