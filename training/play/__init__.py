"""Where the network plays to learn: lanes side by side, on the twin or on the emulator, and where their episodes start."""
