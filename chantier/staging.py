"""Where a template goes that is too long to send in the request: a bucket of its own.

CloudFormation takes 51,200 bytes in a request and 1 MB from S3. The bucket is
made on the first such deployment, one an account and region. CloudFormation keeps its own copy
of what it deploys, so that those here expire.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from chantier.cloud import Cloud
from chantier.errors import StackError

# CloudFormation quotas, "Template body size in a request" and "in an S3 object".
MAX_INLINE_BYTES = 51_200
MAX_STAGED_BYTES = 1_000_000
OWN_REGION = "us-east-1"
# Long enough for a link to the console that somebody was sent.
KEPT_DAYS = 30


def template_argument(cloud: Cloud, body: str, *, site: str) -> dict[str, str]:
    """`TemplateBody`, or `TemplateURL` of a copy in the staging bucket.

    Raises:
        StackError: CloudFormation takes no template of this size.
    """
    if len(body.encode()) <= MAX_INLINE_BYTES:
        return {"TemplateBody": body}
    return {"TemplateURL": staged(cloud, body, site=site)}


def staged(cloud: Cloud, body: str, *, site: str) -> str:
    """The URL of a copy of a template in the staging bucket.

    Raises:
        StackError: CloudFormation takes no template of this size.
    """
    data = body.encode()
    if len(data) > MAX_STAGED_BYTES:
        raise StackError(
            f"The template of {site} has {len(data):,} bytes; CloudFormation takes "
            f"{MAX_STAGED_BYTES:,} at most.",
            hint="Split the site: two site files, each with its own name and machines.",
        )
    client = cloud.client("s3")
    bucket = _bucket(cloud, client)
    key = f"{site}/{hashlib.sha256(data).hexdigest()}.yaml"
    client.put_object(Bucket=bucket, Key=key, Body=data, ContentType="application/yaml")
    return f"{_base(cloud, bucket)}/{key}"


def bucket_name(cloud: Cloud) -> str:
    """The staging bucket of an account and region, made or not."""
    return _name(cloud, cloud.client("sts").get_caller_identity()["Account"])


def _name(cloud: Cloud, account: str) -> str:
    return f"chantier-templates-{account}-{cloud.region}"


def _bucket(cloud: Cloud, client: Any) -> str:
    account = cloud.client("sts").get_caller_identity()["Account"]
    name = _name(cloud, account)
    try:
        client.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        _make(cloud, client, name)
    return name


def _make(cloud: Cloud, client: Any, name: str) -> None:
    """A private bucket that nobody reads in plain text; AES-256 is S3's own default."""
    where = {"LocationConstraint": cloud.region}
    client.create_bucket(
        Bucket=name, **({} if cloud.region == OWN_REGION else {"CreateBucketConfiguration": where})
    )
    client.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"),
            True,
        ),
    )
    client.put_bucket_lifecycle_configuration(
        Bucket=name,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "old-templates",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "Expiration": {"Days": KEPT_DAYS},
                }
            ]
        },
    )
    refuse = {
        "Sid": "RefusePlainText",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    client.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [refuse]})
    )


def _base(cloud: Cloud, bucket: str) -> str:
    if cloud.endpoint_url:
        return f"{cloud.endpoint_url}/{bucket}"
    return f"https://{bucket}.s3.{cloud.region}.amazonaws.com"
