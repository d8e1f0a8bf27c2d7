"""What becomes of machines after they have a certificate: shown, revoked, rotated, removed."""
