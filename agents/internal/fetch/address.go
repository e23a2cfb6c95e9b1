package fetch

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// refused are the networks that are not public, from IANA's registries of
// special-purpose addresses. Some of them hold others' addresses: a translator
// would pass a packet on to an IPv4 address that is refused by itself.
// https://www.iana.org/assignments/iana-ipv4-special-registry/
// https://www.iana.org/assignments/iana-ipv6-special-registry/
var refused = []struct {
	network netip.Prefix
	is      string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by carriers"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, where clouds have metadata"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "for protocols"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a relay of 6to4"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/96"), "unspecified, loopback or IPv4-compatible"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated"},
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64"},
	{netip.MustParsePrefix("100::/64"), "discarded"},
	{netip.MustParsePrefix("2001::/23"), "for protocols, as Teredo"},
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation"},
	{netip.MustParsePrefix("5f00::/16"), "for segment routing"},
	{netip.MustParsePrefix("fc00::/7"), "private, where clouds have metadata"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// ports are those of public web pages.
var ports = []uint16{80, 443}

// refusedError is an address that is not fetched from.
type refusedError struct {
	address netip.AddrPort
	is      string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("address %s: must be public, is %s", e.address, e.is)
}

// check refuses an address that is not public, or another port.
func check(address netip.AddrPort) error {
	ip := address.Addr().WithZone("").Unmap() // an IPv4-mapped address is dialed as IPv4
	if !ip.IsValid() {
		return &refusedError{address, "none"}
	}
	for _, r := range refused {
		if r.network.Contains(ip) {
			return &refusedError{address, r.is}
		}
	}
	if ip.Is6() && !globalIPv6.Contains(ip) {
		return &refusedError{address, "not assigned to anybody"}
	}
	if !slices.Contains(ports, address.Port()) {
		return fmt.Errorf("port %d: must be 80 or 443", address.Port())
	}
	return nil
}

// globalIPv6 is all that has been assigned to the public so far.
// https://www.iana.org/assignments/ipv6-address-space/
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// control is called by the dialer with the address that it is about to dial.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	if slices.Contains(c.allow, parsed) {
		return nil
	}
	return check(parsed)
}
