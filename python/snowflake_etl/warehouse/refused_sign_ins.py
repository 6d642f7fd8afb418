"""What to do about a sign-in that was refused (floor 3), by the driver's number for it."""

from __future__ import annotations

_CURES = {
    390100: "Check user and password (or token): one of them is wrong.",
    390101: "Check user and password (or token): one of them is wrong.",
    390144: "Look whether RSA_PUBLIC_KEY of DESC USER is this key's, and account, user and clock are right.",
    390189: "Correct snowflake.role, or have the role granted to the user.",
    390303: "The token is not valid (any more): make a new one and write it to the token file.",
    390318: "The token is not valid (any more): make a new one and write it to the token file.",
    394304: "The token is not valid (any more): make a new one and write it to the token file.",
    390420: "Have the address of this host added to the account's or user's network policy.",
    390422: "Have the address of this host added to the account's or user's network policy.",
    390913: "Have the address of this host added to the account's or user's network policy.",
    290404: "Correct snowflake.account (ORGANIZATION-ACCOUNT): there is none of this name.",
    290403: "Correct snowflake.account, or have this host allowed to reach it.",
}
_OTHERWISE = "Check account, user and key in the configuration, and that this host may reach it (proxy, firewall)."
_CERTIFICATE = (
    "This host does not trust the certificate: behind a proxy that opens TLS, or with an authority of your own, "
    "name its PEM file in snowflake.ca_file."
)


def cure(code: int, text: str) -> str:
    """One sentence on what to do."""
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        return _CERTIFICATE
    return _CURES.get(code, _OTHERWISE)
