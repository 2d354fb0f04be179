"""Who holds the controls now."""
