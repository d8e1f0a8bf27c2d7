"""The tag that says whose a resource is: for the bill, and for cleaning up."""

from __future__ import annotations

SITE_TAG = "chantier:site"
