"""What operators change without a deployment: the price of fuel, in SSM."""

from __future__ import annotations

import json

from chantier.functions.signed import CallFailed, Service

NO_PARAMETER = "ParameterNotFound"


def fuel_price(name: str) -> float | None:
    """The price of a litre of fuel; None if the parameter is gone, or is no price.

    Raises:
        CallFailed: SSM did not answer, or refused.
    """
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AmazonSSM.GetParameter",
    }
    try:
        answer = Service("ssm").call("POST", "/", headers, json.dumps({"Name": name}).encode())
    except CallFailed as refused:
        if refused.code == NO_PARAMETER:
            return None
        raise
    try:
        price = float(json.loads(answer)["Parameter"]["Value"])
    except ValueError:
        return None
    # NaN and infinity are numbers too.
    return price if 0 <= price < float("inf") else None
