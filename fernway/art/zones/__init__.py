"""The eight zones, in the order of their numbers."""

from fernway.art import scenery, textures
from fernway.art.canvas import blank, limb, outlined, polygon
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone
import numpy as np


def _plain(name, ground, sky, life, texture, seed):
    tex = texture((1, 2, 3, 4, 5), seed)
    surface = textures.turf((7, 8, 9, 10), 1, seed)
    left = textures.face(tex, (1, 2, 3, 4, 5), seed, lit=True)
    right = textures.face(tex, (1, 2, 3, 4, 5), seed, lit=False)[:, ::-1]
    ceiling = blank(4, 32, 1); ceiling[:2] = 2
    spikes = blank(16, 32)
    for i in range(4):
        spikes[polygon([(1, i * 8 + 4), (16, i * 8 + 0.5), (16, i * 8 + 7.5)], 16, 32)] = 12
    ledge = blank(16, 48); ledge[:6] = 9; ledge[0] = 10; ledge[6] = 1
    decor = blank(16, 16); decor[6:, 7:9] = 8
    tall = blank(32, 16); tall[4:, 7:9] = 8
    breakable = textures.bricks((1, 2, 3, 4, 6), seed)[:16, :16].copy()
    breakable[np.arange(16), np.arange(16)] = 1
    abyss = blank(48, 32, 13); abyss[4:6] = 15; abyss[:4] = 0
    t = Terrain(texture=tex, detail=tex, surface=surface, surface_alt=surface, left=left, right=right, ceiling=ceiling,
                under_slope=blank(2, 32), ledge=ledge, spikes=spikes, breakable=breakable, decor=(decor,) * 4,
                decor_tall=tall, abyss=abyss)
    back = scenery.sky([(0, 1), (40, 2), (80, 3), (120, 4), (150, 5)])
    scenery.layer(back, 160, 12 + scenery.skyline(128, seed, (32, 30), (16, 10)), scenery.fading(40, seed), (8, 7, 6, 5))
    scenery.layer(back, 256, 70 + scenery.skyline(128, seed + 5, (32, 20), (8, 6)), scenery.fading(50, seed), (12, 11, 10, 9))
    return Zone(name=name, ground=line(ground), sky=line(sky), life=line(life), terrain=t, background=back,
                bands=(Band(0, 8, 2), Band(96, 24), Band(160, 64)), cycles=(Cycle(16 + 13, 3, 12),))


LIFE = "000 101 777 203 416 637 121 242 463 710 762 210 432 654 320 641"
_TABLE = (
    ("FERN HOLLOW", "000 011 210 321 432 543 111 020 041 163 475 502 734 023 145 377", "357 357 467 577 677 777 456 345 234 344 243 132 021 000 000 000", textures.cobbles),
    ("AMBER QUARRY", "000 110 310 420 531 642 111 410 520 641 763 502 734 410 630 750", "312 312 512 632 752 764 632 521 411 411 310 200 100 000 000 000", textures.strata),
    ("TIDE HARBOR", "000 011 211 322 433 544 111 321 432 543 655 502 734 035 157 377", "147 147 257 367 577 677 456 345 234 246 135 024 013 000 000 000", textures.bricks),
    ("FROST SPIRES", "000 112 123 234 345 456 111 345 456 567 777 502 734 023 145 377", "002 002 013 024 135 246 345 234 123 234 123 012 001 000 000 000", textures.facets),
    ("LANTERN CANOPY", "000 100 110 211 321 431 111 022 033 144 355 502 750 102 203 315", "103 103 203 313 413 523 312 211 201 211 112 011 001 000 000 000", textures.bark),
    ("COPPER WORKS", "000 110 200 310 421 632 764 112 223 334 556 502 734 500 730 760", "100 100 200 310 410 520 310 210 200 211 111 110 100 000 000 000", textures.plates),
    ("GLASS DUNES", "000 210 431 542 653 764 111 542 653 764 776 045 377 134 256 477", "257 257 467 576 775 776 664 543 432 653 542 431 320 000 000 000", textures.ripples),
    ("STAR ATRIUM", "000 001 112 223 334 445 111 223 324 536 757 750 776 102 214 437", "001 001 002 102 103 213 213 112 002 112 002 001 000 000 000 000", textures.marble),
)


def all_zones() -> tuple[Zone, ...]:
    """Draws all zones."""
    return tuple(_plain(name, ground, sky, LIFE, texture, 100 + i) for i, (name, ground, sky, texture) in enumerate(_TABLE))
