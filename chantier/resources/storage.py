"""Where every raw message is kept: one private, versioned, encrypted bucket."""

from __future__ import annotations

import awacs.s3
from troposphere import GetAtt, Ref, Sub
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    LifecycleRuleTransition,
    NoncurrentVersionExpiration,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from chantier.records import RAW
from chantier.resources.policies import refuse_plain_text
from chantier.site import Site

REPLACED_DAYS = 30
UPLOAD_DAYS = 7


def bucket(site: Site) -> Bucket:
    """The data bucket: `raw/` by day, and `quarantine/` for what cannot be read.

    Firehose collects minutes of telemetry in an object, so that objects pass the
    128 KB under which Intelligent-Tiering does nothing.
    """
    return Bucket(
        "DataBucket",
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        BucketEncryption=BucketEncryption(
            ServerSideEncryptionConfiguration=[
                ServerSideEncryptionRule(
                    ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(
                        SSEAlgorithm="AES256"
                    )
                )
            ]
        ),
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
            BlockPublicAcls=True,
            BlockPublicPolicy=True,
            IgnorePublicAcls=True,
            RestrictPublicBuckets=True,
        ),
        OwnershipControls=OwnershipControls(
            Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        LifecycleConfiguration=LifecycleConfiguration(Rules=_lifecycle(site)),
    )


def _lifecycle(site: Site) -> list[LifecycleRule]:
    return [
        LifecycleRule(
            Id="raw-intelligent-tiering",
            Status="Enabled",
            Prefix=RAW,
            Transitions=[
                LifecycleRuleTransition(StorageClass="INTELLIGENT_TIERING", TransitionInDays=0)
            ],
            ExpirationInDays=site.retention.raw_days,
        ),
        LifecycleRule(
            Id="replaced-versions",
            Status="Enabled",
            NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=REPLACED_DAYS),
            AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(
                DaysAfterInitiation=UPLOAD_DAYS
            ),
        ),
    ]


def tls_only(bucket: Bucket) -> BucketPolicy:
    """The bucket's policy: nobody reads or writes in plain text."""
    return BucketPolicy(
        "DataBucketPolicy",
        Bucket=Ref(bucket),
        PolicyDocument=refuse_plain_text(
            # A Deny is narrowest when it covers every action.
            awacs.s3.Action("*"),
            [GetAtt(bucket, "Arn"), Sub(f"${{{bucket.title}.Arn}}/*")],
        ),
    )
