"""The contest's remote environment: games and levels, their environment, the server, and what it writes down of a run.

Other rooms enter by `environment.make`, which makes a level's environment, and by `games`, which finds levels.
"""
