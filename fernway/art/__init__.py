"""The art of Fernway: drawn by code, written as C data by `python -m fernway.art`.

From the bottom up: palette, noise, canvas and tiles; textures, props and terrain for the ground, scenery for
backgrounds; one file a zone in zones/; hero, creatures, things and glyphs, cut by sprites; emit writes it all down.
`python -m fernway.art --preview DIR` shows what it looks like.
"""
