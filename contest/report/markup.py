"""Markup in which text cannot be mistaken for tags: what is not Html is escaped."""

import html
import re
from collections.abc import Iterable

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_VOID = {"meta", "br", "input"}


class Html(str):
    """Markup, as opposed to text."""

    __slots__ = ()


def text(words: str) -> Html:
    """Escapes text; characters that no document may contain become question marks."""
    return words if isinstance(words, Html) else Html(html.escape(_UNPRINTABLE.sub("?", words)))


def join(parts: Iterable[str]) -> Html:
    """Puts markup and text, which is escaped, one behind the other."""
    return Html("".join(map(text, parts)))


def tag(name: str, /, *children: str, **attributes: object) -> Html:
    """An element.

    Args:
        name: Of the element.
        children: Markup, or text, which is escaped.
        attributes: Their values are escaped. An underscore stands for a hyphen, one at the end for nothing (`class_`);
            True is an attribute without a value, None and False are none, floats are cut to a hundredth.
    """
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        shown = f"{round(value, 2):g}" if isinstance(value, float) else str(value)
        key = key.removesuffix("_").replace("_", "-")
        words.append(key if value is True else f'{key}="{text(str(shown))}"')
    opening = f"<{' '.join(words)}>"
    return Html(opening if name in _VOID else f"{opening}{join(children)}</{name}>")
