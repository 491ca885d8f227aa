"""The assets that connect the DAGs."""

from airflow.sdk import Asset

from dpworld.settings import PLATFORM

_warehouse = PLATFORM["warehouse"]


def loaded(source: str) -> Asset:
    """The loaded tables of a source. `copy_job` updates them in one transaction; the asset does not cover the marts built
    from them. It has a name and no URI: to resolve a URI scheme, Airflow loads every provider, including boto3, which
    adds two seconds to each parse. `extra` has the location of the tables, with the same names as in the jobs' lineage.
    """
    return _of_warehouse(f"{_warehouse['database']}.{source}")


def built(source: str) -> Asset:
    """The marts of a source, which `dbt_build` has built and tested."""
    return _of_warehouse(f"{_warehouse['database']}.analytics.{source}")


def _of_warehouse(name: str) -> Asset:
    return Asset(
        name=name,
        group="dpworld",
        extra={"namespace": f"redshift://{_warehouse['workgroup']}.{PLATFORM['region']}:5439", "name": name},
    )
