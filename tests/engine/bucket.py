"""A bucket for states, on an S3 server in this process."""

from __future__ import annotations

from dataclasses import dataclass

from types_boto3_s3 import S3Client

BUCKET_NAME = "states"


@dataclass(frozen=True)
class StateBucket:
    """The address of a bucket, and a client that reads it."""

    endpoint: str
    s3: S3Client

    @property
    def env(self) -> dict[str, str]:
        """Return the variables that make the bucket the backend of a project."""
        return {
            "PULUMI_BACKEND_URL": f"s3://{BUCKET_NAME}/team?endpoint={self.endpoint}&s3ForcePathStyle=true&region=us-east-1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
