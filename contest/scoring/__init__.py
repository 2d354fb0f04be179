"""Scores: runs of any agent on levels and seeds, their records, means with intervals, and comparisons of agents.

Other rooms enter by `bootstrap`, which estimates means with their intervals.
"""
