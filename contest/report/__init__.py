"""Reports of evaluations: HTML pages with charts, maps and videos."""
