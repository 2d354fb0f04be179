"""Who can hold the controls."""
