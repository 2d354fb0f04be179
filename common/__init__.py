"""What the rooms around the agent share: files, lists of levels, command lines. The standard library alone."""
