"""What runs inside the submission container, and nothing else."""
