"""The report: one HTML page that needs nothing else, and all its numbers as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .figures import Figure
from .report_gallery import gallery
from .report_numbers import FIGURE_HEADER, figure_rows, json_text, passed_of, summary_rows
from .report_page import bullets, contents, details, page, paragraph, section, table
from .report_sections import SECTIONS

if TYPE_CHECKING:
    from .comparison import Comparison

__all__ = ["report_html", "report_json"]

_FLOOR = (
    "The floor is Monte Carlo against Monte Carlo: what a perfect generator would get with these "
    "statistics. Errors are one standard deviation, from showers drawn anew with replacement. "
    "Figures without a goal inform only."
)
_ROLES = {"reference": "Monte Carlo", "generated": "generated", "protons": "proton"}
_MOST_ROWS = 8  # figures without a goal that are shown at once
_PAIRED = (
    "Every Monte Carlo image has one generated image of the same energy, direction, core and "
    "X_max; its size was drawn by the model. Samples of the same showers can lie nearer to each "
    "other than the floor, which compares different showers."
)
_UNPAIRED = (
    "The generated events come from files: their showers are others than those of the Monte "
    "Carlo. Differences of the thrown spectra, directions or cores count as differences here."
)


def report_html(run: dict[str, Any], comparisons: "Sequence[Comparison]") -> str:
    """The page.

    Parameters
    ----------
    run : dict
        Command, date, seed, ``paired``, inputs and versions.
    comparisons : list of Comparison

    Returns
    -------
    str
    """
    several = len(comparisons) > 1
    parts = [paragraph(_PAIRED if run["paired"] else _UNPAIRED), paragraph(_FLOOR)]
    for number, comparison in enumerate(comparisons):
        parts += _summary(comparison, number)
    for number, comparison in enumerate(comparisons):
        body = _sections(comparison, run["seed"], number)
        if several:
            body = [section(comparison.telescope, *body, anchor=f"telescope-{number}")]
        parts += body
    return page("Generated images against Monte Carlo", *parts, _made(run))


def report_json(run: dict[str, Any], comparisons: "Sequence[Comparison]") -> str:
    """Every number of the report, as text; NaN and infinity are null."""
    telescopes = {
        comparison.telescope: {
            "images": {role: len(sample) for role, sample in comparison.samples.items()},
            "grid": comparison.steps,
            "figures": [{"topic": topic, **asdict(f)} for topic, f in comparison.figures],
            "arrays": {topic: arrays for topic, (_, arrays) in comparison.topics.items()},
        }
        for comparison in comparisons
    }
    return json_text({"run": run, "telescopes": telescopes})


def _summary(comparison: "Comparison", number: int) -> list[str]:
    """What was compared, the table of all figures with a goal, and links to the sections."""
    rows, links = [], {}
    for i, part in enumerate(SECTIONS, start=1):
        links[f"#part-{number}-{i}"] = f"{i}. {part.title}"
        for topic in part.topics:
            figures, _ = comparison.topics.get(topic, ([], {}))
            rows += summary_rows(_title(topic), figures)
    links[f"#part-{number}-gallery"] = f"{len(SECTIONS) + 1}. Gallery"
    return [
        paragraph(f"{comparison.telescope}: {_what_was_compared(comparison)}"),
        table(FIGURE_HEADER, rows, _verdict(comparison)),
        contents(links),
    ]


def _what_was_compared(comparison: "Comparison") -> str:
    counts = [
        f"{len(sample)} {_ROLES[role]} images of {comparison.n_showers(role)} showers"
        for role, sample in comparison.samples.items()
    ]
    steps = [
        f"{name.replace('_', ' ')}s to {step:.4g} {unit}"
        for (name, step), unit in zip(comparison.steps.items(), ("p.e.", "ns"))
        if step
    ]
    rounding = f" All are rounded as the coarsest file is: {', '.join(steps)}." if steps else ""
    return f"{'; '.join(counts)}.{rounding}"


def _title(topic: str) -> str:
    return topic.replace("_", " ").capitalize()


def _verdict(comparison: "Comparison") -> str:
    figures = [figure for _, figure in comparison.figures]
    return f"{passed_of(figures)} figures with a goal pass."


def _tables(figures: Sequence[Figure], caption: str) -> list[str]:
    """Figures with a goal first; many without are folded away."""
    judged = [f for f in figures if f.goal is not None]
    others = [f for f in figures if f.goal is None]
    if len(others) <= _MOST_ROWS:
        return [table(FIGURE_HEADER, figure_rows(figures), caption)] if figures else []
    folded = table(FIGURE_HEADER, figure_rows(others), caption)
    return [
        table(FIGURE_HEADER, figure_rows(judged), caption),
        details(f"{len(others)} figures without a goal", folded),
    ]


def _sections(comparison: "Comparison", seed: int, number: int) -> list[str]:
    parts = []
    for i, part in enumerate(SECTIONS, start=1):
        topics = {
            name: comparison.topics[name] for name in part.topics if name in comparison.topics
        }
        body = [paragraph(part.text)]
        for name, (figures, _) in topics.items():
            body += _tables(figures, _title(name))
        arrays = {name: arrays for name, (_, arrays) in topics.items()}
        body += part.plots(comparison, arrays)
        anchor = f"part-{number}-{i}"
        parts.append(section(f"{i}. {part.title}", *body, anchor=anchor))
    last = f"{len(SECTIONS) + 1}. Gallery"
    images = gallery(comparison, seed)
    return [*parts, section(last, *images, anchor=f"part-{number}-gallery")]


def _made(run: dict[str, Any]) -> str:
    """What the report was made of."""
    inputs = [f"{i['role']}: {i['file']}, sha256 {i['sha256']}" for i in run["inputs"]]
    versions = ", ".join(f"{name} {number}" for name, number in run["versions"].items())
    command = paragraph(f"{run['command']}; seed {run['seed']}, made {run['created']}.")
    return section(
        "How this was made", command, bullets(inputs), paragraph(versions), anchor="made"
    )
