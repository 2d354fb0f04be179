"""The other side of the wire: serves the contest's remote environment, scores any agent in it, and reports."""
