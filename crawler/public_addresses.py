"""The addresses that a crawl may connect to: public ones, so that no page can direct it into a private network."""

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_CLOSED = (
    ipaddress.ip_network("192.0.0.0/24"),  # IETF protocol assignments; Python 3.11 classifies part of them as global
    ipaddress.ip_network("fec0::/10"),  # site-local: deprecated (RFC 3879), but still routed in some networks
)


def is_public(address: str) -> bool:
    """Return whether an IPv4 or IPv6 address is public, also if it is embedded in another (mapped, 6to4, NAT64)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if inner := ip.ipv4_mapped or ip.sixtofour:
            return is_public(str(inner))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified or any(ip in network for network in _CLOSED):
        return False
    return ip.is_global
