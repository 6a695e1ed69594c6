"""Paper: PDF in the faces and colours of the pages, drawn without any part of the system."""

import gzip
import logging
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import bidirectional

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

FONTS = Path(__file__).parents[2] / "static" / "fonts"
FACES = ("latin", "latin-a", "latin-ext", "cyrillic", "greek", "vietnamese")
SHAPED = ("thai", "devanagari", "bengali", "tamil")  # whose signs stand otherwise beside one another
SCRIPTS = ("hebrew", "arabic", *SHAPED, "jp", "sc", "kr")  # as they are asked; Han as Japan writes it first
WEIGHTS = {"": 400.0, "B": 600.0}
INK, MUTED, LINE, BED, ACCENT = (28, 27, 24), (102, 98, 90), (232, 228, 220), (229, 225, 217), (14, 90, 107)
UNKNOWN = "?"

logging.getLogger("fontTools").setLevel(logging.ERROR)
logging.getLogger("fpdf").setLevel(logging.ERROR)


@cache
def signs(folder: Path, face: str) -> frozenset[int]:
    """The signs that a face can draw."""
    source = BytesIO(_unpacked(face)) if face in SCRIPTS else folder / f"inter-{face}.woff2"
    return frozenset(TTFont(source).getBestCmap())


def _unpacked(script: str) -> bytes:
    """A face of the scripts that the pages leave to the reader's system; of one weight."""
    return gzip.decompress((Path(__file__).parent / "faces" / f"noto-sans-{script}.ttf.gz").read_bytes())


@cache
def _made() -> TemporaryDirectory[str]:
    """Where this process keeps the faces it has made; gone with it."""
    return TemporaryDirectory(prefix="faces-")


@cache
def _face(folder: Path, face: str, style: str) -> str:
    """A face of one weight, made once from the variable one; kerning and shaping are left out, they cost seconds."""
    path = Path(_made().name) / f"{face}{style}.ttf"
    if face in SCRIPTS:
        path.write_bytes(_unpacked(face))
        return str(path)
    font = TTFont(folder / f"inter-{face}.woff2")
    for table in ("GPOS", "GSUB", "GDEF"):
        if table in font:
            del font[table]
    made = instantiateVariableFont(font, {"wght": WEIGHTS[style]})
    made.flavor = None
    made.save(path)
    return str(path)


class Paper(FPDF):
    """A4 pages. What no face can draw is written as “?”, and `lacks` says so."""

    def __init__(self, fonts: Path, *, title: str, author: str) -> None:
        super().__init__(format="A4")
        self.folder = fonts
        self.lacks = False
        self.foot = ""
        self.set_title(title)
        self.set_author(author)
        self.set_margins(22, 20, 22)
        self.set_auto_page_break(True, margin=22)
        self.c_margin = 0
        self._faces: list[str] = []
        self._need("latin")

    def _need(self, face: str) -> None:
        if face in self._faces:
            return
        for style in [""] if face in SCRIPTS else WEIGHTS:
            self.add_font(f"inter-{face}", style, _face(self.folder, face, style))
        self._faces.append(face)
        if face != "latin":
            self.set_fallback_fonts([f"inter-{one}" for one in self._faces if one != "latin"], exact_match=False)

    def can_draw(self, text: str) -> bool:
        """Whether every sign of it is in one of the faces."""
        return all(any(ord(sign) in signs(self.folder, face) for face in (*FACES, *SCRIPTS)) for sign in text)

    def drawn(self, text: str) -> str:
        """The text with what can be drawn; loads the faces it needs, and has what is written to the left, or in
        signs that join, shaped."""
        kept, is_shaped = [], False
        for sign in text:
            face = next((one for one in (*FACES, *SCRIPTS) if ord(sign) in signs(self.folder, one)), None)
            if face is None and sign != "\n":
                self.lacks = True
            elif face is not None:
                self._need(face)
            kept.append(sign if face is not None or sign == "\n" else UNKNOWN)
            is_shaped |= face in SHAPED or bidirectional(sign) in {"R", "AL"}
        self.set_text_shaping(is_shaped, direction="ltr")  # the sentences around it are English
        return "".join(kept)

    def write_text(
        self,
        text: str,
        *,
        size: float = 10,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        width: float = 0,
        align: str = "L",
        gap: float = 0,
        leading: float = 1.4,
    ) -> float:
        """A paragraph from where the pen is; answers how high it was."""
        self.set_font("inter-latin", "B" if bold else "", size)
        self.set_text_color(*colour)
        before, page = self.get_y(), self.page_no()
        line = size * leading * 0.3528
        self.multi_cell(width, line, self.drawn(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(gap)
        return self.get_y() - before if self.page_no() == page else 0

    def head(self, text: str) -> None:
        """A section begins, not at the foot of a page."""
        if self.will_page_break(24):
            self.add_page()
        self.ln(5)
        self.write_text(text, size=11, bold=True, gap=0.5)

    def write_row(self, left: str, right: str, *, note: str = "", bold: bool = False, rule: bool = True) -> None:
        """A line of a table: words at the left with a note below them, a figure at the right."""
        wide = self.epw - 42
        self.set_font("inter-latin", "", 8.5)
        lines: Any = ()
        if note:
            lines = self.multi_cell(wide, 4.2, self.drawn(note), dry_run=True, output=MethodReturnValue.LINES)
        if self.will_page_break(7 + 4.2 * len(lines)):
            self.add_page()
        top = self.get_y() + 1.4
        self.set_xy(self.l_margin, top)
        self.set_font("inter-latin", "B" if bold else "", 10)
        self.set_text_color(*INK)
        self.multi_cell(wide, 5, self.drawn(left), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        below = self.get_y()
        self.set_xy(self.l_margin + wide, top)
        self.cell(42, 5, self.drawn(right), align="R")
        self.set_xy(self.l_margin, below)
        if note:
            self.set_font("inter-latin", "", 8.5)
            self.set_text_color(*MUTED)
            self.multi_cell(wide, 4.2, self.drawn(note), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.4)
        if rule:
            self.rule()

    def rule(self) -> None:
        self.set_draw_color(*LINE)
        self.set_line_width(0.2)
        self.line(self.l_margin, self.get_y(), self.l_margin + self.epw, self.get_y())

    def track(self, fill: float, tick: float | None) -> None:
        """The signature mark across the page: what is reached, and a tick at where it should be today (percent)."""
        x, y, wide = self.l_margin, self.get_y() + 2, self.epw
        self.set_fill_color(*BED)
        self.rect(x, y, wide, 1.4, style="F", round_corners=True, corner_radius=0.7)
        if fill:
            self.set_fill_color(*ACCENT)
            self.rect(x, y, max(wide * fill / 100, 1.4), 1.4, style="F", round_corners=True, corner_radius=0.7)
        if tick is not None:
            at = min(x + wide * tick / 100, x + wide - 0.5)
            self.set_fill_color(255, 255, 255)
            self.rect(at - 0.5, y - 1.4, 1.5, 4.2, style="F")
            self.set_fill_color(*INK)
            self.rect(at, y - 1.4, 0.5, 4.2, style="F")
        self.set_y(y + 4.4)

    def mark(self, name: str) -> None:
        """The letterhead: the mark and the organisation's name."""
        x, y = self.l_margin, self.get_y()
        self.set_fill_color(*ACCENT)
        self.rect(x, y + 1.2, 6, 1.3, style="F", round_corners=True, corner_radius=0.6)
        self.set_fill_color(*INK)
        self.rect(x + 6.8, y - 0.6, 0.7, 4.9, style="F")
        self.set_xy(x + 11, y - 0.4)
        self.set_font("inter-latin", "B", 10)
        self.set_text_color(*INK)
        self.cell(0, 4.4, self.drawn(name), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(8)

    def footer(self) -> None:
        """What stands at the foot of each page."""
        self.set_y(-15)
        self.set_font("inter-latin", "", 8)
        self.set_text_color(*MUTED)
        note = f"  Signs that this file cannot draw stand as {UNKNOWN}; the page prints them." if self.lacks else ""
        self.cell(0, 4, self.drawn(f"{self.foot}{note}"))

    def bytes(self) -> bytes:
        return bytes(self.output())


def joined(parts: Iterable[str]) -> str:
    """Sentences in a row, without the empty ones."""
    return " ".join(part for part in parts if part)
