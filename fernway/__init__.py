"""Fernway: the free Mega Drive game that ships with the project, and its gym-retro integration."""
