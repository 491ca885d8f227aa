"""Airflow's exceptions that decide what happens to a task."""

try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:
    # Airflow 3.0, the version of MWAA. Newer versions warn about this module.
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException

__all__ = ["AirflowException", "AirflowFailException", "AirflowSkipException"]
