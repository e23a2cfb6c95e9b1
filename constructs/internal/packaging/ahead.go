package packaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/aegis-agents/aegis/constructs/internal/ahead"
)

// task is a build and what is made of it.
type task[T any] struct {
	build   *goBuild
	product string
	use     func(ctx context.Context, m manifest) (T, error)
}

// key names all that the result depends on but the sources and the toolchain.
func (t task[T]) key() string {
	environment := sha256.New()
	for _, variable := range slices.Sorted(slices.Values(t.build.environ)) {
		environment.Write([]byte(variable + "\x00"))
	}
	return t.build.key() + " " + hex.EncodeToString(environment.Sum(nil)) + " " + t.product
}

// do takes what was made ahead, or makes it.
func (t task[T]) do(ctx context.Context) (T, error) {
	started, err := ahead.Take(ctx, t.key())
	made, ok := started.(T)
	if ok || err != nil {
		return made, err
	}
	err = t.build.locked(ctx, func(m manifest) (err error) {
		made, err = t.use(ctx, m)
		return err
	})
	return made, err
}

// start begins tasks. The groups follow each other: a go build uses all cores, and
// two at once would both compile what they share.
func start[T any](tasks []task[T]) {
	for _, g := range groups(tasks) {
		byKey := map[string]task[T]{}
		var keys []string
		for _, t := range g.tasks {
			key := t.key()
			keys = append(keys, key)
			byKey[key] = t
		}
		ahead.Start(keys, func(ctx context.Context, keys []string) map[string]any {
			left := make(map[string]task[T], len(keys))
			for _, key := range keys {
				left[key] = byKey[key]
			}
			return together(ctx, left)
		})
	}
}

// group is tasks whose builds differ in the package alone, and whose programs have
// different names.
type group[T any] struct {
	settings string
	programs map[string]string // name: key of its build
	tasks    []task[T]
}

func groups[T any](tasks []task[T]) []*group[T] {
	var all []*group[T]
	for _, t := range tasks {
		key, name := t.build.key(), strings.ToLower(t.build.programName())
		settings := *t.build
		settings.Package = ""
		g := &group[T]{settings: settings.key(), programs: map[string]string{}}
		if name == "" {
			g.settings = key // alone
		}
		fits := func(found *group[T]) bool {
			other, taken := found.programs[name]
			return found.settings == g.settings && (!taken || other == key)
		}
		if i := slices.IndexFunc(all, fits); i >= 0 {
			g = all[i]
		} else {
			all = append(all, g)
		}
		g.programs[name] = key
		g.tasks = append(g.tasks, t)
	}
	return all
}

// together does the tasks of a group by one go build and returns, by key, what it
// could make. What goes wrong does so again where it is reported.
func together[T any](ctx context.Context, tasks map[string]task[T]) map[string]any {
	builds := map[string]*goBuild{}
	for _, t := range tasks {
		builds[t.build.key()] = t.build
	}
	made := map[string]any{}
	_ = buildTogether(ctx, builds, func(programs map[string]manifest) {
		var mu sync.Mutex
		var g errgroup.Group
		g.SetLimit(workers())
		for key, t := range tasks {
			m, built := programs[t.build.key()]
			if !built {
				continue
			}
			g.Go(func() error {
				if result, err := t.use(ctx, m); err == nil {
					mu.Lock()
					defer mu.Unlock()
					made[key] = result
				}
				return nil
			})
		}
		_ = g.Wait()
	})
	return made
}
