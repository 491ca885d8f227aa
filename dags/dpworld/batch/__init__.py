"""Tasks that run AWS Batch jobs."""
