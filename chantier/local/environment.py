"""The environment of the embedded AWS and, since they inherit it, of its Lambda workers.

It is built up from nothing but a few names of the caller's: a profile, a
proxy, a secret or a setting of another emulator in the caller's shell reaches
neither the server nor the code that it runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from chantier.local.certificates import certificate_path, key_path
from chantier.local.home import Home
from chantier.local.ports import LOOPBACK
from chantier.local.processes import MARK

ACCOUNT = "000000000000"
"""The account that the embedded AWS plays."""

CREDENTIALS = ("test", "test")
"""Its root key and secret."""

_KEPT = ("HOME", "PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "USER", "VIRTUAL_ENV")
_HERE = str(Path(__file__).resolve().parents[2])
_SPARE_CONCURRENCY = 8
_KEEP_WARM_SECONDS = 86_400


def for_server(  # noqa: PLR0913 - each one is a choice of the caller's
    home: Home,
    caller: Mapping[str, str],
    *,
    api_port: int,
    broker_port: int,
    region: str,
    workers: int,
) -> dict[str, str]:
    """Every variable that the server starts with."""
    kept = {name: caller[name] for name in _KEPT if name in caller}
    return (
        kept
        | _tls(home)
        | _storage(home)
        | {
            MARK: str(home.root),
            "PYTHONPATH": _python_path(caller),
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(home.tmp),
            # AWS runs functions in UTC.
            "TZ": "UTC",
            "AUTH": "true",
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(api_port),
            "IOT_MTLS_PORT": str(broker_port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": region,
            "LOG_LEVEL": "WARNING",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # A socket that is not there, so that it never removes containers of the caller's.
            "DOCKER_HOST": f"unix://{home.tmp / 'no-docker.sock'}",
            # A fuse: without it a burst starts a process for each message in flight.
            "LAMBDA_ACCOUNT_CONCURRENCY": str(workers + _SPARE_CONCURRENCY),
            "LAMBDA_WARM_TTL_SECONDS": str(_KEEP_WARM_SECONDS),
        }
    )


def _tls(home: Home) -> dict[str, str]:
    ca = str(home.ca)
    return {
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate_path(home)),
        "MINISTACK_SSL_KEY": str(key_path(home)),
        # Workers trust this authority and no other: a function run here cannot reach real AWS.
        "AWS_CA_BUNDLE": ca,
        "REQUESTS_CA_BUNDLE": ca,
        "SSL_CERT_FILE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
    }


def _storage(home: Home) -> dict[str, str]:
    return {
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.data),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home.objects),
    }


def without_us(python_path: str) -> str:
    """`PYTHONPATH` without the folder of this package.

    Lambda workers must not find this package there: a module forgotten in a
    function's bundle would work here and fail on AWS.
    """
    return os.pathsep.join(entry for entry in python_path.split(os.pathsep) if entry != _HERE)


def _python_path(caller: Mapping[str, str]) -> str:
    inherited = [entry for entry in (caller.get("PYTHONPATH", ""),) if entry]
    return os.pathsep.join([*inherited, _HERE])
