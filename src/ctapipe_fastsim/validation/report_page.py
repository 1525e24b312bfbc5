"""Pieces of the HTML report: one file that needs nothing else, on a phone as on a screen."""

import base64
from collections.abc import Iterable, Sequence
from html import escape

__all__ = [
    "bullets",
    "contents",
    "details",
    "grid",
    "page",
    "paragraph",
    "picture",
    "section",
    "table",
]

# nothing, a text, yes or no, a text with a remark
Cell = str | bool | None | tuple[str, str]
Row = Sequence[Cell]

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5a6675; --line: #d8dee6;
  --ground: #ffffff; --card: #f6f8fa; --yes: #17703a; --no: #b3261e; --link: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --dim: #a3adba; --line: #39424e;
  --ground: #14181e; --card: #1d232b; --yes: #62c98a; --no: #ff8a80; --link: #8ab8f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; color: var(--ink);
  background: var(--ground); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.3rem; margin-top: 2.5rem;
  border-bottom: 1px solid var(--line); } h3 { font-size: 1.08rem; margin-top: 1.8rem; }
h1, h2, h3, p, li, td, figcaption { overflow-wrap: anywhere; }
p, ul { max-width: 48rem; } a { color: var(--link); }
nav ul { columns: 2 14rem; padding-left: 1.2rem; }
.scroll { overflow-x: auto; margin: 1rem 0; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
.scroll table { width: 100%; }
caption { text-align: left; padding: .4rem .7rem; color: var(--dim); }
th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap;
  border-top: 1px solid var(--line); }
td { overflow-wrap: normal; }
th { color: var(--dim); font-weight: 600; } th:first-child, td:first-child { text-align: left; }
td:first-child { min-width: 11rem; max-width: 26rem; white-space: normal; }
thead th { background: var(--card); border-top: 0; }
.yes { color: var(--yes); font-weight: 600; } .no { color: var(--no); font-weight: 600; }
.grid { display: grid; gap: 1rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
.grid.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); }
.grid.pairs { gap: .5rem; grid-template-columns: repeat(2, 1fr); }
@media (min-width: 60rem) { .grid.pairs { grid-template-columns: repeat(4, 1fr); } }
figure { margin: 0; padding: .5rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; }
figure img { display: block; width: 100%; height: auto; background: #fff; border-radius: 3px; }
figcaption { font-size: .85rem; color: var(--dim); padding-top: .4rem; }
summary { cursor: pointer; color: var(--link); } small { display: block; color: var(--dim); }
@media (max-width: 40rem) { figure { padding: .25rem; } table { font-size: .75rem; }
  th, td { padding: .25rem .3rem; } thead th { border-top: 1px solid var(--line); }
  tr { display: grid; grid-template-columns: 7.7rem 7.7rem 1fr 2.3rem; }
  tr > :first-child { grid-column: 1 / -1; max-width: none; }
  tr > :not(:first-child) { border-top: 0; text-align: left; } }
"""


def page(title: str, *parts: str) -> str:
    """A whole HTML document of parts that are HTML already."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def section(heading: str, *parts: str, anchor: str, level: int = 2) -> str:
    """Parts under a heading that can be linked to."""
    title = f'<h{level} id="{escape(anchor)}">{escape(heading)}</h{level}>'
    return "\n".join(["<section>", title, *parts, "</section>"])


def paragraph(text: str) -> str:
    """Plain text."""
    return f"<p>{escape(text)}</p>"


def bullets(lines: Iterable[str]) -> str:
    """List of plain text."""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if lines else ""


def contents(links: dict[str, str]) -> str:
    """Links to places of the page, a dictionary of text by anchor."""
    items = "".join(
        f'<li><a href="{escape(a)}">{escape(text)}</a></li>' for a, text in links.items()
    )
    return f'<nav aria-label="Sections"><ul>{items}</ul></nav>'


def table(header: Iterable[str], rows: Iterable[Row], caption: str) -> str:
    """Table that scrolls inside; True or False says yes or no.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequences of str, bool, None or pair of str
        None where there is nothing to say; a pair for a text with a remark below it.
    caption : str
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(value: Cell) -> str:
    if isinstance(value, bool):
        return f'<td class="{"yes" if value else "no"}">{"yes" if value else "no"}</td>'
    if isinstance(value, tuple):
        return f"<td>{escape(value[0])}<small>{escape(value[1])}</small></td>"
    return f"<td>{'' if value is None else escape(value)}</td>"


def picture(png: bytes, alternative: str, caption: str) -> str:
    """A PNG image with what it shows in words, and a caption."""
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(alternative)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def grid(*pictures: str, shape: str = "") -> str:
    """Pictures side by side as far as the screen is wide enough.

    Parameters
    ----------
    *pictures : str
    shape : str
        ``"wide"`` for large ones, ``"pairs"`` for an even number in each row.
    """
    return f'<div class="grid {shape}">' + "\n".join(pictures) + "</div>"


def details(summary: str, *parts: str) -> str:
    """Parts that the reader opens."""
    return "\n".join([f"<details><summary>{escape(summary)}</summary>", *parts, "</details>"])
