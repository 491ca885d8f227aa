"""Writes one collection as Parquet to S3 with pandas: in memory, with inferred types."""

import os

import awswrangler
import pandas

launches = pandas.read_json("/source/launches.json")
launches["fairings"] = launches["fairings"].map(str)
launches = launches.astype({name: "string" for name in launches if launches[name].dtype == "object"})
awswrangler.s3.to_parquet(launches, f"s3://{os.environ['BUCKET']}/launches.parquet")
print(len(launches))
