"""The assets that connect the DAGs."""

from airflow.sdk import Asset

from dpworld.settings import PLATFORM

_warehouse = PLATFORM["warehouse"]


def loaded(source: str) -> Asset:
    """The loaded tables of a source. `copy_job` updates them in one transaction; the asset does not cover the marts built
    from them. It has a name and no URI: to resolve a URI scheme, Airflow loads every provider, including boto3, which
    adds two seconds to each parse. `extra` has the location of the tables, with the same names as in the jobs' lineage.
    """
    name = f"{_warehouse['database']}.{source}"
    return Asset(
        name=name,
        group="dpworld",
        extra={"namespace": f"redshift://{_warehouse['workgroup']}.{PLATFORM['region']}:5439", "name": name},
    )
