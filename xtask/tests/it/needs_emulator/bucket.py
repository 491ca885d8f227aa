"""Creates a bucket, or downloads all its objects into a folder: bucket.py NAME [FOLDER]."""

import sys
from pathlib import Path

import boto3

client = boto3.client("s3")
name, *folder = sys.argv[1:]
if not folder:
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
else:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for found in page.get("Contents", []):
            file = Path(folder[0], found["Key"])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(client.get_object(Bucket=name, Key=found["Key"])["Body"].read())
