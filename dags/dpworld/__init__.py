"""What the DAGs share. The DAG files, and the settings that they read, are in the folder above."""
