"""The picture of the architecture, made from the real imports: python -m tests.bench.architecture

Rows are the layers of pyproject.toml's import contracts, arrows the imports between their packages. An arrow that
others imply is left out; one that passes a row takes up a place of its own there. Rows are ordered by barycenters and
placed by least squares, the last two steps of Sugiyama's method (https://doi.org/10.1109/TSMC.1981.4308636).
"""

from __future__ import annotations

import ast
import itertools
import re
import textwrap
import tomllib
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import grimp

REPOSITORY = Path(__file__).parents[2]
PICTURE = REPOSITORY / ".github" / "architecture.svg"
PACKAGES = ("webui", "indexer", "kb")
ORDERINGS, STRAIGHTENINGS = 20, 30  # of all rows, down and up; after half as many nothing moved

BOX_WIDTH, BOX_HEIGHT = 270, 76
PASSAGE_WIDTH = 12
GAP_X, GAP_Y = 20, 40
MARGIN = 24
LINE_CHARS, LINE_HEIGHT = 40, 15
MAX_LINES = 3
BAND = 12  # around the rows of a package

STYLE = """
svg { font-family: system-ui, sans-serif; font-size: 11.5px; }
.paper { fill: #ffffff; }
.band { fill: #f2f4f8; }
.box { fill: #ffffff; stroke: #5b6472; }
.name { fill: #1a1a1a; font-size: 14px; font-weight: bold; }
.says, .package { fill: #4a5160; }
.arrow { fill: none; stroke: #5b6472; stroke-width: 1.3; }
.head { fill: #5b6472; }
@media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117; }
  .band { fill: #1b212b; }
  .box { fill: #0d1117; stroke: #8b95a5; }
  .name { fill: #f0f3f6; }
  .says, .package { fill: #b4bcc8; }
  .arrow { stroke: #8b95a5; }
  .head { fill: #8b95a5; }
}
"""
SVG_START = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" \
aria-labelledby="title description">
<title id="title">Packages of kanmin-kb and their imports</title>
<desc id="description">Each arrow leads from a package to one that it imports. Arrows that others imply are left out.\
</desc>"""
ARROW_HEAD = """\
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
<path class="head" d="M0 0 8 4 0 8Z"/></marker></defs>"""


class Node(NamedTuple):
    """A package, or a place in a row where the arrow `passing` goes by."""

    row: int
    name: str
    passing: tuple[str, str] | None = None

    @property
    def width(self) -> int:
        return PASSAGE_WIDTH if self.passing else BOX_WIDTH


def layers() -> list[tuple[str, ...]]:
    """Rows of module names, importers first, as the import contracts order them."""
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    inside = {one["containers"][0]: one["layers"] for one in contracts if "containers" in one}
    rows: list[tuple[str, ...]] = []
    for package in PACKAGES:
        if package in inside:
            rows += [tuple(f"{package}.{name.strip()}" for name in layer.split("|")) for layer in inside[package]]
        else:
            rows.append((package,))
    return rows


def imports(names: Iterable[str]) -> set[tuple[str, str]]:
    """(importer, imported) of the packages or modules `names`, unless a longer way leads from the one to the other."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    owners = {module: name for name in names for module in graph.modules if f"{module}.".startswith(f"{name}.")}
    imported: dict[str, set[str]] = {name: set() for name in names}
    for module, owner in owners.items():
        others = {owners[other] for other in graph.find_modules_directly_imported_by(module) if other in owners}
        imported[owner] |= others - {owner}

    def leads(start: str, end: str) -> bool:
        return start == end or any(leads(other, end) for other in imported[start])

    return {
        (name, other)
        for name, others in imported.items()
        for other in others
        if not any(leads(between, other) for between in others - {other})
    }


def says(module: str) -> str:
    """The first sentence of a module's docstring."""
    path = REPOSITORY / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


class Layout:
    """Where everything stands: of each node its left edge, of each row its top."""

    def __init__(self, rows: Sequence[Sequence[str]], arrows: Iterable[tuple[str, str]]) -> None:
        at = {name: number for number, row in enumerate(rows) for name in row}
        self.rows = [[Node(number, name) for name in row] for number, row in enumerate(rows)]
        self.ways: list[list[Node]] = []
        for start, end in sorted(arrows):
            passages = [Node(row, "", (start, end)) for row in range(at[start] + 1, at[end])]
            for passage in passages:
                self.rows[passage.row].append(passage)
            self.ways.append([Node(at[start], start), *passages, Node(at[end], end)])
        self._neighbours: dict[tuple[Node, int], list[Node]] = {}
        for way in self.ways:
            for one, other in itertools.pairwise(way):
                self._neighbours.setdefault((one, 1), []).append(other)
                self._neighbours.setdefault((other, -1), []).append(one)
        self.lefts: dict[Node, float] = {}
        for row in self.rows:
            self._place(row, dict.fromkeys(row, 0.0))
        for step in range(ORDERINGS + STRAIGHTENINGS):
            down = step % 2 == 0
            directions = (-1, 1) if step >= ORDERINGS else (-1,) if down else (1,)
            for row in self.rows if down else reversed(self.rows):
                self._settle(row, directions, reorder=step < ORDERINGS)
        least = min(self.lefts.values())
        self.lefts = {node: round(left - least) + MARGIN + BAND for node, left in self.lefts.items()}
        self.width = max(left + node.width for node, left in self.lefts.items()) + MARGIN + BAND

    def middle(self, node: Node) -> float:
        """The x of a node's middle."""
        return self.lefts[node] + node.width / 2

    def _settle(self, row: list[Node], directions: Sequence[int], *, reorder: bool) -> None:
        wanted = {}
        for node in row:
            near = [other for direction in directions for other in self._neighbours.get((node, direction), ())]
            wanted[node] = sum(map(self.middle, near)) / len(near) if near else self.middle(node)
        if reorder:
            row.sort(key=lambda node: (wanted[node], node.name, node.passing or ()))
        self._place(row, wanted)

    def _place(self, row: Sequence[Node], wanted: dict[Node, float]) -> None:
        """Left edges as near to the wanted middles as the order of the row allows: isotonic least squares."""
        offset = 0.0
        blocks: list[list[float]] = []  # [sum of wanted lefts less offsets, how many]
        offsets: list[float] = []
        for node in row:
            offsets.append(offset)
            blocks.append([wanted[node] - node.width / 2 - offset, 1])
            while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
                total, count = blocks.pop()
                blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + count]
            offset += node.width + GAP_X
        lefts = [total / count for total, count in blocks for _ in range(int(count))]
        self.lefts.update({node: left + offset for node, left, offset in zip(row, lefts, offsets, strict=True)})


def picture() -> str:
    """The picture as SVG."""
    rows = layers()
    layout = Layout(rows, imports([name for row in rows for name in row]))
    tops: list[int] = []
    y = MARGIN
    bands: list[tuple[str, int, int]] = []
    for number, row in enumerate(rows):
        package = row[0].partition(".")[0]
        if not bands or bands[-1][0] != package:
            y += 2 * BAND + LINE_HEIGHT if bands else BAND + LINE_HEIGHT
            bands.append((package, y - BAND - LINE_HEIGHT, 0))
        tops.append(y)
        bands[-1] = (*bands[-1][:2], y + BOX_HEIGHT + BAND)
        y += BOX_HEIGHT + (GAP_Y if number + 1 < len(rows) else BAND)
    width, height = layout.width, y + MARGIN
    parts = [
        SVG_START.format(width=width, height=height),
        f"<style>{STYLE}</style>",
        ARROW_HEAD,
        f'<rect class="paper" width="{width}" height="{height}"/>',
    ]
    for package, top, bottom in bands:
        parts.append(
            f'<rect class="band" x="{MARGIN}" y="{top}" width="{width - 2 * MARGIN}" height="{bottom - top}" rx="8"/>'
            f'<text class="package" x="{MARGIN + 10}" y="{top + LINE_HEIGHT + 2}">{package}</text>'
        )
    parts += arrows(layout, tops)
    for node, left in layout.lefts.items():
        if not node.passing:
            parts.append(box(node, int(left), tops[node.row]))
    return "\n".join([*parts, "</svg>", ""])


def box(node: Node, left: int, top: int) -> str:
    """A package: its name and what it says of itself."""
    lines = textwrap.wrap(says(node.name), LINE_CHARS, max_lines=MAX_LINES, placeholder=" …")
    x, y = left + 10, top + 20
    shown = "".join(
        f'<text class="says" x="{x}" y="{y + 17 + number * LINE_HEIGHT}">{escape(line, quote=False)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<rect class="box" x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="5"/>'
        f'<text class="name" x="{x}" y="{y}">{node.name}</text>{shown}'
    )


def arrows(layout: Layout, tops: Sequence[int]) -> list[str]:
    """Paths between boxes: upright along a row, bent between rows."""
    leaving: dict[Node, list[list[Node]]] = {}
    coming: dict[Node, list[list[Node]]] = {}
    for way in layout.ways:
        leaving.setdefault(way[0], []).append(way)
        coming.setdefault(way[-1], []).append(way)

    def port(node: Node, ways: list[list[Node]], way: list[Node], beside: int) -> float:
        """Where along the box: its arrows share the middle, in the order in which they lead away."""
        ordered = sorted(ways, key=lambda one: (layout.middle(one[beside]), one[0].name, one[-1].name))
        return layout.middle(node) + (ordered.index(way) - (len(ways) - 1) / 2) * 36

    paths = []
    for way in layout.ways:
        first, last = way[0], way[-1]
        points = [(port(first, leaving[first], way, 1), tops[first.row] + BOX_HEIGHT)]
        for passage in way[1:-1]:
            x, top = layout.middle(passage), tops[passage.row]
            points += [(x, top), (x, top + BOX_HEIGHT)]
        points.append((port(last, coming[last], way, -2), tops[last.row]))
        path = f"M{points[0][0]:.0f} {points[0][1]}"
        for number, ((x1, y1), (x2, y2)) in enumerate(itertools.pairwise(points)):
            bend = (y2 - y1) * 0.6
            is_upright = number % 2 == 1
            path += f"V{y2}" if is_upright else f"C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2}"
        names = f"{first.name} imports {last.name}"
        paths.append(f'<path class="arrow" d="{path}" marker-end="url(#head)"><title>{names}</title></path>')
    return paths


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(picture(), encoding="utf-8")
    print(PICTURE.relative_to(REPOSITORY))


if __name__ == "__main__":
    main()
