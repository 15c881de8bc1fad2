"""Whether a target may be sent to: the policy on names, and the networks on addresses."""

from __future__ import annotations

from collections.abc import Sequence

from regrove.egress.address import Address, network_of
from regrove.egress.target import Target
from regrove.errors import Refused
from regrove.settings import EgressPolicy, split_port

__all__ = ["permit", "permit_addresses"]


def permit(policy: EgressPolicy, target: Target) -> None:
    """Refuse a target that ``policy`` does not name; no name is resolved for that.

    Raises Refused for http to anywhere but this machine, for this machine without ``loopback``, for a host or port
    that is not on the list, and for an address that is not public.
    """
    if target.scheme == "http" and not target.is_local:
        raise Refused(
            "Nothing is sent without encryption", expected="https", received=target.place, mend="use https://"
        )
    if target.is_local and not policy.loopback:
        raise Refused(
            "Nothing is sent to this machine itself",
            expected="a host elsewhere, or loopback = true in the settings",
            received=target.place,
            mend="write loopback = true under [egress] in .regrove/settings.toml",
        )
    if not any(_matches(entry, target) for entry in policy.allow):
        raise Refused(
            "Nothing may be sent there",
            expected=f"a host of egress.allow: {', '.join(policy.allow) or 'it is empty'}",
            received=target.place,
            mend=f'add "{_entry(target)}" to allow under [egress] in .regrove/settings.toml',
        )
    if target.address is not None:
        permit_addresses(target, [target.address])


def permit_addresses(target: Target, addresses: Sequence[Address]) -> None:
    """Refuse a target of which any address is not where its name may lead.

    This machine's own names may lead to loopback alone, every other to public addresses alone: a name that leads to
    both is refused as a whole.
    """
    allowed = "loopback" if target.is_local else "public"
    for address in addresses:
        network = network_of(address)
        if network != allowed:
            raise Refused(
                "The host leads to a network that nothing is sent to",
                expected="an address of this machine" if target.is_local else "public addresses alone",
                received=f"{target.place}, which is {address}: {network}",
                mend="name a host on the public internet, or this machine itself with loopback = true",
            )


def _matches(entry: str, target: Target) -> bool:
    host, port = split_port(entry)
    if port != target.port and not (port is None and (target.port == 443 or target.is_local)):
        return False
    if host.startswith("*."):
        return target.host.endswith(host[1:])
    return target.host == host


def _entry(target: Target) -> str:
    return target.host if target.port == 443 or target.is_local else f"{target.host}:{target.port}"
