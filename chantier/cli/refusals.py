"""What AWS's own client says, as a sentence and the next thing to type."""

from __future__ import annotations

import os

from chantier.cli.options import PROFILE, told

Said = tuple[str, str]
# Code of a refusal -> what it means, and what to do; {login} is the sign-in of the profile.
CODES: dict[str, Said] = {
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired"),
        ("The AWS session has run out.", "Sign in again: {login}"),
    ),
    **dict.fromkeys(
        ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"),
        (
            "AWS does not know these credentials.",
            "See which ones are used: aws configure list; sign in again: {login}",
        ),
    ),
    "SignatureDoesNotMatch": (
        "AWS refuses the signature: the secret key is wrong, or this computer's clock is.",
        "See which credentials are used: aws configure list; and the clock: date -u",
    ),
    "OptInRequired": (
        "The account does not use that service or region.",
        "Turn it on in the AWS console, or set another region in the site file.",
    ),
}
SSO = ("The AWS SSO session has run out, or was never begun.", "Sign in: {login}")
LOGIN = ("The sign-in to AWS has run out.", "Sign in again: aws login")
MISSING = (
    "There are no AWS credentials here.",
    "Set them up (aws configure, or aws configure sso), or try it without: add --local.",
)
# Error of botocore -> what happened, and what to do; {error} is its own sentence.
ERRORS: dict[str, Said] = {
    "NoCredentialsError": MISSING,
    "PartialCredentialsError": MISSING,
    "UnauthorizedSSOTokenError": SSO,
    "SSOTokenLoadError": SSO,
    "TokenRetrievalError": SSO,
    "LoginRefreshRequired": LOGIN,
    "LoginTokenLoadError": LOGIN,
    "ProfileNotFound": (
        "{error}.",
        "List them: aws configure list-profiles; name one: --profile NAME",
    ),
    "RefreshWithMFAUnsupportedError": (
        "The role's session has run out, and only a new start can ask for the MFA code.",
        "Run it again.",
    ),
    "EndpointConnectionError": (
        "AWS does not answer: {error}",
        "Check the network and the region in the site file.",
    ),
}


def profile() -> str:
    """The AWS profile in use; empty for none."""
    named = (os.environ.get(name) for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"))
    return told(PROFILE) or next((name for name in named if name), "")


def sentence(error: Exception) -> Said | None:
    """What happened and what to type; None if it was not AWS's client that said it."""
    if not type(error).__module__.startswith(("botocore", "boto3")):
        return None
    login = f"aws sso login --profile {profile()}" if profile() else "aws sso login"
    kinds = [kind.__name__ for kind in type(error).__mro__]
    known = next((ERRORS[kind] for kind in kinds if kind in ERRORS), None)
    response = getattr(error, "response", None)
    if known is None and isinstance(response, dict):
        known = _refused(response.get("Error", {}))
    said, what = known or ("AWS refused: {error}", "")
    return said.format(error=error), what.format(login=login)


def _refused(told_error: dict[str, str]) -> Said | None:
    code, message = told_error.get("Code", ""), told_error.get("Message", "")
    if code in CODES:
        return CODES[code]
    if code not in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
        return None
    if "AssumeRole" in message:
        return (
            "The role of this profile cannot be taken: {error}",
            "Check role_arn, source_profile and mfa_serial in ~/.aws/config.",
        )
    return "AWS does not allow that: {error}", "Whose they are: aws sts get-caller-identity"
