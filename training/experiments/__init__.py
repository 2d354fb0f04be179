"""The origin's systems, small and runnable: screen memory, Q-table, picture pipeline, deep Q-network."""
