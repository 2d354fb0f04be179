"""The art of Fernway: drawn by code, written as C data by `python -m fernway.art`."""
