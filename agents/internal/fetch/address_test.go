package fetch

import (
	"net/netip"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"93.184.216.34:443":           "",
		"93.184.216.34:80":            "",
		"[2606:4700:4700::1111]:443":  "",
		"172.15.255.255:443":          "",
		"172.32.0.0:443":              "",
		"100.63.255.255:443":          "",
		"100.128.0.0:443":             "",
		"[::ffff:93.184.216.34]:443":  "",
		"93.184.216.34:8080":          "port 8080: must be 80 or 443",
		"93.184.216.34:22":            "port 22",
		"0.0.0.0:80":                  "this network",
		"10.1.2.3:80":                 "private",
		"100.64.0.1:80":               "shared by carriers",
		"100.127.255.255:80":          "shared by carriers",
		"127.0.0.1:80":                "loopback",
		"127.255.255.254:80":          "loopback",
		"169.254.169.254:80":          "metadata",
		"169.254.170.2:80":            "metadata", // the credentials of an ECS task
		"172.16.0.1:80":               "private",
		"172.31.255.255:80":           "private",
		"192.168.1.1:80":              "private",
		"224.0.0.1:80":                "multicast",
		"255.255.255.255:80":          "reserved",
		"[::]:80":                     "unspecified",
		"[::1]:80":                    "loopback",
		"[::127.0.0.1]:80":            "IPv4-compatible",
		"[::ffff:127.0.0.1]:80":       "loopback",
		"[::ffff:169.254.169.254]:80": "metadata",
		"[::ffff:0:127.0.0.1]:80":     "IPv4-translated",
		"[64:ff9b::a9fe:a9fe]:80":     "NAT64",
		"[64:ff9b:1::a00:1]:80":       "NAT64",
		"[2002:7f00:1::]:80":          "6to4",
		"[2001:0:7f00:1::]:80":        "Teredo",
		"[fd00:ec2::254]:80":          "metadata",
		"[fe80::1%eth0]:80":           "link-local",
		"[fec0::1]:80":                "site-local",
		"[ff02::1]:80":                "multicast",
		"[4000::1]:80":                "not assigned",
	} {
		err := check(netip.MustParseAddrPort(address))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}
