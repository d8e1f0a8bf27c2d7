"""Where every raw message is kept: one private, versioned, encrypted bucket."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import awacs.s3
from troposphere import AWSHelperFn, GetAtt, Ref, Sub
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    LifecycleRuleTransition,
    LoggingConfiguration,
    NoncurrentVersionExpiration,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from chantier.aggregates import METERS
from chantier.records import RAW
from chantier.resources.policies import refuse_plain_text
from chantier.site import Site

REPLACED_DAYS = 30
UPLOAD_DAYS = 7
# Where Athena puts what it found; whoever asks again gets it again.
ATHENA_RESULTS = "athena/"
# An hour needs the meters of the hour before; a month of them outlasts any outage.
EXPIRING = MappingProxyType({ATHENA_RESULTS: 7, METERS: 40})
NOTHING: Mapping[str, int] = MappingProxyType({})


def bucket(
    site: Site,
    *,
    raw_days: int | Ref | None = None,
    access_logs: AWSHelperFn | None = None,
    expiring: Mapping[str, int] = NOTHING,
) -> Bucket:
    """The data bucket: `raw/` by day, and `quarantine/` for what cannot be read.

    Firehose collects minutes of telemetry in an object, so that objects pass the
    128 KB under which Intelligent-Tiering does nothing.

    Args:
        site: the site file.
        raw_days: how long raw data is kept; None for as long as the site file says.
        access_logs: a LoggingConfiguration, if any.
        expiring: days by prefix, of what can be made again.
    """
    made = Bucket(
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
        LifecycleConfiguration=LifecycleConfiguration(
            Rules=_lifecycle(site.retention.raw_days if raw_days is None else raw_days, expiring)
        ),
    )
    if access_logs is not None:
        made.LoggingConfiguration = access_logs
    return made


def access_logs(target: Ref, *, site: Site) -> LoggingConfiguration:
    """Who read or wrote the data bucket, written to another one."""
    return LoggingConfiguration(
        DestinationBucketName=target, LogFilePrefix=f"chantier/{site.name}/"
    )


def _lifecycle(raw_days: int | Ref, expiring: Mapping[str, int]) -> list[LifecycleRule]:
    return [
        LifecycleRule(
            Id="raw-intelligent-tiering",
            Status="Enabled",
            Prefix=RAW,
            Transitions=[
                LifecycleRuleTransition(StorageClass="INTELLIGENT_TIERING", TransitionInDays=0)
            ],
            ExpirationInDays=raw_days,
        ),
        LifecycleRule(
            Id="replaced-versions",
            Status="Enabled",
            NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=REPLACED_DAYS),
            AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(
                DaysAfterInitiation=UPLOAD_DAYS
            ),
        ),
        *(
            LifecycleRule(
                Id=f"{prefix.strip('/').replace('/', '-')}-expire",
                Status="Enabled",
                Prefix=prefix,
                ExpirationInDays=days,
            )
            for prefix, days in expiring.items()
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
