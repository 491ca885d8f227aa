"""What DAGs give each other."""

from airflow.sdk import Asset

from platform_settings import PLATFORM

_warehouse = PLATFORM["warehouse"]

# The loaded tables. `copy_job` is what changes them, in one transaction; whether the marts on top were built is another
# question. It has a name and no URI: for a URI's scheme Airflow loads every provider, boto3 too, which takes two seconds
# of each parse. Where the tables are is in `extra`, as the jobs' lineage names it.
LOADED = Asset(
    name=f"{_warehouse['database']}.{_warehouse['source']}",
    group="dpworld",
    extra={
        "namespace": f"redshift://{_warehouse['workgroup']}.{PLATFORM['region']}:5439",
        "name": f"{_warehouse['database']}.{_warehouse['source']}",
    },
)
