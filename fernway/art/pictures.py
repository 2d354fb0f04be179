"""All pictures of art.h's PictureId, and the palette line they share."""

from fernway.art import canvas, headers
from fernway.art.palette import line
from fernway.art.sprites import Drawing

COMMON_PALETTE = line("000 112 777 555 410 620 741 765 124 156 420 640 763 700 334 546")


def _plain(name: str) -> Drawing:
    size = {"P_RING": (16, 16), "P_SPARKLE": (16, 16), "P_SHOT": (8, 8), "P_DEBRIS": (8, 8), "P_PLATFORM": (16, 48),
            "P_GOAL": (48, 32), "P_DUST": (16, 16), "P_LIFE": (16, 16), "P_ROLL": (30, 30), "P_DASH": (30, 32)}
    h, w = next((s for key, s in size.items() if name.startswith(key)), None) or (
        (24, 24) if any(k in name for k in ("WALKER", "FLYER", "HOPPER", "SPITTER", "PUFF", "SPRING_")) else (40, 24))
    enemy = any(k in name for k in ("WALKER", "FLYER", "HOPPER", "SPITTER", "PLATFORM", "SHOT"))
    image = canvas.blank(h, w)
    number = int(name[-1]) if name[-1].isdigit() else 1
    canvas.ball(image, h / 2, w / 2, h / 2 - 1, max(w / 2 - 1 - number % 3, 2), (4, 5, 6, 7))
    image = canvas.outlined(image, 1)
    y = {"P_PLATFORM": 0, "P_PLATFORM_FALLING": 0, "P_LIFE": 0}.get(name, h)
    return Drawing(image=image, y=y, x=0 if name == "P_LIFE" else w // 2, line=3 if enemy else 0)


def drawings() -> dict[str, Drawing]:
    """Draws every picture, by its name in art.h."""
    return {name: _plain(name) for name in headers.PICTURES}
