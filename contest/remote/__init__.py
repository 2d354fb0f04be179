"""The contest's remote environment: games, levels, rules, server, what a run leaves behind."""
