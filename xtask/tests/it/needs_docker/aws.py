"""Creates and deletes resources in the AWS emulator for the tests of the images.

aws.py repositories NAME...   creates repositories with immutable tags
aws.py gone NAME...           deletes repositories and their images
aws.py bucket NAME            creates a bucket
"""

import sys

import boto3

action, *names = sys.argv[1:]
if action == "repositories":
    for name in names:
        boto3.client("ecr").create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
elif action == "gone":
    for name in names:
        boto3.client("ecr").delete_repository(repositoryName=name, force=True)
elif action == "bucket":
    [name] = names
    location = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)
else:
    sys.exit(f"unknown: {action}")
