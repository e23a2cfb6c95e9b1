package check

import (
	"strings"
	"testing"
)

func TestFitName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 100)
	for _, tc := range []struct {
		name, base, suffix string
		want               string
	}{
		{name: "short", base: "orders", suffix: "-role", want: "orders-role"},
		{name: "exactly", base: long[:59], suffix: "-role", want: long[:59] + "-role"},
		{name: "one more", base: long[:60], suffix: "-role", want: long[:50] + "-11ee3912-role"},
		{name: "cut at a sign", base: long[:48] + "-_./" + long, suffix: "-role", want: long[:48] + "-3f5d91a1-role"},
		{name: "long suffix", base: "orders", suffix: "-" + long[:63], want: "orders-" + long[:48] + "-593a9941"},
		{name: "suffix too long by itself", base: "orders", suffix: "-" + long, want: "orders-" + long[:48] + "-9c6a6044"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := FitName(tc.base, tc.suffix, 64); got != tc.want || len(got) > 64 {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	t.Run("all lengths", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		for base := 1; base <= 100; base++ {
			for suffix := range 101 {
				got := FitName(long[:base], strings.Repeat("b", suffix), 64)
				if len(got) > 64 || seen[got] || strings.HasPrefix(got, "-") {
					t.Errorf("%d and %d: got %q, too long, again or without a beginning", base, suffix, got)
				}
				seen[got] = true
			}
		}
	})
}

func TestDerivedRoleName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ base, want string }{
		{base: "orders", want: "orders-role"},
		{base: "orders-api", want: "orders-api-role"},
		{base: "orders/api", want: "orders-api-5f5fe015-role"},
		{base: "/", want: "8a5edab2-role"},
	} {
		got := DerivedRoleName(tc.base, "-role")
		if got != tc.want || !roleName.MatchString(got) {
			t.Errorf("%q: got %q, want %q", tc.base, got, tc.want)
		}
	}
}

func TestPathName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 100)
	for _, tc := range []struct{ path, want string }{
		{path: "app/Orders", want: "app-Orders-3ad777c7"},
		{path: "app/Orders/", want: "app-Orders-e47f786f"},
		{path: "ü", want: "607474ca"},
		{path: long, want: long[:55] + "-28165978"},
	} {
		if got := PathName(tc.path, 64); got != tc.want || len(got) > 64 {
			t.Errorf("%q: got %q, want %q", tc.path, got, tc.want)
		}
	}
}
