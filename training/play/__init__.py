"""Games side by side for a learner or for scores, on the twin or on the emulator, and the levels they start on."""
