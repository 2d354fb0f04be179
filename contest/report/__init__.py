"""What an evaluation looks like: pages, charts, maps, videos."""
