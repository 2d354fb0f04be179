"""The other side of the wire: serves the contest's remote environment and scores any agent against it."""
