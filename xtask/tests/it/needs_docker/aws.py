"""What the tests of the images want done in AWS's stand-in.

aws.py repositories NAME...   makes repositories whose tags do not move
aws.py gone NAME...           removes repositories with what is in them
aws.py bucket NAME            makes a bucket
"""

import sys

import boto3

what, *names = sys.argv[1:]
if what == "repositories":
    for name in names:
        boto3.client("ecr").create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
elif what == "gone":
    for name in names:
        boto3.client("ecr").delete_repository(repositoryName=name, force=True)
elif what == "bucket":
    [name] = names
    where = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
else:
    sys.exit(f"unknown: {what}")
