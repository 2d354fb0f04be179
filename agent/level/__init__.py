"""What a run knows of its level."""
