"""What is measured, and the folder that keeps the results."""
