//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// TestChanges applies a stack and then plans and applies changes to it.
//
//nolint:tparallel // every change starts from where the one before it left the account
func TestChanges(t *testing.T) {
	t.Parallel()
	const name = "changes"
	row := summary.start(t)
	pinned(t)
	account := newAccount(t)
	dir := folder(t)
	outdir := filepath.Join(dir, "cdktf.out")
	base := settings{
		source:   copied(t, filepath.Join(sources(), "full"), "orders"),
		agent:    copied(t, filepath.Join(sources(), "agent"), "agent"),
		policies: []string{"AmazonSQSFullAccess", "AmazonSNSFullAccess", "AmazonSSMReadOnlyAccess"},
	}
	synthesizeTo := func(t *testing.T, s settings) (*workspace, document) {
		t.Helper()
		synthesize(t, outdir, name, s.define)
		w := open(t, filepath.Join(outdir, "stacks", name), account)
		d, err := readDocument(filepath.Join(w.dir, stackFile))
		must(t, err)
		return w, d
	}

	w, first := synthesizeTo(t, base)
	done := row.step(planned)
	row.set(resources, len(managed(w.plan(t))))
	done("ok")
	before := account.inventory(t)
	done = row.step(applied)
	w.apply(t)
	done("ok")
	done = row.step(secondPlan)
	w.settled(t)
	done("empty")

	fresh := filepath.Join(dir, "fresh")
	synthesize(t, fresh, name, base.define)
	for _, c := range edits {
		t.Run(c.name, func(t *testing.T) {
			row := summary.start(t)
			s := base
			s.policies = slices.Clone(base.policies)
			c.edit(t, &s)
			done := row.step(planned)
			if c.want == nil {
				elsewhere := filepath.Join(folder(t), "out")
				synthesize(t, elsewhere, name, s.define)
				sameFiles(t, filepath.Join(fresh, "stacks", name), filepath.Join(elsewhere, "stacks", name))
				done("same bytes")
				return
			}
			w, second := synthesizeTo(t, s)
			expect(t, c.want, changesOf(w.plan(t), first, second))
			done(count(c.want))
		})
	}

	for _, on := range []bool{true, false} {
		state := map[bool]string{true: "on", false: "off"}[on]
		t.Run("switched "+state, func(t *testing.T) {
			row := summary.start(t)
			_, before := synthesizeTo(t, base.switched(!on))
			w, after := synthesizeTo(t, base.switched(on))
			done := row.step(planned)
			var want []string
			for _, sw := range switches {
				for _, line := range map[bool][]string{true: sw.on, false: sw.off}[on] {
					action, rest, _ := strings.Cut(line, " ")
					kind, path, _ := strings.Cut(rest, " ")
					want = append(want, action+" "+kind+" "+sw.name+"/"+path)
				}
			}
			expect(t, want, changesOf(w.plan(t), before, after))
			row.set(resources, len(want))
			done(count(want))
			done = row.step(applied)
			w.apply(t)
			done("ok")
			done = row.step(secondPlan)
			w.settled(t)
			done("empty")
		})
	}

	done = row.step(destroyed)
	w, _ = synthesizeTo(t, base)
	if err := w.Destroy(limited(t)); err != nil {
		t.Fatalf("destroy: %v", err)
	}
	if left := account.inventory(t).beyond(before); len(left) > 0 {
		t.Fatalf("destroy left behind:\n%v", left)
	}
	done("nothing left")
}

func count(want []string) string {
	n := map[string]int{}
	for _, line := range want {
		action, _, _ := strings.Cut(line, " ")
		n[action]++
	}
	var parts []string
	for _, p := range []struct{ action, sign string }{{"create", "+"}, {"update", "~"}, {"replace", "±"}, {"delete", "-"}} {
		if n[p.action] > 0 {
			parts = append(parts, fmt.Sprintf("%s%d", p.sign, n[p.action]))
		}
	}
	if len(parts) == 0 {
		return "empty"
	}
	return strings.Join(parts, " ")
}

// changesOf are the changes of a plan, by the constructs' paths in the stack.
func changesOf(plan *tfjson.Plan, before, after document) []string {
	var found []string
	for _, change := range managed(plan) {
		actions := change.Change.Actions
		if actions.NoOp() {
			continue
		}
		action := "replace"
		document := after
		switch {
		case actions.Create():
			action = "create"
		case actions.Update():
			action = "update"
		case actions.Delete():
			action, document = "delete", before
		}
		_, path, _ := strings.Cut(pathOf(document.resource(change.Type, change.Name)), "/")
		found = append(found, action+" "+change.Type+" "+path)
	}
	return found
}

// expect compares changes; a wanted path may leave its end open.
func expect(t *testing.T, want, got []string) {
	t.Helper()
	left := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(left, func(g string) bool { return g == w || strings.HasPrefix(g, w+"/") })
		if i < 0 {
			t.Errorf("not planned: %s", w)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, g := range left {
		t.Errorf("planned as well: %s", g)
	}
}
