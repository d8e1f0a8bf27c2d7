"""The signer: the same signature as botocore's, for any request."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.functions.signed import signature

KEYS = st.text("ABCdef123/+", min_size=4, max_size=40)
PATHS = st.lists(st.text("aZ09-._~= +é", min_size=1, max_size=12), max_size=4).map(
    lambda parts: "/" + quote("/".join(parts))
)
QUERIES = st.sampled_from(
    ["", "?list-type=2&prefix=raw%2Fdt%3D2026-11-22%2F", "?continuation-token=a%2B%2F%3D&prefix=r"]
)


@settings(max_examples=60)
@given(
    method=st.sampled_from(["POST", "PUT", "GET"]),
    path=PATHS,
    query=QUERIES,
    body=st.binary(max_size=300),
    service=st.sampled_from(["dynamodb", "s3"]),
    region=st.sampled_from(["eu-west-3", "us-east-1"]),
    key=st.tuples(KEYS, KEYS),
    token=st.none() | KEYS,
)
def test_a_request_is_signed_as_botocore_signs_it(  # noqa: PLR0913, PLR0917 - what is signed
    method: str,
    path: str,
    query: str,
    body: bytes,
    service: str,
    region: str,
    key: tuple[str, str],
    token: str | None,
) -> None:
    path = path + query if service == "s3" else "/"
    url = f"https://{service}.{region}.amazonaws.com{path}"
    request = AWSRequest(method, url, data=body, headers={"content-type": "text/plain"})
    request.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    sign = S3SigV4Auth if service == "s3" else SigV4Auth
    signer = sign(Credentials(*key, token), service, region)
    signer.add_auth(request)
    stamp = request.headers["X-Amz-Date"]
    headers = {
        "content-type": "text/plain",
        "host": f"{service}.{region}.amazonaws.com",
        "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-amz-date": stamp,
    }
    if token:
        headers["x-amz-security-token"] = token
    ours = signature(method, url, headers, body, service=service, region=region, key=key)
    assert ours == request.headers["Authorization"]
