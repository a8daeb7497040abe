"""What templates say things with."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from oo_admin.web.answers import user_url
from oo_profile.reports.words import WEEKDAYS, counted, instant_text, number_text

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
SIGNS: Final = {"fresh": "●", "stale": "◐", "expired": "○", "never seen": "□"}
"""A sign beside the word, so that neither colour nor reading alone carries it."""
_KIB = 1024
_HEAT_STEPS = 9
_PRESS_BYTES = 16


def environment() -> Environment:
    """Return what pages are written with: everything is escaped, nothing unknown is left out."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "instant": instant,
        "number": number_text,
        "bytes": size_text,
        "heat": heat,
        "share": share,
        "coded": coded,
    }
    made.globals |= {
        "user_url": user_url,
        "counted": counted,
        "signs": SIGNS,
        "weekdays": WEEKDAYS,
        "press": press,
    }
    return made


def coded(text: str) -> Markup:
    """Write a text with what stands between backticks as code, and all of it escaped.

    >>> coded("run `oo up` & wait")
    Markup('run <code>oo up</code> &amp; wait')
    """
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts)
    )


def press() -> str:
    """Return what tells the button of a page that is being written from all others."""
    return secrets.token_urlsafe(_PRESS_BYTES)


def instant(instant_us: int | None, utc_offset_minutes: int = 0) -> str:
    """Write an instant on a local clock; "never" if there is none."""
    return "never" if instant_us is None else instant_text(instant_us, utc_offset_minutes)


def size_text(size: float) -> str:
    """Write a number of bytes in a unit that leaves few digits.

    >>> size_text(512), size_text(3 * 1024 * 1024)
    ('512 bytes', '3.0 MiB')
    """
    if size < _KIB:
        return f"{size:.0f} bytes"
    for unit in ("KiB", "MiB", "GiB"):
        size /= _KIB
        if size < _KIB or unit == "GiB":
            break
    return f"{size:.1f} {unit}"


def heat(value: float, most: float) -> int:
    """Say how dark a cell is, from 0 for nothing to 9 for the most.

    >>> heat(0.0, 4.0), heat(0.01, 4.0), heat(4.0, 4.0)
    (0, 1, 9)
    """
    return 0 if value <= 0 or most <= 0 else max(1, round(_HEAT_STEPS * value / most))


def share(part: Any) -> str:  # noqa: ANN401 - a number, as templates have it
    """Write a share in percent.

    >>> share(0.254)
    '25 %'
    """
    return f"{part:.0%}".replace("%", " %")
